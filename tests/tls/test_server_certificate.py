"""A certificate with its key."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from relay.tls.server_certificate import ServerCertificate, Source, fingerprint
from tests.tls.house_keys import DAY, TODAY, put_foreign


def load(folder: Path) -> ServerCertificate:
    return ServerCertificate.load(
        folder / "house.pem", folder / "house.key", Source.FOREIGN
    )


def test_what_it_tells(tmp_path: Path) -> None:
    """For whom, until when, and by what people compare it."""
    certificate = put_foreign(tmp_path, "ear.example.org")
    loaded = load(tmp_path)
    assert loaded.certificate == certificate
    assert loaded.names == ("ear.example.org",)
    assert loaded.left(TODAY) == 60 * DAY
    assert loaded.is_valid(TODAY)
    assert not loaded.is_valid(TODAY - 2 * DAY)
    assert not loaded.is_valid(TODAY + 60 * DAY)
    assert loaded.covers("ear.example.org")
    assert len(fingerprint(certificate).split(":")) == 32
    assert fingerprint(certificate).isupper()


def test_the_key_of_another(tmp_path: Path) -> None:
    """Is refused before anybody is shown the certificate."""
    put_foreign(tmp_path, "other.example")
    key = (tmp_path / "house.key").read_bytes()
    put_foreign(tmp_path, "ear.example.org")
    (tmp_path / "house.key").write_bytes(key)
    with pytest.raises(ValueError, match="KEY_VALUES_MISMATCH"):
        load(tmp_path)


@pytest.mark.parametrize("file", ["house.pem", "house.key"])
def test_garbage(tmp_path: Path, file: str) -> None:
    put_foreign(tmp_path, "ear.example.org")
    (tmp_path / file).write_bytes(b"garbage")
    with pytest.raises(ValueError):  # noqa: PT011 - OpenSSL's words change
        load(tmp_path)


def test_a_key_with_a_password(tmp_path: Path) -> None:
    """Nobody is asked for it at a terminal that a server may not have."""
    put_foreign(tmp_path, "ear.example.org")
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    (tmp_path / "house.key").write_bytes(key)
    with pytest.raises(ValueError, match="OpenSSL refuses it"):
        load(tmp_path)


def test_a_missing_file(tmp_path: Path) -> None:
    put_foreign(tmp_path, "ear.example.org")
    (tmp_path / "house.key").unlink()
    with pytest.raises(FileNotFoundError):
        load(tmp_path)
