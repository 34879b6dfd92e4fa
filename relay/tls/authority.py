"""
This server's own certificate authority, which devices of the house are asked to trust.

Rule 1: it can vouch for this house alone. What it may say is in its certificate, as
constraints: private addresses, local names, web servers, and no authority below it.
Rule 2: its key is in one file that nobody else may read, and is never copied.
"""

import datetime
import ipaddress
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from relay.private_file import write_whole
from relay.tls import secret_file
from relay.tls.names import Names, Network, address_of

FILE_NAME = "authority.pem"
NEXT_FILE_NAME = "authority_next.pem"
"""The one that takes over; devices can trust it before."""

DAY = datetime.timedelta(days=1)
LIFETIME = 3652 * DAY
LAST_YEAR = 365 * DAY
"""In it the next one is there already."""
REPLACED_BEFORE = 90 * DAY
"""What it signs may last as long."""

PRIVATE_NETWORKS: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",  # RFC 1918
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",  # RFC 3927, without a router
            "127.0.0.0/8",
            "fc00::/7",  # RFC 4193
            "fe80::/10",
            "::1/128",
        ),
    )
)
LOCAL_DOMAINS = ("local", "localhost", "homeassistant")
"""With everything below them; the first is mDNS's (RFC 6762), the last a name of one word."""


class Authority:
    """A certificate and its key."""

    def __init__(
        self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        """Raises `ValueError` for a certificate without constraints."""
        self.certificate = certificate
        self._key = key
        try:
            constraints = certificate.extensions.get_extension_for_class(
                x509.NameConstraints
            )
        except x509.ExtensionNotFound as error:
            raise ValueError("it could vouch for anybody") from error
        self._permitted = constraints.value.permitted_subtrees or []

    @classmethod
    def load(cls, path: Path) -> "Authority":
        """Raises `OSError`, and `ValueError` for a file that holds no authority."""
        pem = secret_file.read(path)
        key = serialization.load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
        if (
            not isinstance(key, ec.EllipticCurvePrivateKey)
            or certificate.public_key() != key.public_key()
        ):
            raise ValueError("the key is not the certificate's")
        return cls(certificate, key)

    @classmethod
    def make(cls, names: Names, host_name: str, now: datetime.datetime) -> "Authority":
        """Make one for ten years; its constraints can never be changed."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Earshot"),
                x509.NameAttribute(
                    x509.NameOID.COMMON_NAME, f"Earshot on {host_name}"[:64]
                ),
            ]
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + LIFETIME)
        )
        for extension, critical in _extensions(key.public_key(), names):
            builder = builder.add_extension(extension, critical)
        return cls(builder.sign(key, hashes.SHA256()), key)

    def save(self, path: Path) -> None:
        """Raises `OSError`."""
        key = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_whole(path, key + self.pem)

    @property
    def pem(self) -> bytes:
        """The certificate alone, for everybody."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        """The same in the form that configuration profiles hold."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Complete a certificate with its issuer, and sign it."""
        own_key = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own_key)
        return (
            builder.issuer_name(self.certificate.subject)
            .add_extension(issuer, critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def has_signed(self, certificate: x509.Certificate) -> bool:
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def permits(self, name: str) -> bool:
        """Tell whether it may vouch for a name or an address (RFC 5280, 4.2.1.10)."""
        return any(_permits(subtree, name) for subtree in self._permitted)

    @property
    def replaced_at(self) -> datetime.datetime:
        """From when on what it signs could outlive it."""
        return self.certificate.not_valid_after_utc - REPLACED_BEFORE

    def has_ended(self, now: datetime.datetime) -> bool:
        return now >= self.replaced_at

    def is_in_its_last_year(self, now: datetime.datetime) -> bool:
        return now > self.certificate.not_valid_after_utc - LAST_YEAR


def _permits(subtree: x509.GeneralName, name: str) -> bool:
    address = address_of(name)
    if isinstance(subtree, x509.DNSName):
        return address is None and is_below(name, subtree.value)
    if not isinstance(subtree, x509.IPAddress) or address is None:
        return False
    network = subtree.value
    return (
        isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network)
        and address in network
    )


def is_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")


def _extensions(
    key: ec.EllipticCurvePublicKey, names: Names
) -> Iterable[tuple[x509.ExtensionType, bool]]:
    """Return what the authority's certificate says, and whether that is critical."""
    yield x509.BasicConstraints(ca=True, path_length=0), True
    yield _key_usage(), True
    # Not critical, as systems differ about it here; what reads it knows no mail or programs.
    yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
    yield x509.NameConstraints(_permitted(names), None), True
    yield x509.SubjectKeyIdentifier.from_public_key(key), False


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _permitted(names: Names) -> list[x509.GeneralName]:
    networks, domains = list(PRIVATE_NETWORKS), list(LOCAL_DOMAINS)
    for name in sorted(names.configured | names.present):
        address = address_of(name)
        if address is None:
            if not any(is_below(name, domain) for domain in domains):
                domains.append(name)
        elif name in names.configured:
            networks.append(ipaddress.ip_network(address))
    return [*map(x509.IPAddress, networks), *map(x509.DNSName, domains)]
