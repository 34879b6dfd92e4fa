"""The certificate is made once and kept safe."""

import datetime
from pathlib import Path

from aiortc.rtcdtlstransport import SRTP_PROFILES

from relay.webrtc import certificate

NOW = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)


def test_the_certificate_is_kept(tmp_path: Path) -> None:
    """A restart has the same fingerprint, and nobody else can read the key."""
    folder = tmp_path / "data"
    first = certificate.load_or_make(folder, NOW)
    second = certificate.load_or_make(folder, NOW)
    assert first.fingerprint == second.fingerprint
    assert (folder / "dtls.pem").stat().st_mode & 0o777 == 0o600


def test_a_broken_file_is_replaced(tmp_path: Path) -> None:
    """Garbage in the data folder does not keep the server from starting."""
    (tmp_path / "dtls.pem").write_text("garbage")
    made = certificate.load_or_make(tmp_path, NOW)
    assert certificate.load_or_make(tmp_path, NOW).fingerprint == made.fingerprint


def test_an_old_certificate_is_renewed(tmp_path: Path) -> None:
    """Shortly before it expires a new one takes its place."""
    old = certificate.load_or_make(tmp_path, NOW)
    later = NOW + certificate.LIFETIME
    assert certificate.load_or_make(tmp_path, later).fingerprint != old.fingerprint


def test_without_a_folder_nothing_is_written() -> None:
    """The certificate may also live in memory alone."""
    made = certificate.load_or_make(None)
    assert len(made.fingerprint.split(":")) == 32
    assert made._create_ssl_context(SRTP_PROFILES) is (
        made._create_ssl_context(SRTP_PROFILES)
    )
