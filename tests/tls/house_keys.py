"""A house's names and clock, certificates made by strangers, and what verifies them."""

import asyncio
import datetime
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from relay.tls.authority import Authority
from relay.tls.certificates import Certificates
from relay.tls.leaf import issue
from relay.tls.names import Names, general_name

DAY = datetime.timedelta(days=1)
TODAY = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
HOUSE = Names.of(["192.168.1.5", "fd00::5"], "pi", ["earshot.example.org"])


class Calendar:
    """A clock that a test turns."""

    def __init__(self, now: datetime.datetime = TODAY) -> None:
        self.now = now

    def __call__(self) -> datetime.datetime:
        return self.now


def keeper(
    folder: Path,
    names: Callable[[], Names] = lambda: HOUSE,
    now: Callable[[], datetime.datetime] = Calendar(),
    interval_s: float = 60.0,
) -> Certificates:
    """Return a keeper whose foreign certificate would be ``house.pem`` in the folder."""
    return Certificates(
        folder / "data",
        folder / "house.pem",
        folder / "house.key",
        names,
        now=now,
        interval_s=interval_s,
    )


def put_foreign(
    folder: Path,
    *names: str,
    since: datetime.datetime = TODAY - DAY,
    until: datetime.datetime = TODAY + 60 * DAY,
) -> x509.Certificate:
    """Put a certificate and its key where `keeper` looks, as somebody else would renew them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Somebody")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(
            x509.SubjectAlternativeName(map(general_name, names)), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    for file, content in (
        ("house.pem", certificate.public_bytes(serialization.Encoding.PEM)),
        ("house.key", private_pem(key)),
    ):
        partial = folder / f"{file}.new"
        partial.write_bytes(content)
        partial.replace(folder / file)
    return certificate


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def leaf(authority: Authority, names: Iterable[str]) -> x509.Certificate:
    """Have an authority sign for any names, as who stole its key would."""
    return x509.load_pem_x509_certificate(issue(authority, names, TODAY))


def openssl_says(folder: Path, *chain: x509.Certificate) -> str:
    """Return OpenSSL's verdict on a chain, the root last: ``OK`` or what is wrong."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "apt-get install openssl"
    files = []
    for place, certificate in enumerate(chain):
        files.append(folder / f"chain{place}.pem")
        files[-1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    between = [
        argument for file in files[1:-1] for argument in ("-untrusted", str(file))
    ]
    options = ("-x509_strict", "-purpose", "sslserver", "-CAfile", str(files[-1]))
    run = subprocess.run(
        [openssl, "verify", *options, *between, str(files[0])],
        capture_output=True,
        text=True,
        check=False,
    )
    said = run.stdout + run.stderr
    return "OK" if run.returncode == 0 else said


def trusting(authority: Authority) -> ssl.SSLContext:
    """Return the context of a client that trusts this authority and nobody else."""
    return ssl.create_default_context(cadata=authority.pem.decode())


async def shown_at(port: int, host: str, client: ssl.SSLContext) -> bytes:
    """Return the certificate that a server shows, checked by the client, as DER."""
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=client, server_hostname=host
    )
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(True)
    writer.transport.abort()
    return found
