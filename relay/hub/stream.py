"""One live stream: whoever pushes frames into it, and whoever follows it."""

import enum
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic

from relay.errors import StreamEnded
from relay.hub.identity import StreamName
from relay.hub.subscription import Frame, Subscription

Sink = Callable[[Frame], None]


class StreamState(enum.Enum):
    LIVE = "live"
    """Frames arrive, or the source is one that is only made on demand."""

    STALLED = "stalled"
    """No frame for a while; the stream is kept, its sender may come back."""

    ENDED = "ended"
    """Over for good; a sender that returns gets a new stream."""


class Stream(Generic[Frame]):
    """
    The frames of one sender, handed to its sinks at once and to its subscriptions.

    A *sink* is a plain callable for the fan-out alone: it runs inside `push`, must
    return at once and must not raise. Everybody else takes a bounded `Subscription`.
    Only `MediaRelay` makes and ends streams.
    """

    def __init__(
        self,
        stream_id: str,
        name: StreamName | None = None,
        *,
        device_id: str | None = None,
        on_demand: bool = False,
        changed: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = stream_id
        self.name = name
        self.device_id = device_id
        self.on_demand = on_demand
        """Whether the source makes frames only while somebody follows the stream."""
        self.state = StreamState.LIVE
        self.muted = False
        self.gated = False
        self._silence: Callable[[Frame], Frame] | None = None
        self.receivers = 0
        """WebRTC receivers, kept by the fan-out."""
        self.socket_receivers = 0
        """Receivers over their WebSocket, who count themselves."""
        self.listeners = 0
        """HTTP listeners, kept by the broadcast."""
        self.replays = 0
        """HTTP listeners who began in the past, and count themselves."""
        self.lookback_s = 0.0
        """How far back one may begin to hear it, kept by the lookback; 0: nothing is kept."""
        self.recorded = False
        """Whether it is written to a file now, kept by the recordings."""
        self.frames_pushed = 0
        self.frames_dropped = 0
        """Frames lost by subscriptions that have left; those present count their own."""
        self.started_at = clock()
        self.last_frame_at = self.started_at
        self._sinks: tuple[Sink[Frame], ...] = ()
        self._subscriptions: set[Subscription[Frame]] = set()
        self._onlookers = 0
        """Subscriptions that are no reason to make frames."""
        self._on_change = changed
        self._clock = clock

    @property
    def slug(self) -> str | None:
        return self.name.slug if self.name else None

    @property
    def topic(self) -> str:
        """What it is known by beyond its session: its slug, or else its id."""
        return self.slug or self.id

    @property
    def all_listeners(self) -> int:
        """Listeners over HTTP, wherever they began."""
        return self.listeners + self.replays

    @property
    def all_receivers(self) -> int:
        """Receivers over either transport."""
        return self.receivers + self.socket_receivers

    @property
    def demanded(self) -> bool:
        """Whether anybody follows the stream for whom it has to be made."""
        followers = len(self._subscriptions) - self._onlookers
        return bool(self._sinks or followers or self.replays)

    @property
    def subscriptions(self) -> int:
        return len(self._subscriptions)

    def push(self, frame: Frame) -> None:
        """Hand a frame to everybody. Never waits, never raises."""
        self.frames_pushed += 1
        self.last_frame_at = self._clock()
        if self._silence is not None:
            frame = self._silence(frame)
        for sink in self._sinks:
            sink(frame)
        for subscription in self._subscriptions:
            subscription.push(frame)

    def attach(self, sink: Sink[Frame]) -> Callable[[], None]:
        """Add a sink; return the function that takes it off again, once or more often."""
        if self.state is StreamState.ENDED:
            raise StreamEnded(f"stream {self.id} has ended")
        self._sinks += (sink,)

        def detach() -> None:
            self._sinks = tuple(s for s in self._sinks if s is not sink)
            self._changed()

        self._changed()
        return detach

    @contextmanager
    def subscribe(
        self, capacity: int, *, demand: bool = True
    ) -> Iterator[Subscription[Frame]]:
        """
        Follow the stream for the length of a ``with`` block.

        Without ``demand`` a stream that is made on demand is not made for this.
        """
        if self.state is StreamState.ENDED:
            raise StreamEnded(f"stream {self.id} has ended")
        subscription = Subscription[Frame](capacity)
        self._subscriptions.add(subscription)
        self._onlookers += not demand
        self._changed()
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            self._onlookers -= not demand
            self.frames_dropped += subscription.frames_dropped
            subscription.close()
            self._changed()

    def set_muted(self, muted: bool, *, gated: bool = False) -> None:
        """
        Mark the stream as muted by its sender; its frames are silence then.

        ``gated`` are frames that are silence only while it is quiet where the sender is.
        """
        if (muted, gated) != (self.muted, self.gated):
            self.muted, self.gated = muted, gated
            self._changed()

    @property
    def muted_by_house(self) -> bool:
        return self._silence is not None

    def mute_by_house(self, silence: Callable[[Frame], Frame] | None) -> None:
        """
        From now on hand out what ``silence`` makes of each frame; None: the frame itself.

        Nobody who follows the stream gets around it, and to all of them the stream goes on.
        """
        before, self._silence = self.muted_by_house, silence
        if before != self.muted_by_house:
            self._changed()

    def count_receivers(self, receivers: int) -> None:
        self.receivers = receivers
        self._changed()

    def count_socket_receivers(self, change: int) -> None:
        self.socket_receivers += change
        self._changed()

    def count_listeners(self, listeners: int) -> None:
        self.listeners = listeners
        self._changed()

    def count_replays(self, change: int) -> None:
        self.replays += change
        self._changed()

    def set_lookback(self, seconds: float) -> None:
        if seconds != self.lookback_s:
            self.lookback_s = seconds
            self._changed()

    def set_recorded(self, recorded: bool) -> None:
        if recorded != self.recorded:
            self.recorded = recorded
            self._changed()

    def _changed(self) -> None:
        if self.state is not StreamState.ENDED:
            self._on_change()

    def set_state(self, state: StreamState) -> None:
        """For `MediaRelay` alone. An ended stream stays ended; ending closes its subscriptions."""
        if self.state in (state, StreamState.ENDED):
            return
        self.state = state
        if state is StreamState.ENDED:
            self._sinks = ()
            for subscription in self._subscriptions:
                subscription.close()
