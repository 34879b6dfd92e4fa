"""Checks are read and answered as another implementation and the standard have them."""

import aioice.stun
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.webrtc import stun_check
from relay.webrtc.stun_check import StunCheck
from tests.webrtc.stranger import binding

# RFC 5769, section 2.1: a request of "evtj:h6vY", signed with this password.
RFC_5769_PASSWORD = b"VOkJxbRl1RmTxUk/WvJxBt"
RFC_5769_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae80220010"
    "5354554e207465737420636c69656e74002400046e0001ff"
    "80290008932ff9b151263b36000600096576746a3a683676"
    "59202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249"
    "c1b571a280280004e57a3bcf"
)


def test_the_request_of_the_standard_is_read() -> None:
    """Its user name is padded with spaces, its signature covers what comes before it."""
    check = StunCheck.parse(RFC_5769_REQUEST)
    assert check.local_ufrag == "evtj"
    assert check.controlled
    assert not check.use_candidate
    assert check.is_signed_with(RFC_5769_PASSWORD)
    assert not check.is_signed_with(RFC_5769_PASSWORD + b"!")


def test_a_nomination_is_seen() -> None:
    check = StunCheck.parse(binding("us:them", "password", USE_CANDIDATE=None))
    assert (check.local_ufrag, check.use_candidate) == ("us", True)
    assert not check.controlled
    assert check.is_signed_with(b"password")


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_another_implementation_understands_the_answer(host: str) -> None:
    """It finds its address in it, and the signature and the checksum are right."""
    check = StunCheck.parse(binding("us:them", "password"))
    answer = stun_check.success(check, b"password", host, 32853)
    message = aioice.stun.parse_message(answer)
    assert message.transaction_id == check.transaction_id
    assert message.message_class is aioice.stun.Class.RESPONSE
    assert message.attributes["XOR-MAPPED-ADDRESS"] == (host, 32853)
    assert message.check_message_integrity(b"password")
    assert "FINGERPRINT" in message.attributes


def test_an_address_with_a_zone_is_told_without_it() -> None:
    """What interface it came in by is nobody's business but ours."""
    check = StunCheck.parse(binding("us:them", "password"))
    answer = stun_check.success(check, b"password", "fe80::1%eth0", 9)
    message = aioice.stun.parse_message(answer)
    assert message.attributes["XOR-MAPPED-ADDRESS"] == ("fe80::1", 9)


def test_a_role_conflict_has_its_number() -> None:
    check = StunCheck.parse(binding("us:them", "password", ICE_CONTROLLED=1))
    message = aioice.stun.parse_message(stun_check.role_conflict(check, b"password"))
    assert message.message_class is aioice.stun.Class.ERROR
    assert message.attributes["ERROR-CODE"] == (487, "Role Conflict")
    assert message.check_message_integrity(b"password")


@given(st.binary(max_size=200))
def test_nonsense_is_a_value_error(data: bytes) -> None:
    """And nothing else, whatever comes."""
    with pytest.raises(ValueError, match=r"header|request|length|signed|codec"):
        StunCheck.parse(data)


@given(st.data())
def test_a_damaged_request_is_never_taken_for_signed(data: st.DataObject) -> None:
    """One byte changed before the checksum: not a request, or not the client's."""
    good = binding("us:them", "password")
    at = data.draw(st.integers(0, len(good) - stun_check.FINGERPRINT_BYTES - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != good[at]))
    try:
        check = StunCheck.parse(good[:at] + bytes([byte]) + good[at + 1 :])
    except ValueError:
        return
    assert not check.is_signed_with(b"password")


def test_a_signature_of_another_length_is_refused() -> None:
    """Also one that says it is longer than any message can be."""
    good = binding("us:them", "password")
    at = good.index(bytes([0, stun_check.MESSAGE_INTEGRITY, 0, 20])) + 2
    for size in (0, 19, 21, 0xFFFF):
        request = good[:at] + size.to_bytes(2, "big") + good[at + 2 :]
        with pytest.raises(ValueError, match="another length"):
            StunCheck.parse(request)


def test_a_cut_request_is_refused() -> None:
    """Wherever it is cut."""
    good = binding("us:them", "password")
    for end in range(len(good)):
        with pytest.raises(ValueError, match=r"header|length"):
            StunCheck.parse(good[:end])
