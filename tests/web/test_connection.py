"""One client's connection: goodbyes, lost sockets, faults, and one close."""

import asyncio

import pytest

from relay.hub.stream import StreamState
from relay.web import connection as connection_module
from relay.web.tally import CloseReason
from tests.web.fakes import FakeClock
from tests.web.house import House, description


@pytest.mark.parametrize("code", [1000, 1001, 1011, None])
async def test_goodbye_ends_media_at_once(house: House, code: int | None) -> None:
    """A client that closes its socket, with any code or none, ends what it sent."""
    sender, _ = await house.sender()
    if code is None:
        sender.transport.write(b"\x88\x80\x00\x00\x00\x00")
    else:
        await sender.socket.close(code=code)
    await house.is_empty()
    assert house.relay.streams == []
    assert house.lobby.tally.closes[CloseReason.GOODBYE] == 1


async def test_media_outlives_a_lost_socket(house: House) -> None:
    """Sender and receiver whose sockets break without a goodbye play on."""
    sender, stream = await house.sender()
    receiver = await house.receiver(stream)
    sender.drop()
    receiver.drop()
    await house.until(lambda: house.lobby.connected_clients == 0)
    assert house.relay.streams == [stream]
    assert len(house.endpoint.peers) == 2
    assert len(house.lobby.connections) == 2


async def test_media_that_outlived_its_socket_ends(house: House) -> None:
    """When its peer closes, nothing is left of a client without a socket."""
    sender, stream = await house.sender()
    receiver = await house.receiver(stream)
    receiver.drop()
    await house.until(lambda: house.lobby.connected_clients == 1)
    house.endpoint.receivers[0].fail("consent_expired")
    await house.until(lambda: len(house.lobby.connections) == 1)
    sender.drop()
    await house.until(lambda: house.lobby.connected_clients == 0)
    house.relay.end(stream, "no_media")
    await house.is_empty()
    assert house.lobby.tally.closes[CloseReason.MEDIA_ENDED] == 2


async def test_receiver_without_socket_goes_with_its_stream(house: House) -> None:
    """A stream that ends takes along the receivers that had lost their sockets."""
    sender, stream = await house.sender()
    receiver = await house.receiver(stream)
    receiver.drop()
    await house.until(lambda: house.lobby.connected_clients == 1)
    await sender.say("stop_stream")
    await house.until(lambda: len(house.lobby.connections) == 1)
    assert not house.endpoint.peers


async def test_sender_without_socket_and_packets() -> None:
    """A killed browser loses socket and packets: its stream stalls, and ends if it stays away."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        sender, stream = await house.sender()
        sender.drop()
        await house.until(lambda: house.lobby.connected_clients == 0)
        clock.advance(2.1)
        house.housekeeping.make_rounds()
        assert stream.state is StreamState.STALLED
        clock.advance(32)
        house.housekeeping.make_rounds()
        await house.is_empty()
        assert house.relay.streams == []


async def test_sender_with_socket_may_stall() -> None:
    """As long as the socket is there, a stream without packets waits for its sender."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        _, stream = await house.sender()
        clock.advance(10)
        house.housekeeping.make_rounds()
        assert stream.state is StreamState.STALLED
        house.endpoint.sender.speak()
        house.housekeeping.make_rounds()
        assert stream.state is StreamState.LIVE


async def test_receiver_without_socket_and_signs_of_life() -> None:
    """A killed browser that only heard is given up soon; one that is heard goes on."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        sender, stream = await house.sender()
        gone, heard = [await house.receiver(stream) for _ in range(2)]
        _, heard_peer = house.endpoint.receivers
        gone.drop()
        heard.drop()
        await house.until(lambda: house.lobby.connected_clients == 1)
        for _ in range(7):
            clock.advance(5)
            heard_peer.heard_at = clock.now
            house.endpoint.sender.speak()
            house.housekeeping.make_rounds()
        await house.until(lambda: len(house.lobby.connections) == 2)
        assert house.endpoint.receivers == [heard_peer]
        assert house.lobby.tally.closes[CloseReason.VANISHED] == 1
        await sender.leave()


async def test_silence_counts_from_the_loss_of_the_socket() -> None:
    """A line that was cut brings the end of the socket before the first sign of life."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        _, stream = await house.sender()
        receiver = await house.receiver(stream)
        clock.advance(15)
        receiver.drop()
        await house.until(lambda: house.lobby.connected_clients == 1)
        house.lobby.sweep()
        clock.advance(8.9)
        house.lobby.sweep()
        await asyncio.sleep(0)
        assert len(house.endpoint.receivers) == 1
        clock.advance(0.2)
        house.lobby.sweep()
        await house.until(lambda: not house.endpoint.receivers)


async def test_sender_without_socket_is_not_given_up_for_its_silence() -> None:
    """That is the business of its stream, which waits longer for it."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        sender, stream = await house.sender()
        sender.drop()
        await house.until(lambda: house.lobby.connected_clients == 0)
        clock.advance(25)
        house.housekeeping.make_rounds()
        assert house.endpoint.sender.speak() is stream
        house.housekeeping.make_rounds()
        assert stream.state is StreamState.LIVE


async def test_close_that_fails_leaves_no_peer(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The socket is cut, and the peer closes by itself although nobody waits for it."""
    client, _ = await house.sender()
    (connection,) = house.lobby.connections

    async def stumble(_: float) -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(connection._outbox, "close", stumble)
    await connection.close(CloseReason.SHUTDOWN)
    await client.closed()
    await house.is_empty()
    assert house.lobby.tally.forced_closes == 1
    assert "nobody thought of this" in caplog.text


async def test_close_that_is_cancelled_from_within_cuts_the_socket(
    house: House,
) -> None:
    """Even then the client learns that it is over."""
    client = await house.client()
    (connection,) = house.lobby.connections
    closing = connection.close_soon(CloseReason.SHUTDOWN)
    await asyncio.sleep(0)
    closing.cancel()
    await client.closed()
    await house.until(lambda: not house.lobby.connections)
    assert house.lobby.tally.forced_closes == 1


@pytest.mark.parametrize("does", ["nothing", "announces", "asks", "is offered"])
async def test_lost_socket_without_media(house: House, does: str) -> None:
    """Where nothing flows yet there is nothing to go on with."""
    _, stream = await house.sender()
    client = await house.client()
    if does == "announces":
        await client.ask("start_sending")
    elif does == "asks":
        await client.say("start_receiving")
        await client.heard()
    elif does == "is offered":
        await client.ask("start_receiving", stream_id=stream.id)
    client.drop()
    await house.until(lambda: len(house.lobby.connections) == 1)
    assert house.endpoint.receivers == []
    assert house.lobby.tally.closes[CloseReason.LOST] == 1


async def test_goodbye_while_the_server_is_busy(house: House) -> None:
    """A goodbye counts although the socket was gone before it was read."""
    sender, _ = await house.sender()
    house.endpoint.may_negotiate.clear()
    await sender.ask("start_sending")
    await sender.say("webrtc_offer", offer=description("offer"))
    await house.until(lambda: bool(house.endpoint.peers))
    sender.transport.write(b"\x88\x80\x00\x00\x00\x00")
    await asyncio.sleep(0.05)
    sender.drop()
    await asyncio.sleep(0.05)
    house.endpoint.may_negotiate.set()
    await house.is_empty()


async def test_twenty_faults_close(house: House) -> None:
    """The twentieth fault within ten seconds is still answered; then the socket closes."""
    client = await house.client()
    for _ in range(20):
        await client.socket.send_str("nonsense")
    for _ in range(20):
        assert (await client.hear())["code"] == "malformed_message"
    assert await client.closed() == 1008
    await house.is_empty()
    assert house.lobby.tally.closes[CloseReason.TOO_MANY_FAULTS] == 1


async def test_faults_that_are_not_the_clients(house: House) -> None:
    """Asking again and again for a stream that is not there is no fault."""
    client = await house.client()
    for _ in range(50):
        refusal = await client.ask("start_receiving", name="nobody")
        assert refusal["code"] == "stream_not_found"


async def test_nothing_is_done_after_the_last_fault(house: House) -> None:
    """What a client that is being closed still says is not heard any more."""
    client = await house.client()
    for _ in range(20):
        await client.socket.send_str("nonsense")
    await client.say("start_sending")
    await client.say("webrtc_offer", offer=description("offer"))
    assert await client.closed() == 1008
    assert house.endpoint.made == []


async def test_first_reason_counts(house: House) -> None:
    """A connection closes once, however often and why it is told to."""
    client = await house.client()
    (connection,) = house.lobby.connections
    code, *_ = await asyncio.gather(
        client.closed(),
        connection.close(CloseReason.SHUTDOWN),
        connection.close(CloseReason.LOST),
    )
    await connection.close(CloseReason.TOO_SLOW)
    assert code == 1001
    assert house.lobby.tally.closes == {CloseReason.SHUTDOWN: 1}


async def test_close_goes_on_when_its_caller_is_cancelled(house: House) -> None:
    """Nobody can cancel a close half-way."""
    await house.sender()
    (connection,) = house.lobby.connections
    house.endpoint.may_close.clear()
    caller = asyncio.create_task(connection.close(CloseReason.SHUTDOWN))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    assert caller.cancelled()
    house.endpoint.may_close.set()
    await house.is_empty()


async def test_close_that_hangs_is_forced(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that never closes does not keep its connection alive."""
    monkeypatch.setattr(connection_module, "CLOSE_TIMEOUT_S", 0.05)
    sender, _ = await house.sender()
    house.endpoint.may_close.clear()
    await sender.leave()
    await house.until(lambda: not house.lobby.connections)
    assert house.lobby.tally.forced_closes == 1


async def test_mistake_of_ours(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception nobody thought of is logged, answered, and ends nothing."""
    client = await house.client()

    def stumble(*, detailed: bool) -> None:
        raise ZeroDivisionError("nobody thought of this")

    with monkeypatch.context() as patch:
        patch.setattr(house.stream_list, "message", stumble)
        refusal = await client.ask("get_available_streams")
    assert (refusal["code"], refusal["request"]) == (
        "internal_error",
        "get_available_streams",
    )
    assert "nobody thought of this" not in refusal["message"]
    assert "ZeroDivisionError" in caplog.text
    assert (await client.ask("get_available_streams"))["type"] == "available_streams"
