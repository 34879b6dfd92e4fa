"""The DTLS certificate of this server: made once, kept in the data folder, shared by all peers."""

import datetime
import logging
from pathlib import Path

from aiortc.rtcdtlstransport import RTCCertificate, SRTPProtectionProfile
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from relay.private_file import write_whole

logger = logging.getLogger(__name__)

FILE_NAME = "dtls.pem"
LIFETIME = datetime.timedelta(days=3650)
RENEW_BEFORE = datetime.timedelta(days=30)


class SharedCertificate(RTCCertificate):
    """A certificate whose TLS context is built once: a context per peer costs memory for nothing."""

    _context: SSL.Context | None = None

    def _create_ssl_context(
        self, srtp_profiles: list[SRTPProtectionProfile]
    ) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
        return self._context

    @property
    def fingerprint(self) -> str:
        """The SHA-256 fingerprint as SDP writes it (RFC 8122)."""
        return next(f.value for f in self.getFingerprints() if f.algorithm == "sha-256")


def load_or_make(
    folder: Path | None, now: datetime.datetime | None = None
) -> SharedCertificate:
    """
    Return the certificate kept in ``folder``, or a new one, kept there with mode 0600.

    A file that cannot be read or is about to expire is replaced. Without a folder the
    certificate lives as long as the process.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    path = folder / FILE_NAME if folder else None
    if path and path.exists():
        try:
            kept = _load(path.read_bytes())
        except (OSError, ValueError) as error:
            logger.warning("%s is replaced: %s", path, error)
        else:
            if kept.expires - RENEW_BEFORE > now:
                return kept
    certificate, pem = _make(now)
    if path:
        write_whole(path, pem)
    return certificate


def _load(pem: bytes) -> SharedCertificate:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic curve key")
    return SharedCertificate(key, x509.load_pem_x509_certificate(pem))


def _make(now: datetime.datetime) -> tuple[SharedCertificate, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Earshot")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    return SharedCertificate(key, certificate), pem
