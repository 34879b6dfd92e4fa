"""Whatever a client sends is answered in words; it never costs a traceback or the socket."""

import logging
from collections.abc import Iterator
from contextlib import suppress

import pytest

from relay.errors import UnexpectedMessage
from relay.signaling import messages
from relay.signaling.client_messages import CLIENT_MESSAGES
from relay.signaling.state import SignalingState, advance
from relay.web.tally import CloseReason
from tests.web.house import Client, House
from tests.web.nonsense import BAD, ROADS, VALID, message


@pytest.fixture(autouse=True)
def no_tracebacks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if anything was logged as an error, or with an exception."""
    yield
    records = caplog.get_records("call")
    assert [r for r in records if r.levelno >= logging.ERROR or r.exc_info] == []


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

NOT_FOR_THIS_CLIENT = {
    "resume": "session_gone",
    "hush": "not_allowed",
    "unhush": "not_allowed",
    "set_lookback": "unexpected_message",
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
