"""The certificate that the authority makes."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from relay.tls.authority import Authority
from relay.tls.leaf import issue
from relay.tls.names import names_of
from tests.tls.house_keys import DAY, HOUSE, TODAY

AUTHORITY = Authority.make(HOUSE, "pi", TODAY)
NAMES = ["192.168.1.5", "pi.local", "fd00::5", "localhost"]


def test_it_is_for_all_names_and_ninety_days() -> None:
    """A day of them is past, for clocks that are late."""
    pem = issue(AUTHORITY, NAMES, TODAY)
    certificate = x509.load_pem_x509_certificate(pem)
    assert names_of(certificate) == ("localhost", "pi.local", "192.168.1.5", "fd00::5")
    assert certificate.not_valid_before_utc == TODAY - DAY
    assert certificate.not_valid_after_utc == TODAY + 89 * DAY
    key = serialization.load_pem_private_key(pem, password=None)
    assert key.public_key() == certificate.public_key()


def test_it_is_for_a_web_server_and_nothing_else() -> None:
    """It can sign nothing."""
    certificate = x509.load_pem_x509_certificate(issue(AUTHORITY, NAMES, TODAY))
    extensions = certificate.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]


def test_each_has_a_key_of_its_own() -> None:
    first, second = (issue(AUTHORITY, NAMES, TODAY) for _ in range(2))
    assert first != second
