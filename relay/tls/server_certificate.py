"""A certificate with its key, ready for handshakes."""

import datetime
import enum
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from relay.tls.names import covers, names_of


class Source(enum.StrEnum):
    """Who made a certificate."""

    OWN = "own"
    """This server's own authority."""
    FOREIGN = "foreign"
    """Somebody whom devices trust already, such as Let's Encrypt."""


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """What a client is shown, and the context that shows it."""

    certificate: x509.Certificate
    context: ssl.SSLContext
    source: Source

    @classmethod
    def load(cls, certfile: Path, keyfile: Path, source: Source) -> "ServerCertificate":
        """
        Read a certificate, the chain behind it, and its key.

        Raises `OSError`, and `ValueError` for what is no certificate or not its key.
        """
        chain = x509.load_pem_x509_certificates(certfile.read_bytes())
        context = new_context()
        try:
            # Without this OpenSSL would ask at the terminal for the password of a key.
            context.load_cert_chain(certfile, keyfile, password="")
        except ssl.SSLError as error:
            raise ValueError(f"OpenSSL refuses it: {error.reason or error}") from None
        return cls(chain[0], context, source)

    @property
    def names(self) -> tuple[str, ...]:
        return names_of(self.certificate)

    @property
    def valid_until(self) -> datetime.datetime:
        return self.certificate.not_valid_after_utc

    def left(self, now: datetime.datetime) -> datetime.timedelta:
        return self.valid_until - now

    def is_valid(self, now: datetime.datetime) -> bool:
        return self.certificate.not_valid_before_utc <= now < self.valid_until

    def covers(self, host: str) -> bool:
        return covers(self.certificate, host)


def new_context() -> ssl.SSLContext:
    """Return a context for a server, TLS 1.2 and newer, without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint as systems show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()
