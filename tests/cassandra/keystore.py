"""A certificate for a Cassandra of the tests, and the authority that signed it: itself."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    pkcs12,
)
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
PASSWORD = "cassandra"


def make_keystore(folder: Path) -> Path:
    """Put a ``keystore`` for the server's address into a folder; return the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cassandra")])
    address = x509.IPAddress(ip_address(HOST))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    keystore = pkcs12.serialize_key_and_certificates(
        b"cassandra",
        key,
        certificate,
        None,
        BestAvailableEncryption(PASSWORD.encode()),
    )
    (folder / "keystore").write_bytes(keystore)
    file = folder / "cassandra.pem"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return file
