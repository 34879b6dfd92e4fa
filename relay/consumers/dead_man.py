"""Notices that a stream that is watched is gone, or that nothing comes from it any more."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import uuid4

from relay.events import SoundNoticed, StreamChanged, StreamEnded, StreamStarted
from relay.features import SoundEvent, SoundEventKind
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream, StreamState
from relay.rtp.packet import RtpPacket

PATIENCE_S = 8.0
"""A page that is loaded again, or a phone that changes its network, is back sooner."""

RETURN_S = 60.0
"""For senders to find a server that has begun anew, with the longest pause of their attempts."""

MAX_ABSENT = 500
"""Names that are gone; beyond it the one that went first is not waited for any more."""


@dataclass(slots=True)
class _Absence:
    """A name that is gone: since when, and what was told of it, if it is time for that."""

    event: SoundEvent
    timer: asyncio.TimerHandle
    told: bool = False


class DeadMan:
    """
    Publishes ``stalled`` and ``lost`` as sound events, which end when the stream is back.

    A quiet room is not gone: its packets go on. Of streams without a name nobody could
    say what is missing. A context manager.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        watches: Callable[[str, SoundEventKind], bool],
        *,
        expected: Iterable[str] = (),
        patience_s: float = PATIENCE_S,
        return_s: float = RETURN_S,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """
        ``watches`` tells of a slug whether somebody wants to know; ``expected`` are slugs
        that are missed from the start, be it that a power cut ended server and sender.
        """
        self._relay = relay
        self._watches = watches
        self._expected = frozenset(expected)
        self._patience_s = patience_s
        self._return_s = return_s
        self._wall = wall
        self._live: dict[str, Stream[RtpPacket]] = {}
        """By id: the relay has forgotten a stream when it tells of its end."""
        self._absent: OrderedDict[str, _Absence] = OrderedDict()
        self._unsubscribe: list[Callable[[], None]] = []

    def __enter__(self) -> "DeadMan":
        events = self._relay.events
        self._unsubscribe = [
            events.subscribe(StreamStarted, self._started),
            events.subscribe(StreamChanged, self._changed),
            events.subscribe(StreamEnded, self._ended),
        ]
        for stream in self._relay.streams:
            self._started(StreamStarted(stream.id))
        live = {stream.slug for stream in self._live.values()}
        for slug in sorted(self._expected - live):
            self._gone(slug, "", SoundEventKind.LOST, self._return_s)
        return self

    def __exit__(self, *_: object) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for absence in self._absent.values():
            absence.timer.cancel()
        self._absent.clear()

    def _started(self, event: StreamStarted) -> None:
        stream = self._relay.find(event.stream_id)
        if stream.slug is not None:
            self._live[stream.id] = stream
            self._back(stream.slug)

    def _changed(self, event: StreamChanged) -> None:
        stream = self._live.get(event.stream_id)
        if stream is None or stream.slug is None:
            return
        if stream.state is StreamState.STALLED:
            self._gone(stream.slug, stream.id, SoundEventKind.STALLED, self._patience_s)
        else:
            self._back(stream.slug)

    def _ended(self, event: StreamEnded) -> None:
        stream = self._live.pop(event.stream_id, None)
        if stream is not None and stream.slug is not None:
            self._gone(stream.slug, stream.id, SoundEventKind.LOST, self._patience_s)

    def _gone(
        self, slug: str, session: str, kind: SoundEventKind, patience_s: float
    ) -> None:
        before = self._absent.get(slug)
        if before is not None and before.event.kind is kind:
            return
        self._back(slug)
        if not self._watches(slug, kind):
            return
        now = self._wall()
        since = before.event.began_at if before else now
        delay_s = max(0.0, patience_s - (now - since))
        loop = asyncio.get_running_loop()
        self._absent[slug] = _Absence(
            SoundEvent(uuid4().hex, kind, slug, session, since),
            loop.call_later(delay_s, self._tell, slug),
        )
        if len(self._absent) > MAX_ABSENT:
            _, oldest = self._absent.popitem(last=False)
            oldest.timer.cancel()

    def _tell(self, slug: str) -> None:
        absence = self._absent[slug]
        absence.told = True
        self._relay.events.publish(SoundNoticed(absence.event))

    def _back(self, slug: str) -> None:
        """It is there again, or something else is to be told of it. Idempotent."""
        absence = self._absent.pop(slug, None)
        if absence is not None:
            absence.timer.cancel()
            if absence.told:
                over = replace(absence.event, ended_at=self._wall())
                self._relay.events.publish(SoundNoticed(over))
