"""The fields of a message: what is read, and what is refused."""

import pytest

from relay.errors import MalformedMessage, MessageTooLarge, ProtocolError
from relay.signaling import fields as f


def test_what_is_missing_has_a_meaning() -> None:
    """No text, no flag, the newest stream."""
    assert f.read_text({}, "name") is None
    assert f.read_device_id({}) is None
    assert f.read_flag({}, "muted") is False
    assert f.read_address({}) == ""


def test_an_id_counts_more_than_a_name() -> None:
    """An address is an id, or else a name or slug; what is empty is not there."""
    assert f.read_address({"stream_id": "stream_1", "name": "Hall"}) == "stream_1"
    assert f.read_address({"stream_id": "", "name": "Hall"}) == "Hall"


def test_a_description_is_read_from_its_envelope() -> None:
    """As browsers write it."""
    assert f.read_sdp({"offer": {"type": "offer", "sdp": "v=0"}}, "offer") == "v=0"


@pytest.mark.parametrize(
    ("read", "fields", "error"),
    [
        (lambda fields: f.read_text(fields, "name"), {"name": 5}, MalformedMessage),
        (
            lambda fields: f.read_text(fields, "name"),
            {"name": "x" * (f.MAX_TEXT + 1)},
            MalformedMessage,
        ),
        (f.read_device_id, {"device_id": "no spaces"}, MalformedMessage),
        (f.read_device_id, {"device_id": "x" * 65}, MalformedMessage),
        (lambda fields: f.read_flag(fields, "muted"), {"muted": 0}, MalformedMessage),
        (lambda fields: f.read_sdp(fields, "offer"), {"offer": 1}, MalformedMessage),
        (
            lambda fields: f.read_sdp(fields, "offer"),
            {"offer": {"type": "offer", "sdp": "x" * (f.MAX_SDP_BYTES + 1)}},
            MessageTooLarge,
        ),
    ],
)
def test_what_is_wrong_is_refused(
    read: object, fields: f.Json, error: type[ProtocolError]
) -> None:
    """Of the wrong kind, or beyond a limit."""
    assert callable(read)
    with pytest.raises(error):
        read(fields)
