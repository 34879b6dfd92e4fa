"""What a client may say: what is read, and how what is wrong with it is called."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import (
    MalformedMessage,
    MessageTooLarge,
    ProtocolError,
    UnknownMessage,
)
from relay.signaling import client_messages as c
from relay.signaling import messages as m


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"start_sending"}', c.StartSending()),
        (
            '{"type":"start_sending","name":"Nursery","device_id":"a-1","muted":true}',
            c.StartSending("Nursery", "a-1", True),
        ),
        ('{"type":"start_receiving"}', c.StartReceiving("")),
        ('{"type":"start_receiving","stream_id":""}', c.StartReceiving("")),
        (
            '{"type":"start_receiving","stream_id":"stream_1"}',
            c.StartReceiving("stream_1"),
        ),
        ('{"type":"start_receiving","name":"Nursery"}', c.StartReceiving("Nursery")),
        ('{"type":"start_receiving","keep":true}', c.StartReceiving("", True)),
        ('{"type":"move_to"}', c.MoveTo("")),
        ('{"type":"move_to","stream_id":"stream_1"}', c.MoveTo("stream_1")),
        ('{"type":"move_to","name":"Nursery"}', c.MoveTo("Nursery")),
        (
            '{"type":"webrtc_offer","offer":{"type":"offer","sdp":"v=0"}}',
            c.Offer("v=0"),
        ),
        (
            '{"type":"webrtc_answer","answer":{"type":"answer","sdp":"v=0"}}',
            c.Answer("v=0"),
        ),
        ('{"type":"set_muted","muted":false}', c.SetMuted(False)),
        ('{"type":"set_muted","muted":true,"gated":true}', c.SetMuted(True, True)),
        ('{"type":"start_sending","gated":true}', c.StartSending(gated=True)),
        ('{"type":"stop_stream"}', c.StopStream()),
        ('{"type":"get_available_streams"}', c.GetAvailableStreams()),
        (
            '{"type":"get_available_streams","details":true}',
            c.GetAvailableStreams(True),
        ),
        ('{"type":"subscribe_visualization"}', c.SubscribeVisualization()),
        (
            '{"type":"unsubscribe_visualization","stream_id":"x"}',
            c.UnsubscribeVisualization("x"),
        ),
        ('{"type":"ping","id":3}', c.Ping(3)),
        ('{"type":"ping","id":"a"}', c.Ping("a")),
        ('{"type":"resume","token":"abc"}', c.Resume("abc")),
        ('{"type":"hush"}', c.Hush()),
        ('{"type":"hush","name":"Hall","who":"1f"}', c.Hush("Hall", "1f")),
        ('{"type":"unhush","stream_id":"stream_1"}', c.Unhush("stream_1")),
        ('{"type":"ice_candidate","candidate":{"any":"thing"}}', c.Ignored()),
        ('{"type":"local_ip","ip":5}', c.Ignored()),
    ],
)
def test_a_good_message_is_read(text: str, message: c.ClientMessage) -> None:
    """Each message of the protocol becomes its dataclass."""
    assert m.decode(text) == message


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", MalformedMessage),
        ("{", MalformedMessage),
        ("[" * 10_000, MalformedMessage),
        ("[]", MalformedMessage),
        ("null", MalformedMessage),
        ('"start_sending"', MalformedMessage),
        ("{}", MalformedMessage),
        ('{"type":5}', MalformedMessage),
        ('{"type":"sing"}', UnknownMessage),
        ('{"type":"start_sending","name":5}', MalformedMessage),
        ('{"type":"start_sending","name":"' + "x" * 201 + '"}', MalformedMessage),
        ('{"type":"start_sending","device_id":"no spaces"}', MalformedMessage),
        ('{"type":"start_sending","muted":"yes"}', MalformedMessage),
        ('{"type":"start_receiving","stream_id":["x"]}', MalformedMessage),
        ('{"type":"start_receiving","keep":1}', MalformedMessage),
        ('{"type":"move_to","name":5}', MalformedMessage),
        ('{"type":"webrtc_offer"}', MalformedMessage),
        ('{"type":"webrtc_offer","offer":"v=0"}', MalformedMessage),
        (
            '{"type":"webrtc_offer","offer":{"type":"answer","sdp":""}}',
            MalformedMessage,
        ),
        ('{"type":"webrtc_offer","offer":{"type":"offer"}}', MalformedMessage),
        ('{"type":"set_muted"}', MalformedMessage),
        ('{"type":"set_muted","muted":true,"gated":1}', MalformedMessage),
        ('{"type":"ping","id":{"a":1}}', MalformedMessage),
        ('{"type":"ping","id":true}', MalformedMessage),
        ('{"type":"resume"}', MalformedMessage),
        ('{"type":"hush","who":5}', MalformedMessage),
        ('{"type":"resume","token":""}', MalformedMessage),
        (" " * (64 * 1024 + 1), MessageTooLarge),
        (
            json.dumps(
                {
                    "type": "webrtc_offer",
                    "offer": {"type": "offer", "sdp": "x" * 32_769},
                }
            ),
            MessageTooLarge,
        ),
        (
            json.dumps(
                {
                    "type": "webrtc_offer",
                    "offer": {"type": "offer", "sdp": "a=candidate:\r\n" * 33},
                }
            ),
            MessageTooLarge,
        ),
    ],
)
def test_a_bad_message_is_an_error_with_a_code(
    text: str, error: type[ProtocolError]
) -> None:
    """Whatever is wrong with a message, the error says which kind of wrong."""
    with pytest.raises(error) as caught:
        m.decode(text)
    assert type(caught.value) is error
    assert str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["sdp", "type", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.sampled_from([*c.CLIENT_MESSAGES, "other"]),
    st.dictionaries(
        st.sampled_from(
            [
                "name",
                "device_id",
                "muted",
                "stream_id",
                "offer",
                "answer",
                "id",
                "details",
                "keep",
                "who",
            ]
        ),
        json_values,
    ),
)
def test_any_fields_give_a_message_or_a_protocol_error(
    kind: str, fields: dict[str, object]
) -> None:
    """No value of any field can raise anything but a ProtocolError."""
    text = json.dumps({"type": kind, **fields})
    try:
        message = m.decode(text)
    except ProtocolError:
        return
    assert isinstance(message, c.ClientMessage)


@given(st.text(max_size=200))
def test_any_text_is_a_message_or_a_protocol_error(text: str) -> None:
    """No text can raise anything but a ProtocolError, and naming its type never raises."""
    m.request_type(text)
    with pytest.raises(ProtocolError):
        m.decode(text)
