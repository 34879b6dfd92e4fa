"""F13: everything that closes is interrupted while it does, at each place where it waits."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any, Protocol

from bench.light_client import LightClient
from relay.events import EventBus
from relay.web.connection import Connection
from relay.web.tally import CloseReason
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.peer import Peer, PeerState
from tests.faults.half_open import WithoutAWay
from tests.faults.interrupted import Interrupted
from tests.faults.row import Figure, Row
from tests.web.house import House
from tests.webrtc.studio import Studio, settle

WATCHDOG_S = 5.0
HUNG_AFTER_S = WATCHDOG_S + 1.0

ERRORS = (asyncio.CancelledError, ZeroDivisionError, TimeoutError, ConnectionError)


class Closable(Protocol):
    """Something whose `_close` does the work of closing it, in a task of its own."""

    _close: Callable[..., Coroutine[Any, Any, None]]


Make = Callable[[], Awaitable[tuple[Closable, "Ways"]]]


class Ways:
    """How something is closed, and how it is told that it is."""

    def __init__(
        self,
        close: Callable[[], Coroutine[Any, Any, None]],
        is_closed: Callable[[], bool],
        clear: Callable[[], Awaitable[object]],
    ) -> None:
        self.close = close
        self.is_closed = is_closed
        self.clear = clear


class Closes:
    """Closes one thing after the other, each interrupted elsewhere and by something else."""

    def __init__(self) -> None:
        self.done = 0
        self.interrupted = 0
        self.hung = 0

    async def close(self, make: Make, count: int) -> None:
        """Close so many, from within and by cancelling whoever waits for it."""
        at = 1
        for error, _ in zip(cycle((None, *ERRORS)), range(count), strict=False):
            thing, ways = await make()
            if error is None:
                happened = await self._cancel_caller(ways, at)
            else:
                happened = await self._throw(thing, ways, at, error())
            self.done += 1
            self.interrupted += happened
            self.hung += not await _until(ways.is_closed)
            await ways.clear()
            if error is ERRORS[-1]:  # every error had its turn at this place
                at = at + 1 if happened else 1

    async def _throw(
        self, thing: Closable, ways: Ways, at: int, error: BaseException
    ) -> bool:
        work = thing._close
        interruptions: list[Interrupted] = []

        async def interrupted(*arguments: object) -> None:
            interruptions.append(Interrupted(work(*arguments), at, error))
            await interruptions[0]

        thing._close = interrupted
        closing = asyncio.create_task(ways.close())
        await asyncio.wait([closing], timeout=HUNG_AFTER_S)
        if closing.done() and not closing.cancelled():
            closing.exception()  # whoever closes may be told; closed it is all the same
        return any(each.happened for each in interruptions)

    async def _cancel_caller(self, ways: Ways, at: int) -> bool:
        closing = asyncio.create_task(ways.close())
        for _ in range(at):
            await asyncio.sleep(0)
        cancelled = closing.cancel()
        await asyncio.wait([closing], timeout=HUNG_AFTER_S)
        return cancelled


async def _until(condition: Callable[[], bool]) -> bool:
    """Wait until it holds; return whether it did, before that counts as hung."""
    deadline = time.monotonic() + HUNG_AFTER_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.001)
    return True


# --- what is closed ---------------------------------------------------------------------


class Peers:
    """Peers of both kinds, in every state, on a real endpoint."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def new_sender(self) -> tuple[Peer, Ways]:
        peer = self._studio.endpoint.sender_peer(
            self._studio.relay.publish, lambda *_: None
        )
        return peer, self._ways(peer)

    async def negotiating_sender(self) -> tuple[Peer, Ways]:
        client = LightClient()
        peer, ways = await self.new_sender()
        await peer.answer(client.offer())  # type: ignore[attr-defined]
        return peer, ways

    async def sender(self) -> tuple[Peer, Ways]:
        mouth = await self._studio.mouth()
        await mouth.say(1)
        return mouth.peer, self._ways(mouth.peer, mouth.client)

    async def negotiating_receiver(self) -> tuple[Peer, Ways]:
        client = WithoutAWay()
        stream = self._studio.relay.publish()
        peer = self._studio.endpoint.receiver_peer(stream, lambda *_: None)
        await peer.accept(client.answer(peer.offer()))
        return peer, self._ways(peer, client)

    async def receiver(self) -> tuple[Peer, Ways]:
        ear = await self._studio.ear(self._studio.relay.publish())
        return ear.peer, self._ways(ear.peer, ear.client)

    def _ways(self, peer: Peer, client: LightClient | None = None) -> Ways:
        async def clear() -> None:
            if client is not None:
                await client.close()
            for stream in self._studio.relay.streams:
                self._studio.relay.end(stream, "cleared")

        return Ways(
            lambda: peer.close("stopped"),
            lambda: (
                peer.state is PeerState.CLOSED
                and peer not in self._studio.endpoint.peers
            ),
            clear,
        )


async def endpoint_with_peers() -> tuple[WebRtcEndpoint, Ways]:
    """Return an endpoint with a peer that is connected and one that is not."""
    endpoint = WebRtcEndpoint(EventBus(), port=0, addresses=["127.0.0.1"])
    await endpoint.__aenter__()
    studio = Studio(EventBus(), endpoint)
    await studio.mouth()
    endpoint.sender_peer(studio.relay.publish, lambda *_: None)
    ways = Ways(
        lambda: endpoint.__aexit__(None, None, None),
        lambda: (
            not endpoint.peers
            and all(s.sock.fileno() < 0 for s in endpoint._around.mux.sockets)
        ),
        studio.clear,
    )
    return endpoint, ways


class Sessions:
    """Connections of clients that send, in a house whose media is made up."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def connection(self) -> tuple[Connection, Ways]:
        client, _ = await self._house.sender()
        (connection,) = self._house.lobby.connections
        ways = Ways(
            lambda: connection.close(CloseReason.SHUTDOWN),
            lambda: (
                not self._house.lobby.connections and not self._house.endpoint.peers
            ),
            client.leave,
        )
        return connection, ways


# --- the row ----------------------------------------------------------------------------


async def interrupt_closes(closes: int) -> Row:
    """Interrupt so many closes of peers, endpoints and sessions, by turns of each kind."""
    unseen: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unseen.append(context))
    done = Closes()
    try:
        async with silence(), studio() as room, House() as house:
            tasks = len(asyncio.all_tasks())
            peers = Peers(room)
            for make, share in (
                (peers.new_sender, 0.1),
                (peers.negotiating_sender, 0.2),
                (peers.negotiating_receiver, 0.2),
                (peers.sender, 0.15),
                (peers.receiver, 0.15),
                (Sessions(house).connection, 0.15),
                (endpoint_with_peers, 0.05),
            ):
                await done.close(make, max(1, round(closes * share)))
            await settle()
            left = max(0, len(asyncio.all_tasks()) - tasks)
            known = len(room.endpoint._around.mux.sockets[0].by_address)
            peer_s, forced = await _close_by_force(peers, room.endpoint)
    finally:
        loop.set_exception_handler(None)
    return Row(
        "F13",
        f"{done.done} closes of peers, endpoints and sessions are interrupted",
        (
            Figure("hung closes", done.hung, limit=0, stretch=0),
            Figure("interrupted in the middle", done.interrupted),
            Figure("tasks left", left, limit=0),
            Figure("addresses left", known, limit=0),
            Figure("errors that nobody saw", len(unseen), limit=0),
            Figure("a close that never ends is over after", peer_s, "s", HUNG_AFTER_S),
            Figure("and not counted as forced", 1 - forced, limit=0),
        ),
    )


async def _close_by_force(peers: Peers, endpoint: WebRtcEndpoint) -> tuple[float, int]:
    """Close a peer whose DTLS never stops; return how long it took, and what was counted."""
    peer, ways = await peers.sender()
    stop = peer._dtls.stop
    before = endpoint.counters["closes_forced"]
    peer._dtls.stop = asyncio.Event().wait  # type: ignore[method-assign, assignment]
    started = time.monotonic()
    await ways.close()
    elapsed_s = time.monotonic() - started
    await stop()
    await ways.clear()
    return elapsed_s, endpoint.counters["closes_forced"] - before


@asynccontextmanager
async def studio() -> AsyncIterator[Studio]:
    events = EventBus()
    async with WebRtcEndpoint(events, port=0, addresses=["127.0.0.1"]) as endpoint:
        yield Studio(events, endpoint)


@asynccontextmanager
async def silence() -> AsyncIterator[None]:
    """Keep to itself what the server logs of all that is thrown at it."""
    logger = logging.getLogger("relay")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
