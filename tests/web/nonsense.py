"""What clients may say that is no message, and every message that there is."""

import json

from relay.signaling.messages import MAX_MESSAGE_BYTES
from relay.signaling.state import SignalingState
from tests.web.fakes import OFFER
from tests.web.house import description


def message(**fields: object) -> str:
    return json.dumps(fields)


CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"

BAD = {
    "empty": ("", "malformed_message"),
    "no JSON": ("hello", "malformed_message"),
    "half": ('{"type": "ping"', "malformed_message"),
    "number": ("7", "malformed_message"),
    "list": ("[]", "malformed_message"),
    "null": ("null", "malformed_message"),
    "10k deep list": ("[" * 10_000 + "]" * 10_000, "malformed_message"),
    "10k deep object": ('{"type":' * 7_000 + "1" + "}" * 7_000, "malformed_message"),
    "deep field": (
        '{"type": "ping", "id": ' + "[" * 10_000 + "]" * 10_000 + "}",
        "malformed_message",
    ),
    "long number": (
        '{"type": "ping", "id": ' + "9" * 60_000 + "}",
        "malformed_message",
    ),
    "no type": ("{}", "malformed_message"),
    "type is a number": (message(type=1), "malformed_message"),
    "type is a list": (message(type=["ping"]), "malformed_message"),
    "unknown type": (message(type="dance"), "unknown_message"),
    "unknown type with control characters": (
        message(type="\x1b[2J\n\ud800"),
        "unknown_message",
    ),
    "a type of ours": (message(type="available_streams"), "unknown_message"),
    "name is a number": (message(type="start_sending", name=1), "malformed_message"),
    "name is empty": (message(type="start_sending", name=""), "bad_name"),
    "name is long": (message(type="start_sending", name="x" * 41), "bad_name"),
    "name has no address": (message(type="start_sending", name="!!!"), "bad_name"),
    "name is half a character": (
        message(type="start_sending", name="a\ud800"),
        "bad_name",
    ),
    "name is reserved": (message(type="start_sending", name="Latest"), "bad_name"),
    "device is odd": (
        message(type="start_sending", device_id="a b"),
        "malformed_message",
    ),
    "muted is text": (message(type="start_sending", muted="yes"), "malformed_message"),
    "set_muted without muted": (message(type="set_muted"), "malformed_message"),
    "address is an object": (
        message(type="start_receiving", stream_id={}),
        "malformed_message",
    ),
    "address is long": (
        message(type="start_receiving", stream_id="x" * 5_000),
        "malformed_message",
    ),
    "address is a path": (
        message(type="start_receiving", name="../../etc/passwd"),
        "stream_not_found",
    ),
    "keep is a number": (
        message(type="start_receiving", keep=1),
        "malformed_message",
    ),
    "move to an object": (message(type="move_to", name={}), "malformed_message"),
    "move from nowhere": (message(type="move_to"), "unexpected_message"),
    "token is missing": (message(type="resume"), "malformed_message"),
    "token is a list": (message(type="resume", token=[]), "malformed_message"),
    "token is nobody's": (message(type="resume", token="x"), "session_gone"),
    "details is text": (
        message(type="get_available_streams", details="1"),
        "malformed_message",
    ),
    "offer is missing": (message(type="webrtc_offer"), "malformed_message"),
    "offer is text": (message(type="webrtc_offer", offer="v=0"), "malformed_message"),
    "offer is an answer": (
        message(type="webrtc_offer", offer=description("answer")),
        "malformed_message",
    ),
    "sdp is a list": (
        message(type="webrtc_offer", offer={"type": "offer", "sdp": []}),
        "malformed_message",
    ),
    "33 candidates": (
        message(
            type="webrtc_offer", offer=description("offer", OFFER + CANDIDATE * 33)
        ),
        "message_too_large",
    ),
    "long sdp": (
        message(type="webrtc_offer", offer=description("offer", "v=0" + " " * 40_000)),
        "message_too_large",
    ),
    "long message": (
        message(type="ping", id="x" * MAX_MESSAGE_BYTES),
        "message_too_large",
    ),
    "long message of long characters": (
        json.dumps({"type": "ping", "id": "ü" * 40_000}, ensure_ascii=False),
        "message_too_large",
    ),
    "ping with an endless number": ('{"type":"ping","id":1e999}', "malformed_message"),
    "ping with no number": ('{"type":"ping","id":NaN}', "malformed_message"),
    "ping with a list": (message(type="ping", id=[1]), "malformed_message"),
}
"""By what is wrong: a text, and the code of the error."""

VALID = {
    "start_sending": {},
    "start_receiving": {"name": "other"},
    "move_to": {"name": "other"},
    "webrtc_offer": {"offer": description("offer")},
    "webrtc_answer": {"answer": description("answer")},
    "set_muted": {"muted": True},
    "set_lookback": {"enabled": True},
    "stop_stream": {},
    "get_available_streams": {},
    "subscribe_visualization": {"stream_id": "other"},
    "unsubscribe_visualization": {},
    "start_features": {"stream_id": "other"},
    "stop_features": {},
    "ping": {},
    "resume": {"token": "nobody's"},
    "hush": {"stream_id": "other"},
    "unhush": {"stream_id": "other"},
    "ice_candidate": {},
    "local_ip": {},
}
"""Every message of a client, with fields that are in order."""

ROADS: dict[SignalingState, list[str]] = {
    SignalingState.IDLE: [],
    SignalingState.AWAITING_OFFER: ["start_sending"],
    SignalingState.SENDING: ["start_sending", "webrtc_offer"],
    SignalingState.AWAITING_ANSWER: ["start_receiving"],
    SignalingState.RECEIVING: ["start_receiving", "webrtc_answer"],
}
"""What a client says to get into a state."""
