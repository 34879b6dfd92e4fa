"""Messages on the wire: those that cannot be read."""

from relay.signaling import messages as m


def test_the_type_of_a_bad_message_can_be_named() -> None:
    """An error can say which request it answers even if that could not be decoded."""
    assert m.request_type('{"type":"webrtc_offer","offer":5}') == "webrtc_offer"
    assert m.request_type("nonsense") is None
    assert m.request_type('{"type":"x"}' + " " * 70_000) is None
