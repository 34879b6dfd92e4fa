"""The relay of the house: it knows the live streams and fans each sender out to whoever follows it."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic

from relay.errors import NameTaken, StreamNotFound
from relay.events import EventBus, StreamChanged, StreamEnded, StreamStarted
from relay.hub.identity import StreamName, new_stream_id, slug_of
from relay.hub.stream import Stream, StreamState
from relay.hub.subscription import Frame, Subscription

logger = logging.getLogger(__name__)

SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a stream may be without frames."""

    stalled_s: float = 2 * SECONDS
    """Then its followers are told: a quiet room still sends packets, a dead phone does not."""

    ended_s: float = 34 * SECONDS
    """
    Then it is over. A network may be gone for half a minute; after that a page has four
    seconds to find back, which takes it two at most and a new connection.
    """

    renewed_s: float = 2 * SECONDS
    """A stream that was let go is over then; a device that renews its connection is quicker."""


@dataclass(frozen=True, slots=True)
class Parting:
    """When a stream that was let go ends, and why."""

    at: float
    reason: str


class MediaRelay(Generic[Frame]):
    """
    The live streams by id and by name.

    Every source enters by `publish`, every follower by `subscribe` (or, for the
    fan-out, `Stream.attach`), and both leave by what they were given: the relay
    keeps nothing of those who left.
    """

    def __init__(
        self,
        events: EventBus,
        *,
        patience: Patience = Patience(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.events = events
        self._patience = patience
        self._clock = clock
        self._streams: dict[str, Stream[Frame]] = {}
        self._succeeded: dict[str, Callable[[], None]] = {}
        self._partings: dict[str, Parting] = {}
        self.frames_pushed_before = 0
        """Frames of the streams that have ended."""

    @property
    def streams(self) -> list[Stream[Frame]]:
        """The live streams, newest last."""
        return list(self._streams.values())

    def latest(self) -> Stream[Frame] | None:
        return next(reversed(self._streams.values()), None)

    def by_slug(self, slug: str) -> Stream[Frame] | None:
        return next((s for s in self._streams.values() if s.slug == slug), None)

    def find(self, address: str) -> Stream[Frame]:
        """Return the stream that an id, a name or ``latest`` stands for. Raises `StreamNotFound`."""
        stream = (
            self.latest()
            if address in ("", "latest")
            else self._streams.get(address) or self.by_slug(slug_of(address))
        )
        if stream is None:
            raise StreamNotFound(
                f"nobody sends under {address!r}"
                if address
                else "No audio stream available"
            )
        return stream

    def subscribe(
        self, address: str, capacity: int
    ) -> AbstractContextManager[Subscription[Frame]]:
        """Follow a stream for the length of a ``with`` block. Raises `StreamNotFound`."""
        return self.find(address).subscribe(capacity)

    def check_name(self, name: StreamName, device_id: str | None) -> None:
        """Raise `NameTaken` if another device is live under the name."""
        holder = self.by_slug(name.slug)
        if holder is None or (device_id and holder.device_id == device_id):
            return
        raise NameTaken(f"another device is live as {holder.name.text!r}")  # type: ignore[union-attr]

    def publish(
        self,
        name: StreamName | None = None,
        *,
        device_id: str | None = None,
        on_demand: bool = False,
        succeeded: Callable[[], None] = lambda: None,
    ) -> Stream[Frame]:
        """
        Open a new stream and tell everybody; or go on with the stream of the same device.

        A device that comes back under its name (or again without one) while its stream
        is live takes it over: the followers hear no end, and whoever sent it before is
        told by the ``succeeded`` that it gave. Raises `NameTaken` if the name is another
        device's.
        """
        if name is not None:
            self.check_name(name, device_id)
        if predecessor := self._stream_of(name, device_id):
            self._succeeded[predecessor.id]()
            self._succeeded[predecessor.id] = succeeded
            self.hold(predecessor)
            logger.info("stream %s goes on with a new sender", predecessor.id)
            return predecessor
        stream = Stream[Frame](
            stream_id := new_stream_id(),
            name,
            device_id=device_id,
            on_demand=on_demand,
            changed=lambda: self.events.publish(StreamChanged(stream_id)),
            clock=self._clock,
        )
        self._streams[stream.id] = stream
        self._succeeded[stream.id] = succeeded
        logger.info("stream %s started (%s)", stream.id, name.text if name else "-")
        self.events.publish(StreamStarted(stream.id))
        return stream

    def end(self, stream: Stream[Frame], reason: str) -> None:
        """Take a stream off the air. Idempotent; the first reason counts."""
        if self._streams.pop(stream.id, None) is None:
            return
        del self._succeeded[stream.id]
        self.hold(stream)
        stream.set_state(StreamState.ENDED)
        self.frames_pushed_before += stream.frames_pushed
        logger.info("stream %s ended: %s", stream.id, reason)
        self.events.publish(StreamEnded(stream.id, reason))

    def let_go(self, stream: Stream[Frame], reason: str) -> None:
        """
        End a stream whose sender is gone, but only if its device does not go on with it soon.

        A device may close its old connection an instant before the first packet of its new
        one is here. Who has no ``device_id`` cannot go on, and the stream ends at once.
        """
        if not stream.device_id:
            self.end(stream, reason)
        elif stream.id in self._streams:
            parting = Parting(self._clock() + self._patience.renewed_s, reason)
            self._partings.setdefault(stream.id, parting)

    def hold(self, stream: Stream[Frame]) -> None:
        """Keep a stream that was let go: its device is about to go on with it. Idempotent."""
        self._partings.pop(stream.id, None)

    def _stream_of(
        self, name: StreamName | None, device_id: str | None
    ) -> Stream[Frame] | None:
        if not device_id:
            return None
        slug = name.slug if name else None
        return next(
            (s for s in self.streams if s.device_id == device_id and s.slug == slug),
            None,
        )

    def sweep(self) -> None:
        """Mark streams whose frames stopped as stalled, and end them later. Call twice a second."""
        now = self._clock()
        for stream in self.streams:
            if stream.on_demand:
                continue
            parting = self._partings.get(stream.id)
            if parting is not None and now >= parting.at:
                self.end(stream, parting.reason)
                continue
            silence_s = now - stream.last_frame_at
            if silence_s >= self._patience.ended_s:
                self.end(stream, "no_media")
                continue
            state = (
                StreamState.STALLED
                if silence_s >= self._patience.stalled_s
                else StreamState.LIVE
            )
            if state is not stream.state:
                logger.info("stream %s is %s", stream.id, state.value)
                stream.set_state(state)
                self.events.publish(StreamChanged(stream.id))
