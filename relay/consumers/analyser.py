"""Measures a stream's sound ten times a second for those who watch it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relay.audio.level import peak_dbfs, rms_dbfs
from relay.audio.spectrum import bands_dbfs
from relay.audio.voice_activity import VoiceActivity
from relay.consumers.decoder import DecoderPool, PacketStream
from relay.consumers.packet_decoder import PcmChunk

SAMPLE_RATE = 48_000
MEASURED_SAMPLES = SAMPLE_RATE // 10

_ROW = np.array([0])


@dataclass(frozen=True, slots=True)
class Measurement:
    """How a tenth of a second sounded; levels in dBFS to a tenth."""

    captured_at: float
    """When its last sample was captured: seconds since 1970 on the server's clock."""
    level_dbfs: float
    peak_dbfs: float
    voice: bool
    bands: tuple[float, ...]
    """32 levels, logarithmic from 50 Hz to 16 kHz."""


Watcher = Callable[[Measurement], None]


class Analyser:
    """The tap of one stream, shared by all who watch it."""

    def __init__(self, ended: Callable[["Analyser"], None]) -> None:
        self.watchers: list[Watcher] = []
        self._ended = ended
        self._newest = np.zeros(MEASURED_SAMPLES, np.int16)
        self._unmeasured = 0
        self._voice_activity = VoiceActivity(1)
        self._voice = False

    def consume(self, chunk: PcmChunk) -> Measurement | None:
        samples = len(chunk.pcm)
        level_dbfs = np.array([rms_dbfs(chunk.pcm)])
        voice = self._voice_activity.update(_ROW, level_dbfs, samples / SAMPLE_RATE)
        self._voice = self._voice or bool(voice[0])
        self._newest = np.concatenate((self._newest, chunk.pcm))[-MEASURED_SAMPLES:]
        self._unmeasured += samples
        if self._unmeasured < MEASURED_SAMPLES:
            return None
        self._unmeasured %= MEASURED_SAMPLES
        return self._measure(chunk.captured_at + samples / SAMPLE_RATE)

    def _measure(self, captured_at: float) -> Measurement:
        voice, self._voice = self._voice, False
        return Measurement(
            captured_at=captured_at,
            level_dbfs=round(rms_dbfs(self._newest), 1),
            peak_dbfs=round(peak_dbfs(self._newest), 1),
            voice=voice,
            bands=tuple(round(float(band), 1) for band in bands_dbfs(self._newest)),
        )

    def deliver(self, measurement: Measurement) -> None:
        for watcher in tuple(self.watchers):
            watcher(measurement)

    def end(self) -> None:
        self.watchers.clear()
        self._ended(self)


class Visualization:
    """One analyser per stream that anybody watches."""

    def __init__(self, decoders: DecoderPool) -> None:
        self._decoders = decoders
        self._analysers: dict[str, Analyser] = {}
        self._detach: dict[Analyser, Callable[[], None]] = {}

    @property
    def watched(self) -> int:
        """How many streams are being measured."""
        return len(self._analysers)

    def subscribe(self, stream: PacketStream, watcher: Watcher) -> Callable[[], None]:
        """
        Call the watcher with every measurement, on the event loop; it must not raise.

        Return the function that ends it; calling that twice is harmless. It ends by
        itself with the stream. Raises `StreamNotFound` if that is over already.
        """
        analyser = self._analysers.get(stream.id) or self._start(stream)
        analyser.watchers.append(watcher)

        def unsubscribe() -> None:
            if watcher in analyser.watchers:
                analyser.watchers.remove(watcher)
            if not analyser.watchers:
                self._stop(stream.id, analyser)

        return unsubscribe

    def _start(self, stream: PacketStream) -> Analyser:
        analyser = Analyser(ended=lambda analyser: self._stop(stream.id, analyser))
        self._detach[analyser] = self._decoders.attach(stream, analyser)
        self._analysers[stream.id] = analyser
        return analyser

    def _stop(self, stream_id: str, analyser: Analyser) -> None:
        """Stop measuring. Idempotent."""
        if detach := self._detach.pop(analyser, None):
            del self._analysers[stream_id]
            detach()
