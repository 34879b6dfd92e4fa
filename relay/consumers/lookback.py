"""What did I just miss: the last minutes of every stream, in memory, for who wants to hear them."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relay.consumers.decoder import PacketStream
from relay.consumers.kept_packets import KeptPackets
from relay.consumers.packet_ring import PacketRing
from relay.errors import StreamEnded as AlreadyEnded
from relay.errors import StreamNotFound
from relay.events import StreamChanged, StreamEnded, StreamStarted
from relay.hub.identity import slug_of
from relay.hub.media_relay import MediaRelay
from relay.private_file import PrivateFile
from relay.rtp.packet import RtpPacket

logger = logging.getLogger(__name__)

COLLECT_EVERY_S = 0.25
MAX_SWITCHED_OFF = 1000
"""Names; as many more than a house has as nobody would ever switch off by hand."""

MAX_BYTES = 256 * 1024 * 1024
"""Of all streams together; beyond it the largest loses its oldest."""


@dataclass(frozen=True, slots=True)
class _Followed:
    """A live stream and the ring that it goes into."""

    packets: KeptPackets
    ring: PacketRing

    @property
    def stream(self) -> PacketStream:
        return self.packets.stream


class Lookback:
    """
    Follows every stream and keeps what it sends. An async context manager.

    A ring belongs to a name and outlives the sender, until all in it is too old.
    Rule 1: what nobody was to hear is not in it: while a stream is muted silence is kept,
    and while its sender has sent somebody away nothing is.
    Rule 2: a sender that switches it off has everything forgotten at once.
    Rule 3: a stream that is made on demand is not made for this.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        seconds: float,
        file: PrivateFile | None = None,
        *,
        hushed: Callable[[PacketStream], bool] = lambda _: False,
        clock: Callable[[], float] = time.monotonic,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """
        ``hushed`` tells whether somebody may not hear a stream now; ``file`` is where
        those are noted who switched it off.
        """
        self.seconds = seconds
        self._relay = relay
        self._hushed = hushed
        self._clock = clock
        self._max_bytes = max_bytes
        self._rings: dict[str, PacketRing] = {}
        self._followed: dict[str, _Followed] = {}
        self._file = file
        self._off: dict[str, None] = {}
        """Topics, those switched off last at the end."""
        self._saving: set[asyncio.Task[None]] = set()
        self._unsubscribe: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._chunks_cut_before = 0
        """By rings that are gone."""
        self.packets_kept = 0
        self._packets_dropped_before = 0
        """By subscriptions that are over."""

    async def __aenter__(self) -> "Lookback":
        if self._file is not None:
            known = await asyncio.to_thread(self._file.load, _topics)
            self._off = dict.fromkeys(known or ())
        events = self._relay.events
        self._unsubscribe = [
            events.subscribe(
                StreamStarted, lambda event: self._follow(event.stream_id)
            ),
            events.subscribe(StreamChanged, self._changed),
            events.subscribe(StreamEnded, lambda event: self._leave(event.stream_id)),
        ]
        for stream in self._relay.streams:
            self._follow(stream.id)
        if self.seconds:
            self._task = asyncio.create_task(self._run(), name="lookback")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Follow nothing any more, and forget everything. Idempotent."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for stream_id in tuple(self._followed):
            self._leave(stream_id)
        self.end_readers()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await asyncio.gather(*self._saving)

    def end_readers(self) -> None:
        """Send everybody away who hears the past, and forget it. Idempotent."""
        for topic in tuple(self._rings):
            self._drop(topic)

    # --- for those who hear it ----------------------------------------------------------

    def ring(self, address: str) -> PacketRing | None:
        """Return what is kept of a live stream, or of a name; None: nothing is."""
        try:
            return self._rings.get(self._relay.find(address).topic)
        except StreamNotFound:
            return self._rings.get(slug_of(address))

    def is_on(self, topic: str) -> bool:
        """Tell whether what is sent under a topic is kept."""
        return self.seconds > 0 and not self.is_switched_off(topic)

    def is_switched_off(self, topic: str) -> bool:
        """Tell whether its sender, or an admin, does not want it to be kept."""
        return topic in self._off

    def switch(self, topic: str, enabled: bool) -> None:
        """Keep what is sent under a topic, or forget it at once and keep nothing. Idempotent."""
        if self.is_switched_off(topic) is enabled:
            self._off.pop(topic, None)
            if not enabled:
                self._off[topic] = None
            self._save()
        if not enabled:
            self._drop(topic)
        for stream in self._relay.streams:
            if stream.topic == topic and enabled:
                self._follow(stream.id)
            elif stream.topic == topic:
                self._leave(stream.id)
                stream.set_lookback(0.0)

    # --- what is counted ----------------------------------------------------------------

    @property
    def rings(self) -> int:
        return len(self._rings)

    @property
    def bytes(self) -> int:
        return sum(ring.bytes for ring in self._rings.values())

    @property
    def readers(self) -> int:
        return sum(ring.readers for ring in self._rings.values())

    @property
    def chunks_cut(self) -> int:
        """Quarters of a second that were given up before their time."""
        present = sum(ring.chunks_cut for ring in self._rings.values())
        return self._chunks_cut_before + present

    @property
    def packets_dropped(self) -> int:
        """Packets that came faster than they were collected."""
        present = (followed.packets.dropped for followed in self._followed.values())
        return self._packets_dropped_before + sum(present)

    # --- how it is kept -----------------------------------------------------------------

    def _follow(self, stream_id: str) -> None:
        stream = next((s for s in self._relay.streams if s.id == stream_id), None)
        if (
            stream is None
            or stream_id in self._followed
            or not self.is_on(stream.topic)
        ):
            return
        try:
            packets = KeptPackets(stream, self._hushed)
        except AlreadyEnded:
            return
        ring = self._rings.setdefault(
            stream.topic, PacketRing(self.seconds, self._clock())
        )
        self._followed[stream.id] = _Followed(packets, ring)
        stream.set_lookback(self.seconds)

    def _leave(self, stream_id: str) -> None:
        followed = self._followed.pop(stream_id, None)
        if followed is None:
            return
        self._collect_from(followed)
        followed.packets.close()
        self._packets_dropped_before += followed.packets.dropped
        if followed.stream.slug is None:
            # Nobody finds it any more, and its id will never be sent under again.
            self._drop(stream_id)
            self._off.pop(stream_id, None)

    def _changed(self, event: StreamChanged) -> None:
        followed = self._followed.get(event.stream_id)
        if followed is not None:
            followed.packets.note_change()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(COLLECT_EVERY_S)
            try:
                self.collect()
            except Exception:  # the outer edge of this task: the next round may go well
                logger.exception("the last minutes were not kept")

    def collect(self) -> None:
        """Take what was sent since the last round, and forget what is too old."""
        for followed in tuple(self._followed.values()):
            self._collect_from(followed)
        live = {followed.stream.topic for followed in self._followed.values()}
        for topic in self._rings.keys() - live:
            ring = self._rings[topic]
            ring.add((), self._clock())
            if ring.empty and not ring.readers:
                self._drop(topic)
        while self.bytes > self._max_bytes:
            max(self._rings.values(), key=lambda ring: ring.bytes).cut()

    def _collect_from(self, followed: _Followed) -> None:
        packets = followed.packets.take()
        followed.ring.add(packets, self._clock())
        self.packets_kept += len(packets)

    def _drop(self, topic: str) -> None:
        ring = self._rings.pop(topic, None)
        if ring is not None:
            ring.close()
            self._chunks_cut_before += ring.chunks_cut

    def _save(self) -> None:
        """Note who switched it off, in the background; sessions without a name do not return."""
        while len(self._off) > MAX_SWITCHED_OFF:
            del self._off[next(iter(self._off))]
        if self._file is not None:
            task = asyncio.create_task(self._write(self._file, self._names_off()))
            self._saving.add(task)
            task.add_done_callback(self._saving.discard)

    def _names_off(self) -> list[str]:
        return [topic for topic in self._off if not topic.startswith("stream_")]

    async def _write(self, file: PrivateFile, names: list[str]) -> None:
        try:
            await file.save({"off": names})
        except OSError as error:
            logger.error("%s cannot be written: %s", file.path, error.strerror)


def _topics(content: Any) -> list[str]:
    """Read the file. Raises as `PrivateFile.load` wants it."""
    topics = content["off"]
    if not isinstance(topics, list) or not all(isinstance(t, str) for t in topics):
        raise TypeError("no list of names")
    return topics
