"""An authority that can vouch for its house alone."""

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification

from relay.tls.authority import DAY, LIFETIME, Authority
from relay.tls.names import Names, address_of
from tests.tls.house_keys import (
    HOUSE,
    TODAY,
    leaf,
    openssl_says,
    private_pem,
    put_foreign,
)

AT_HOME = [
    "pi",
    "pi.local",
    "homeassistant.local",
    "localhost",
    "earshot.example.org",
    "192.168.1.5",
    "10.1.2.3",
    "172.31.255.1",
    "169.254.7.7",
    "127.0.0.1",
    "fd00::5",
    "fe80::1",
    "::1",
]
ELSEWHERE = [
    "evil.example",
    "example.org",
    "other.example.org",
    "pi.example",
    "notlocal",
    "8.8.8.8",
    "172.32.0.1",
    "2001:db8::1",
]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make(HOUSE, "pi", TODAY)


def test_what_it_says_of_itself(authority: Authority) -> None:
    """All of it critical except what only narrows it further."""
    extensions = authority.certificate.extensions
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert usage.value.crl_sign
    assert not usage.value.digital_signature
    constraints = extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]
    lasts = authority.certificate.not_valid_after_utc - TODAY
    assert lasts == LIFETIME


def verify(authority: Authority, certificate: x509.Certificate, name: str) -> None:
    """Ask the verifier of `cryptography`, which is as strict as a browser."""
    address = address_of(name)
    subject = x509.DNSName(name) if address is None else x509.IPAddress(address)
    verification.PolicyBuilder().store(
        verification.Store([authority.certificate])
    ).time(TODAY).build_server_verifier(subject).verify(certificate, [])


@pytest.mark.parametrize("name", AT_HOME)
def test_it_may_vouch_for_the_house(
    authority: Authority, tmp_path: Path, name: str
) -> None:
    """Two verifiers accept it, and it knows so itself."""
    assert authority.permits(name)
    certificate = leaf(authority, [name])
    verify(authority, certificate, name)
    assert openssl_says(tmp_path, certificate, authority.certificate) == "OK"


@pytest.mark.parametrize("name", ELSEWHERE)
def test_nobody_believes_it_about_others(
    authority: Authority, tmp_path: Path, name: str
) -> None:
    """Whoever steals its key can be no bank and no search engine."""
    assert not authority.permits(name)
    certificate = leaf(authority, [name, "pi.local"])
    with pytest.raises(verification.VerificationError):
        verify(authority, certificate, name)
    verdict = openssl_says(tmp_path, certificate, authority.certificate)
    assert "permitted subtree violation" in verdict


def test_there_is_no_authority_below_it(authority: Authority, tmp_path: Path) -> None:
    """The constraints could be left out there."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "below")])
    usage = authority.certificate.extensions.get_extension_for_class(x509.KeyUsage)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    below = authority.sign(
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(TODAY - DAY)
        .not_valid_after(TODAY + DAY)
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(usage.value, critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.NameConstraints([x509.DNSName("pi.local")], None), critical=True
        )
    )
    certificate = leaf(Authority(below, key), ["pi.local"])
    verdict = openssl_says(tmp_path, certificate, below, authority.certificate)
    assert "path length constraint exceeded" in verdict


def test_it_is_kept(authority: Authority, tmp_path: Path) -> None:
    """With its key, in one file for nobody else; what is shown has no key."""
    path = tmp_path / "tls" / "authority.pem"
    authority.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    again = Authority.load(path)
    assert again.certificate == authority.certificate
    assert again.has_signed(leaf(authority, ["pi.local"]))
    assert b"PRIVATE KEY" in path.read_bytes()
    assert b"PRIVATE KEY" not in authority.pem
    assert ssl.PEM_cert_to_DER_cert(authority.pem.decode())


def test_it_knows_what_it_has_signed(authority: Authority) -> None:
    other = Authority.make(HOUSE, "pi", TODAY)
    assert not authority.has_signed(leaf(other, ["pi.local"]))


def test_what_is_none(authority: Authority, tmp_path: Path) -> None:
    """Garbage, another's key, and a certificate that could vouch for anybody."""
    path = tmp_path / "authority.pem"
    key = private_pem(ec.generate_private_key(ec.SECP256R1()))
    put_foreign(tmp_path, "pi.local")
    foreign = (tmp_path / "house.key").read_bytes() + (
        tmp_path / "house.pem"
    ).read_bytes()
    for content in (b"garbage", b"", key + authority.pem, foreign):
        path.write_bytes(content)
        with pytest.raises(ValueError):  # noqa: PT011 - each has other words
            Authority.load(path)


def test_it_ends_before_what_it_signs(authority: Authority) -> None:
    ends = authority.certificate.not_valid_after_utc
    assert not authority.has_ended(TODAY)
    assert not authority.has_ended(ends - 91 * DAY)
    assert authority.has_ended(ends - 90 * DAY)


def test_configured_addresses_are_permitted_one_by_one() -> None:
    """A public address that somebody named, and not its neighbour."""
    names = Names.of(["2001:db8::1"], "pi", ["192.0.2.7"])
    authority = Authority.make(names, "pi", datetime.datetime.now(datetime.UTC))
    assert authority.permits("192.0.2.7")
    assert not authority.permits("192.0.2.8")
    assert not authority.permits("2001:db8::1")
