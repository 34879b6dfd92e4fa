"""What somebody asked to be written down: a name's sound, for as long as it was asked for."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from relay.audio.ogg import OggOpusWriter
from relay.consumers.decoder import PacketStream
from relay.consumers.kept_packets import KeptPackets
from relay.consumers.opus_playout import OpusPlayout
from relay.consumers.sound_files import (
    RECORDING,
    SoundFile,
    SoundFiles,
    SoundWriter,
)
from relay.errors import CapacityExceeded, RelayError
from relay.errors import StreamEnded as AlreadyEnded
from relay.events import StreamChanged
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket

logger = logging.getLogger(__name__)

WRITE_EVERY_S = 1.0
MAX_ABSENT_S = 600.0
"""A name under which nobody sends for so long is not recorded any more."""

MAX_RECORDINGS = 8
"""At once."""


@dataclass(frozen=True, slots=True)
class _Means:
    """What all recordings go by."""

    relay: MediaRelay[RtpPacket]
    files: SoundFiles
    longest_s: float
    hushed: Callable[[PacketStream], bool]
    clock: Callable[[], float]
    every_s: float


class Recordings:
    """
    Those that go on, by topic. An async context manager; leaving it finishes all.

    A recording is of a name, so it goes on with its next session; what lies in between,
    and every other hole, is silence as long as it was.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        files: SoundFiles,
        longest_s: float,
        *,
        hushed: Callable[[PacketStream], bool] = lambda _: False,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        every_s: float = WRITE_EVERY_S,
    ) -> None:
        self._files = files
        self._wall = wall
        self._means = _Means(relay, files, longest_s, hushed, clock, every_s)
        self._going: dict[str, Recording] = {}
        self._starting: set[str] = set()
        self.ended: dict[str, int] = dict.fromkeys(ENDS, 0)
        """How many are over, by reason."""

    async def __aenter__(self) -> "Recordings":
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(r.stop("shutdown") for r in [*self._going.values()]))

    @property
    def going(self) -> int:
        return len(self._going)

    def of(self, topic: str) -> "Recording | None":
        """Return the one of a stream, if it goes on."""
        return self._going.get(topic)

    async def start(self, stream: PacketStream) -> "Recording":
        """
        Record a stream, or return the recording of it that goes on.

        Raises `CapacityExceeded` if there is no room, or `OSError`.
        """
        topic = stream.topic
        if topic in self._going:
            return self._going[topic]
        if len(self._going) + len(self._starting) >= MAX_RECORDINGS:
            raise CapacityExceeded(f"{MAX_RECORDINGS} recordings go on already")
        if topic in self._starting:
            raise CapacityExceeded("it is just being started")
        self._starting.add(topic)
        try:
            writer = await self._files.begin(topic, RECORDING, self._wall())
        finally:
            self._starting.discard(topic)
        recording = Recording(topic, writer, self._means)
        self._going[topic] = recording
        recording.begin(lambda: self._over(recording))
        return recording

    def _over(self, recording: "Recording") -> None:
        self._going.pop(recording.topic, None)
        self.ended[recording.end_reason] += 1


ENDS = ("stopped", "too_long", "no_room", "absent", "failed", "shutdown")
"""Why a recording is over."""


class Recording:
    """One task that writes a second at a time."""

    def __init__(self, topic: str, writer: SoundWriter, means: _Means) -> None:
        self.topic = topic
        self.end_reason = "failed"
        """One of `ENDS` when it is over."""
        self.file: SoundFile | None = None
        """What it has become, when it is over; None: nothing."""
        self._writer = writer
        self._means = means
        self._began_at = self._present_at = means.clock()
        self._playout = OpusPlayout(self._began_at)
        title = f"TITLE={topic}: {RECORDING}"
        self._ogg = OggOpusWriter(secrets.randbits(32), [title])
        self._packets: KeptPackets | None = None
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def began_at(self) -> float:
        """Seconds since 1970."""
        return self._writer.file.began_at

    @property
    def seconds(self) -> float:
        return self._means.clock() - self._began_at

    @property
    def size(self) -> int:
        """Bytes that were written."""
        return self._writer.bytes

    def begin(self, over: Callable[[], None]) -> None:
        """To be called once; ``over`` is called when it has ended, however."""
        self._follow()
        self._task = asyncio.create_task(self._run(), name=f"recording {self.topic}")
        self._task.add_done_callback(lambda _: over())

    async def stop(self, reason: str = "stopped") -> SoundFile | None:
        """End it, and return what it has become. Idempotent; the first reason counts."""
        assert self._task is not None, "it has begun"
        if not self._stop.is_set():
            self.end_reason = reason
            self._stop.set()
        await asyncio.wait([self._task])
        return self.file

    async def _run(self) -> None:
        unsubscribe = self._means.relay.events.subscribe(StreamChanged, self._changed)
        try:
            await self._write(self._ogg.header)
            while not self._stop.is_set():
                await self._wait()
                await self._advance()
        except (OSError, CapacityExceeded) as error:
            self.end_reason = "no_room" if isinstance(error, RelayError) else "failed"
            logger.error("recording %s ends: %s", self.topic, error)
        except Exception:  # the outer edge of this task
            logger.exception("recording %s failed", self.topic)
        finally:
            unsubscribe()
            self._leave()
            await self._finish()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._means.every_s):
                await self._stop.wait()
        except TimeoutError:
            pass

    async def _advance(self) -> None:
        """Write what came, and look whether it is to go on."""
        packets = self._packets.take() if self._packets else []
        now = self._means.clock()
        self._follow()
        if pieces := self._playout.retrace(packets, now):
            await self._write(self._ogg.write_all(pieces))
        if now - self._began_at >= self._means.longest_s:
            self._end("too_long")
        elif now - self._present_at >= MAX_ABSENT_S:
            self._end("absent")

    async def _write(self, data: bytes) -> None:
        self._means.files.check_room(RECORDING, self._writer.bytes)
        await self._writer.write(data)

    def _end(self, reason: str) -> None:
        if not self._stop.is_set():
            self.end_reason = reason
            self._stop.set()

    def _follow(self) -> None:
        """Follow the stream that is there now, and have it tell that it is recorded."""
        stream = next(
            (s for s in self._means.relay.streams if s.topic == self.topic), None
        )
        if stream is not None:
            self._present_at = self._means.clock()
        if self._packets is not None and self._packets.stream is stream:
            return
        self._leave()
        if stream is not None:
            try:
                self._packets = KeptPackets(stream, self._means.hushed, demand=True)
            except AlreadyEnded:
                return
            stream.set_recorded(True)

    def _leave(self) -> None:
        if self._packets is not None:
            self._packets.close()
            self._packets.stream.set_recorded(False)
            self._packets = None

    def _changed(self, event: StreamChanged) -> None:
        if self._packets is not None and self._packets.stream.id == event.stream_id:
            self._packets.note_change()

    async def _finish(self) -> None:
        try:
            self.file = await self._writer.finish()
        except OSError as error:
            logger.error("the recording of %s is not whole: %s", self.topic, error)
