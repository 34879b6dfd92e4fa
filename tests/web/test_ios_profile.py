"""The profile for iPhones and iPads."""

import plistlib
import uuid

from cryptography import x509

from relay.tls.authority import Authority
from relay.web.ios_profile import profile_of
from tests.tls.house_keys import HOUSE, TODAY

AUTHORITY = Authority.make(HOUSE, "pi", TODAY)


def test_it_holds_the_authority_and_nothing_else() -> None:
    """As a root, in the form that iOS reads; and never a key."""
    text = profile_of(AUTHORITY)
    profile = plistlib.loads(text)
    assert profile["PayloadType"] == "Configuration"
    (payload,) = profile["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.security.root"
    held = x509.load_der_x509_certificate(payload["PayloadContent"])
    assert held == AUTHORITY.certificate
    assert b"PRIVATE" not in text


def test_it_is_complete() -> None:
    """Every payload has an identity; both differ."""
    profile = plistlib.loads(profile_of(AUTHORITY))
    (payload,) = profile["PayloadContent"]
    for part in (profile, payload):
        assert part["PayloadVersion"] == 1
        assert part["PayloadDisplayName"]
        assert uuid.UUID(part["PayloadUUID"])
    assert profile["PayloadUUID"] != payload["PayloadUUID"]
    assert profile["PayloadIdentifier"] != payload["PayloadIdentifier"]


def test_installing_it_again_replaces_it() -> None:
    """The same authority has the same profile; another one has another."""
    assert profile_of(AUTHORITY) == profile_of(AUTHORITY)
    other = plistlib.loads(profile_of(Authority.make(HOUSE, "pi", TODAY)))
    profile = plistlib.loads(profile_of(AUTHORITY))
    assert profile["PayloadUUID"] != other["PayloadUUID"]
    assert profile["PayloadIdentifier"] != other["PayloadIdentifier"]
