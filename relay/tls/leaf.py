"""The certificate that the own authority makes for this server."""

import datetime
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from relay.tls.authority import Authority
from relay.tls.names import general_name

DAY = datetime.timedelta(days=1)
LIFETIME = 90 * DAY
BACKDATED = DAY
"""For devices whose clocks are late."""


def issue(authority: Authority, names: Iterable[str], now: datetime.datetime) -> bytes:
    """Return a new key and a certificate for names that the authority permits, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    # Names first: old clients look no further than the first entry when they show it.
    ordered = sorted(names, key=lambda name: (name[0].isdigit() or ":" in name, name))
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Earshot")])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    certificate = authority.sign(
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now - BACKDATED + LIFETIME)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(_key_usage(), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(
            x509.SubjectAlternativeName(map(general_name, ordered)), critical=False
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public), critical=False
        )
    )
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=False,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
