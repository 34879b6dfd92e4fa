"""Tests of relay/consumers/listener.py, on real connections whose other end may not read."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.consumers import listener as limits
from relay.consumers.listener import Listener, write_to_all
from tests.consumers.ear import Ear

KIB = 1024


class Line:
    """A connection on loopback: our end's transport, the player's socket, and a clock to turn."""

    def __init__(self) -> None:
        self.now = 0.0
        self.player = socket.socket()

    async def __aenter__(self) -> "Line":
        accepted: asyncio.Queue[asyncio.Transport] = asyncio.Queue()

        class Door(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                accepted.put_nowait(transport)

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(Door, "127.0.0.1", 0)
        # The kernel gives a player little room, so that what it does not read shows soon.
        self.player.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIB)
        self.player.setblocking(False)
        await loop.sock_connect(self.player, self._server.sockets[0].getsockname())
        self.transport = await accepted.get()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.player.close()
        self.transport.abort()
        self._server.close()
        await self._server.wait_closed()

    def listener(self, burst: bytes = b"") -> Listener:
        return Listener(lambda: burst, clock=lambda: self.now)

    async def read(self, count: int) -> bytes:
        loop, data = asyncio.get_running_loop(), b""
        while len(data) < count:
            piece = await loop.sock_recv(self.player, count - len(data))
            if not piece:
                break
            data += piece
        return data


class Titles:
    """Puts the same before everything."""

    title = ""

    def frame(self, data: bytes) -> bytes:
        return b"title " + data


@pytest_asyncio.fixture
async def line() -> AsyncIterator[Line]:
    async with Line() as line:
        yield line


async def test_a_listener_gets_the_burst_and_then_the_rest(line: Line) -> None:
    """In order, without a byte more or less."""
    listener = line.listener(burst=b"burst ")
    listener.write(b"not yet")
    following = asyncio.create_task(listener.follow(line.transport))
    assert await line.read(6) == b"burst "
    listener.write(b"and ")
    listener.write(b"on")
    assert await line.read(6) == b"and on"
    assert listener.bytes_written == 12
    listener.end("stream_ended")
    await following


async def test_a_player_that_leaves_is_noticed_without_sound(line: Line) -> None:
    """Also when there is nothing to write to it."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    line.player.close()
    while listener.reason is None:
        await asyncio.sleep(0)
        listener.check()
    await following
    assert listener.reason == "left"


async def test_a_player_that_leaves_is_noticed_by_the_next_write(line: Line) -> None:
    """And nothing is written into the void."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    line.transport.close()
    listener.write(b"hello")
    await following
    assert listener.reason == "left"
    assert listener.bytes_written == 0


async def test_a_player_that_does_not_read_is_dropped_after_a_while(line: Line) -> None:
    """What waits for it stands still for eight seconds; then its connection is cut."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    for _ in range(400):
        listener.write(bytes(288))
        await asyncio.sleep(0)
    assert line.transport.get_write_buffer_size() > 0
    listener.check()
    line.now = limits.MAX_STANDSTILL_S - 0.1
    listener.check()
    assert listener.reason is None
    line.now = limits.MAX_STANDSTILL_S + 0.1
    listener.check()
    await following
    assert listener.reason == "standstill"
    assert line.transport.is_closing()


async def test_what_waits_for_a_listener_is_bounded(line: Line) -> None:
    """More than 256 KiB unsent, and it is dropped at the next check."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.write(bytes(limits.MAX_UNSENT_BYTES + 128 * KIB))
    listener.check()
    await following
    assert listener.reason == "too_slow"
    assert line.transport.is_closing()


async def test_a_slow_player_that_reads_on_is_kept(line: Line) -> None:
    """Progress is what counts, not that everything is taken at once."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.write(bytes(200 * KIB))
    for _ in range(6):
        await line.read(16 * KIB)
        line.now += limits.MAX_STANDSTILL_S / 2
        listener.check()
    assert listener.reason is None
    listener.end("left")
    await following


async def test_a_player_that_pauses_without_a_backlog_is_kept(line: Line) -> None:
    """Nothing waits for it, so nothing stands still."""
    listener = line.listener(burst=b"x")
    following = asyncio.create_task(listener.follow(line.transport))
    await line.read(1)
    for _ in range(3):
        line.now += limits.MAX_STANDSTILL_S
        listener.check()
    assert listener.reason is None
    listener.end("left")
    await following


async def test_at_the_streams_end_the_rest_is_sent(line: Line) -> None:
    """The connection is left open for whoever closes it in order."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.write(bytes(100 * KIB))
    listener.end("stream_ended")
    listener.write(b"after the end")
    assert len(await line.read(100 * KIB)) == 100 * KIB
    await following
    assert not line.transport.is_closing()


async def test_a_player_that_does_not_read_is_cut_off_at_the_end(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds nothing back for longer than a moment."""
    monkeypatch.setattr(limits, "DRAIN_TIMEOUT_S", 0.05)
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.write(bytes(100 * KIB))
    listener.end("shutdown")
    await following
    assert line.transport.is_closing()


async def test_the_first_reason_counts(line: Line) -> None:
    """Ending twice is ending once."""
    listener = line.listener()
    listener.end("stream_ended")
    listener.end("left")
    await listener.follow(line.transport)
    assert listener.reason == "stream_ended"


async def test_the_kernel_holds_little_for_a_listener(line: Line) -> None:
    """Half a minute of sound in a send buffer would hide for so long that nobody reads."""
    listener = line.listener()
    listener.end("left")
    await listener.follow(line.transport)
    connection = line.transport.get_extra_info("socket")
    size = connection.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    assert size <= 2 * limits.SEND_BUFFER_BYTES


def test_an_unfinished_listener_has_no_reason() -> None:
    """Before it follows a connection, a check finds nothing wrong."""
    listener = Listener(lambda: b"")
    listener.check()
    assert listener.reason is None


async def test_one_that_is_not_welcome_any_more_is_ended(line: Line) -> None:
    """Each check asks."""
    welcome = True
    listener = Listener(lambda: b"", welcome=lambda: welcome)
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.check()
    assert listener.reason is None
    welcome = False
    listener.check()
    assert listener.reason == "revoked"
    await asyncio.wait_for(following, 5)
    listener.write(b"never heard")
    assert listener.bytes_written == 0


async def test_a_slow_player_is_brought_back_to_live(line: Line) -> None:
    """What it cannot take is left out, from the border of a frame to that of another."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    frames = [number.to_bytes(2, "big") * 144 for number in range(1000)]
    for frame in frames:
        listener.write(frame)
    assert listener.skips == 1
    assert listener.bytes_written + listener.bytes_skipped == 1000 * 288
    assert listener.behind_bytes <= limits.SKIP_AT_BYTES + 64 * KIB
    before = await line.read(listener.bytes_written)
    assert before == b"".join(frames[: len(before) // 288])
    listener.write(b"live")
    assert await line.read(4) == b"live"
    assert listener.skips == 1
    listener.end("shutdown")
    await following


async def test_a_burst_does_not_count_as_being_slow(line: Line) -> None:
    """A player that asked for much at once does not miss what comes right after it."""
    listener = line.listener(burst=bytes(limits.SKIP_AT_BYTES + 60 * KIB))
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.write(bytes(288))
    assert listener.skips == listener.bytes_skipped == 0
    listener.end("shutdown")
    await following


async def test_what_is_behind_is_what_has_not_arrived(line: Line) -> None:
    """In our own hands and in the kernel's; nothing when all was taken."""
    listener = line.listener()
    assert listener.behind_bytes == 0
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.write(bytes(40 * KIB))
    assert 0 < listener.behind_bytes <= 40 * KIB
    await line.read(40 * KIB)
    async with asyncio.timeout(5):
        while listener.behind_bytes:  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.01)
    listener.end("shutdown")
    await following


async def test_who_keeps_up_gets_its_bytes_past_the_transport(line: Line) -> None:
    """After a check has seen that nothing waits."""
    listener = line.listener(burst=b"burst ")
    following = asyncio.create_task(listener.follow(line.transport))
    await line.read(6)
    through: list[bytes] = []
    line.transport.write = through.append  # type: ignore[method-assign]
    listener.check()
    write_to_all([listener], b"sound")
    assert await line.read(5) == b"sound"
    assert through == []
    assert listener.bytes_written == 11
    listener.end("left")
    write_to_all([listener], b"after the end")
    assert listener.bytes_written == 11
    await following


async def test_bytes_arrive_in_order_whichever_way_they_go(line: Line) -> None:
    """Past the transport, through it when the kernel is full, and past it again."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    frames = [number.to_bytes(2, "big") * 144 for number in range(300)]
    for once in range(3):
        listener.check()
        assert listener.behind_bytes == 0
        for frame in frames[once * 100 : once * 100 + 100]:
            write_to_all([listener], frame)
        assert line.transport.get_write_buffer_size() > 0
        heard = await line.read(100 * 288)
        assert heard == b"".join(frames[once * 100 : once * 100 + 100])
    assert listener.bytes_written == 300 * 288
    assert listener.skips == 0
    listener.end("left")
    await following


async def test_a_descriptor_that_belongs_to_somebody_else_now_is_left_alone(
    line: Line,
) -> None:
    """The number of a connection that was closed may be that of the next one."""
    listener = line.listener()
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.check()
    connection = line.transport.get_extra_info("socket")
    number = connection.fileno()
    line.transport.abort()
    while connection.fileno() == number:  # noqa: ASYNC110 - asyncio closes it later
        await asyncio.sleep(0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert number in (ours.fileno(), theirs.fileno())
        write_to_all([listener], b"private")
        for end in (ours, theirs):
            end.setblocking(False)
            with pytest.raises(BlockingIOError):
                end.recv(1)
    await following
    assert listener.reason == "left"


async def test_nothing_goes_past_encryption() -> None:
    """There the transport is what makes bytes unreadable for others."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setblocking(False)
        ear = Ear(socket=ours, sslcontext=object())
        listener = Listener(lambda: b"")
        following = asyncio.create_task(listener.follow(ear))
        await asyncio.sleep(0)
        listener.check()
        write_to_all([listener], b"private")
        assert ear.heard == b"private"
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
        listener.end("left")
        await following


async def test_titles_stay_between_the_sound(line: Line) -> None:
    """What puts them there gets to see every byte."""
    listener = Listener(lambda: b"", framer=Titles())
    following = asyncio.create_task(listener.follow(line.transport))
    await asyncio.sleep(0)
    listener.check()
    write_to_all([listener], b"sound")
    assert await line.read(11) == b"title sound"
    listener.end("left")
    await following
