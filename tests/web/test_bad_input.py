"""Whatever a client sends is answered in words; it never costs a traceback or the socket."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress

import pytest

from relay.errors import UnexpectedMessage
from relay.signaling import messages
from relay.signaling.client_messages import CLIENT_MESSAGES
from relay.signaling.messages import MAX_MESSAGE_BYTES
from relay.signaling.state import SignalingState, advance
from relay.web.tally import CloseReason
from tests.web.fakes import OFFER
from tests.web.house import Client, House, description


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if anything was logged as an error, or with an exception."""
    yield
    records = caplog.get_records("call")
    assert [r for r in records if r.levelno >= logging.ERROR or r.exc_info] == []


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


@pytest.mark.parametrize(("text", "code"), BAD.values(), ids=BAD.keys())
async def test_bad_message(house: House, text: str, code: str) -> None:
    """Every bad message gets its error, and the socket goes on."""
    client = await house.client()
    await client.socket.send_str(text)
    error = await client.hear()
    assert (error["type"], error["code"]) == ("error", code)
    assert error["message"]
    assert (await client.ask("ping", id=1))["id"] == 1


async def test_the_request_is_named(house: House) -> None:
    """An error says which message it answers, if that can be told."""
    client = await house.client()
    assert (await client.ask("set_muted"))["request"] == "set_muted"
    assert (await client.ask("dance"))["request"] == "dance"
    await client.socket.send_str("nonsense")
    assert (await client.hear())["request"] is None


async def test_binary_frames(house: House) -> None:
    """A binary frame is read like text; if it is none, it is malformed."""
    client = await house.client()
    await client.socket.send_bytes(b'{"type":"ping","id":3}')
    assert (await client.hear())["id"] == 3
    await client.socket.send_bytes(b"\xff\xfe\x00")
    assert (await client.hear())["code"] == "malformed_message"


async def test_broken_text(house: House) -> None:
    """Text that is not UTF-8 is malformed, and the socket goes on."""
    client = await house.client()
    client.transport.write(b"\x81\x81\x00\x00\x00\x00\xff")
    assert (await client.hear())["code"] == "malformed_message"
    assert (await client.ask("ping"))["type"] == "pong"


@pytest.mark.parametrize("size", [262_143, 262_144, 4 * 1024 * 1024])
async def test_beyond_every_limit(house: House, size: int) -> None:
    """Up to 256 KiB a message is refused in words, beyond that the socket is closed."""
    client = await house.client()
    other = await house.client()
    text = message(type="webrtc_offer", offer="a=candidate:" * (size // 12))
    text += " " * (size - len(text))
    with suppress(ConnectionError):  # the server need not take it to the end
        await client.socket.send_str(text[:size])
    if size < 262_144:
        assert (await client.hear())["code"] == "message_too_large"
        assert (await client.ask("ping"))["type"] == "pong"
    else:
        assert await client.closed() in (1009, 1006)
        closes = house.lobby.tally.closes
        await house.until(lambda: closes == {CloseReason.BROKEN_FRAME: 1})
    assert (await other.ask("ping"))["type"] == "pong"


# --- every message in every state -------------------------------------------------------

VALID = {
    "start_sending": {},
    "start_receiving": {"name": "other"},
    "move_to": {"name": "other"},
    "webrtc_offer": {"offer": description("offer")},
    "webrtc_answer": {"answer": description("answer")},
    "set_muted": {"muted": True},
    "stop_stream": {},
    "get_available_streams": {},
    "subscribe_visualization": {"stream_id": "other"},
    "unsubscribe_visualization": {},
    "ping": {},
    "resume": {"token": "nobody's"},
    "hush": {"stream_id": "other"},
    "unhush": {"stream_id": "other"},
    "ice_candidate": {},
    "local_ip": {},
}

NOT_FOR_THIS_CLIENT = {
    "resume": "session_gone",
    "hush": "not_allowed",
    "unhush": "not_allowed",
}

ROADS: dict[SignalingState, list[str]] = {
    SignalingState.IDLE: [],
    SignalingState.AWAITING_OFFER: ["start_sending"],
    SignalingState.SENDING: ["start_sending", "webrtc_offer"],
    SignalingState.AWAITING_ANSWER: ["start_receiving"],
    SignalingState.RECEIVING: ["start_receiving", "webrtc_answer"],
}


def test_every_message_is_tried() -> None:
    """The tables above leave no message and no state out."""
    assert VALID.keys() == CLIENT_MESSAGES.keys()
    assert ROADS.keys() == set(SignalingState)


async def _in_state(house: House, state: SignalingState) -> Client:
    client = await house.client()
    for type_ in ROADS[state]:
        await client.say(type_, **VALID[type_])
    await client.heard()
    return client


@pytest.mark.parametrize("state", SignalingState)
@pytest.mark.parametrize("type_", VALID)
async def test_every_message_in_every_state(
    house: House, state: SignalingState, type_: str
) -> None:
    """What the table allows is done; anything else is refused and changes nothing."""
    await house.sender("other")
    client = await _in_state(house, state)
    peers = set(house.endpoint.peers)
    parsed = messages.decode(message(type=type_, **VALID[type_]))
    try:
        advance(state, parsed)
        expected = NOT_FOR_THIS_CLIENT.get(type_)
    except UnexpectedMessage as error:
        expected = error.code
    await client.say(type_, **VALID[type_])
    errors = [m["code"] for m in await client.heard() if m["type"] == "error"]
    assert errors == ([expected] if expected else [])
    if expected:
        assert set(house.endpoint.peers) == peers
    await client.say("stop_stream")
    assert [m for m in await client.heard() if m["type"] == "error"] == []
    await house.until(lambda: len(house.endpoint.peers) == 1)
