"""Messages: what the wire says and what the server makes of it."""

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
from relay.signaling import messages as m


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"start_sending"}', m.StartSending()),
        (
            '{"type":"start_sending","name":"Nursery","device_id":"a-1","muted":true}',
            m.StartSending("Nursery", "a-1", True),
        ),
        ('{"type":"start_receiving"}', m.StartReceiving("")),
        ('{"type":"start_receiving","stream_id":""}', m.StartReceiving("")),
        (
            '{"type":"start_receiving","stream_id":"stream_1"}',
            m.StartReceiving("stream_1"),
        ),
        ('{"type":"start_receiving","name":"Nursery"}', m.StartReceiving("Nursery")),
        ('{"type":"start_receiving","keep":true}', m.StartReceiving("", True)),
        ('{"type":"move_to"}', m.MoveTo("")),
        ('{"type":"move_to","stream_id":"stream_1"}', m.MoveTo("stream_1")),
        ('{"type":"move_to","name":"Nursery"}', m.MoveTo("Nursery")),
        (
            '{"type":"webrtc_offer","offer":{"type":"offer","sdp":"v=0"}}',
            m.Offer("v=0"),
        ),
        (
            '{"type":"webrtc_answer","answer":{"type":"answer","sdp":"v=0"}}',
            m.Answer("v=0"),
        ),
        ('{"type":"set_muted","muted":false}', m.SetMuted(False)),
        ('{"type":"stop_stream"}', m.StopStream()),
        ('{"type":"get_available_streams"}', m.GetAvailableStreams()),
        (
            '{"type":"get_available_streams","details":true}',
            m.GetAvailableStreams(True),
        ),
        ('{"type":"subscribe_visualization"}', m.SubscribeVisualization()),
        (
            '{"type":"unsubscribe_visualization","stream_id":"x"}',
            m.UnsubscribeVisualization("x"),
        ),
        ('{"type":"ping","id":3}', m.Ping(3)),
        ('{"type":"ping","id":"a"}', m.Ping("a")),
        ('{"type":"resume","token":"abc"}', m.Resume("abc")),
        ('{"type":"ice_candidate","candidate":{"any":"thing"}}', m.Ignored()),
        ('{"type":"local_ip","ip":5}', m.Ignored()),
    ],
)
def test_a_good_message_is_read(text: str, message: m.ClientMessage) -> None:
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
        ('{"type":"ping","id":{"a":1}}', MalformedMessage),
        ('{"type":"ping","id":true}', MalformedMessage),
        ('{"type":"resume"}', MalformedMessage),
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
    st.sampled_from([*m.CLIENT_MESSAGES, "other"]),
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
    assert isinstance(message, m.ClientMessage)


@given(st.text(max_size=200))
def test_any_text_is_a_message_or_a_protocol_error(text: str) -> None:
    """No text can raise anything but a ProtocolError, and naming its type never raises."""
    m.request_type(text)
    with pytest.raises(ProtocolError):
        m.decode(text)


def test_omitted_fields_stay_off_the_wire() -> None:
    """Old clients get exactly the fields that they know."""
    assert m.encode(m.AvailableStreams(("a", "b"))) == (
        '{"type":"available_streams","streams":["a","b"]}'
    )


def test_details_are_plain_json() -> None:
    """Nested dataclasses go out as objects."""
    details = m.StreamDetails(
        "stream_1", "Nursery", "nursery", "live", False, 2, 1, 3.5
    )
    sent = json.loads(m.encode(m.AvailableStreams(("stream_1",), (details,), ())))
    assert sent["details"] == [
        {
            "stream_id": "stream_1",
            "name": "Nursery",
            "slug": "nursery",
            "state": "live",
            "muted": False,
            "receivers": 2,
            "listeners": 1,
            "started_at": 3.5,
            "hearing": {"good": 0, "weak": 0, "bad": 0, "worst_loss_percent": 0.0},
        }
    ]
    assert sent["ice_servers"] == []


def test_descriptions_are_nested_as_browsers_expect_them() -> None:
    """An offer carries ``{"type", "sdp"}``."""
    sent = m.encode(
        m.ServerOffer(m.SessionDescription("offer", "v=0"), "stream_1", "t")
    )
    assert json.loads(sent) == {
        "type": "webrtc_offer",
        "offer": {"type": "offer", "sdp": "v=0"},
        "stream_id": "stream_1",
        "resume_token": "t",
    }


def test_the_type_of_a_bad_message_can_be_named() -> None:
    """An error can say which request it answers even if that could not be decoded."""
    assert m.request_type('{"type":"webrtc_offer","offer":5}') == "webrtc_offer"
    assert m.request_type("nonsense") is None
    assert m.request_type('{"type":"x"}' + " " * 70_000) is None
