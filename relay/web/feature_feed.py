"""
What is found in a stream, as server-sent events: for programs that speak no WebSocket.

`event: frame` ten times a second, `second` once, `event` when something is noticed, and
`end` with the stream. Who cannot keep up misses the oldest.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict

from aiohttp import web

from relay.consumers.findings import FrameFeatures
from relay.errors import CapacityExceeded, RelayError
from relay.events import SecondMeasured, SoundNoticed, StreamEnded
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent
from relay.web.attendance import topic_of
from relay.web.guest import Guest
from relay.web.json_request import NO_STORE, in_json
from relay.web.media import Media, PacketStream
from relay.web.roll import Roll
from relay.web.trust import Need, Role, needs
from relay.web.visualization import features, known

SECONDS = 1.0

PATH = "/api/streams/{id}/features"
MAX_FEEDS = 100
CAPACITY = 64
"""Events that wait for a slow client; a frame is replaced by the next one."""
KEEP_ALIVE_S = 15 * SECONDS
"""So often at least something is sent: a proxy closes what seems to be dead."""
CHECK_EVERY_S = 5 * SECONDS
"""So often it is asked whether the client may still watch."""
SLOW_S = 20 * SECONDS
"""Who takes nothing for so long is gone."""

KEEP_ALIVE = b": alive\n\n"


class FeatureFeed:
    """What waits for one client."""

    def __init__(self, stream: PacketStream) -> None:
        self.stream = stream
        self.dropped = 0
        self._events: deque[bytes] = deque(maxlen=CAPACITY)
        self._frame = b""
        self._over = False
        self._wakeup = asyncio.Event()

    def show(self, frame: FrameFeatures) -> None:
        self._frame = _event("frame", features(self.stream.id, frame))
        self._wakeup.set()

    def tell_second(self, measured: SecondMeasured) -> None:
        if measured.row.session == self.stream.id:
            self._put("second", row_fields(measured.row))

    def tell_event(self, noticed: SoundNoticed) -> None:
        if noticed.event.session == self.stream.id:
            self._put("event", event_fields(noticed.event))

    def tell_end(self, ended: StreamEnded) -> None:
        if ended.stream_id == self.stream.id:
            self.end(ended.reason)

    def end(self, reason: str) -> None:
        """Say why, as the last thing."""
        self._put("end", {"stream_id": self.stream.id, "reason": reason})
        self._over = True

    def _put(self, kind: str, fields: dict[str, object]) -> None:
        if self._over:
            return
        self.dropped += len(self._events) == CAPACITY
        self._events.append(_event(kind, json.dumps(fields, separators=(",", ":"))))
        self._wakeup.set()

    async def next(self, timeout_s: float) -> bytes | None:
        """Return what waits, nothing when the time is up, None when there is no more."""
        if self._over and not self._events:
            return None
        try:
            async with asyncio.timeout(timeout_s):
                await self._wakeup.wait()
        except TimeoutError:
            return b""
        self._wakeup.clear()
        data = b"".join((*self._events, self._frame))
        self._events.clear()
        self._frame = b""
        return data


class FeatureFeeds:
    """The handler, and the feeds of all its clients."""

    def __init__(self, media: Media, roll: Roll) -> None:
        self._media = media
        self._roll = roll
        self._feeds: set[FeatureFeed] = set()
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._feeds)

    @property
    def dropped(self) -> int:
        """Events that slow clients missed."""
        return self._dropped + sum(feed.dropped for feed in self._feeds)

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.handle)
        app.on_shutdown.append(self._end_all)

    async def _end_all(self, _: web.Application) -> None:
        for feed in tuple(self._feeds):
            feed.end("shutdown")

    @needs(Need.LISTEN)
    @in_json
    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer with events until the stream ends or the client leaves."""
        stream = self._media.relay.find(request.match_info["id"])
        guest = Guest.of(request, self._roll.network)
        self._check(guest, stream)
        if len(self._feeds) >= MAX_FEEDS:
            raise CapacityExceeded(f"at most {MAX_FEEDS} programs follow features")
        feed = FeatureFeed(stream)
        with ExitStack() as stack:
            self._connect(feed, stack)
            response = web.StreamResponse(headers=NO_STORE)
            response.content_type = "text/event-stream"
            await response.prepare(request)
            await self._send(feed, response, lambda: self._check(guest, stream))
        return response

    def _check(self, guest: Guest, stream: PacketStream) -> None:
        """Raises `NotAllowed` or `Hushed`."""
        self._roll.check(guest, Role.LISTEN, topic_of(stream), stream.slug)

    def _connect(self, feed: FeatureFeed, stack: ExitStack) -> None:
        """Let the feed hear of everything until the stack is closed. Raises `AnalysisOff`."""
        events = self._media.relay.events
        stack.callback(self._media.analysis.subscribe(feed.stream, feed.show))
        stack.callback(events.subscribe(SecondMeasured, feed.tell_second))
        stack.callback(events.subscribe(SoundNoticed, feed.tell_event))
        stack.callback(events.subscribe(StreamEnded, feed.tell_end))
        self._feeds.add(feed)
        stack.callback(self._leave, feed)

    def _leave(self, feed: FeatureFeed) -> None:
        self._feeds.remove(feed)
        self._dropped += feed.dropped

    async def _send(
        self,
        feed: FeatureFeed,
        response: web.StreamResponse,
        check: Callable[[], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        sent_at = checked_at = loop.time()
        while (data := await feed.next(CHECK_EVERY_S)) is not None:
            now = loop.time()
            if now - checked_at >= CHECK_EVERY_S:
                checked_at = now
                try:
                    check()
                except RelayError as error:
                    feed.end(error.code)
            if not data and now - sent_at >= KEEP_ALIVE_S:
                data = KEEP_ALIVE
            if data:
                sent_at = now
                try:
                    async with asyncio.timeout(SLOW_S):
                        await response.write(data)
                except (ConnectionError, TimeoutError):
                    return


def _event(kind: str, data: str) -> bytes:
    return f"event: {kind}\ndata: {data}\n\n".encode()


def row_fields(row: FeatureRow) -> dict[str, object]:
    where = {"stream": row.stream, "session": row.session}
    return (
        where
        | {"captured_at": row.captured_at}
        | dict(zip(FEATURE_NAMES, map(known, row.values), strict=True))
    )


def event_fields(event: SoundEvent) -> dict[str, object]:
    return asdict(event)
