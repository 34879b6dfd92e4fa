"""Real Opus packets, encoded once: load must not cost the measuring machine an encoder."""

from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

SAMPLE_RATE = 48_000
PACKET_SAMPLES = 960
PACKETS_PER_S = 50

Sound = NDArray[np.int16]
"""A row for each packet."""

ROOM_DBFS, TALK_DBFS = -70.0, -20.0

TONE_BPS = 23_000
"""Makes packets of about 80 bytes, as browsers do for a voice."""


@lru_cache
def tone(packets: int = 300) -> tuple[bytes, ...]:
    """Return so many different packets of a sound with partials that come and go."""
    return _encode(tone_sound(packets))


@lru_cache
def beeps(*, packets: int, beep: int) -> tuple[bytes, ...]:
    """Return silence of so many packets in a row whose last ``beep`` ones are loud."""
    # Encoded twice over, so that the second round follows a beep as all later ones do.
    return _encode(np.tile(beeps_sound(packets=packets, beep=beep), (2, 1)))[packets:]


@lru_cache
def talk(packets: int, level_dbfs: float) -> tuple[bytes, ...]:
    """Return so many packets of what has the pitch and the noise of a voice, at a level."""
    return _encode(talk_sound(packets, level_dbfs))


@lru_cache
def words(*, packets: int, word: int) -> tuple[bytes, ...]:
    """Return a quiet room of so many packets in a row, in the last ``word`` of which one talks."""
    quiet = talk_sound(packets, ROOM_DBFS)
    quiet[packets - word :] = talk_sound(word, TALK_DBFS)
    return _encode(np.tile(quiet, (2, 1)))[packets:]


def talk_sound(packets: int, level_dbfs: float) -> Sound:
    """Return the sound of `talk`: partials of a pitch that goes up and down, and some noise."""
    t = np.arange(packets * PACKET_SAMPLES) / SAMPLE_RATE
    phase = 2 * np.pi * (140 * t - 5 * np.cos(2 * np.pi * 0.8 * t))
    sound = sum(np.sin(n * phase) / n for n in range(1, 16))
    noise = np.random.default_rng(1).normal(0.0, 0.1, len(t))
    sound = np.asarray(sound) * (1.2 + np.sin(2 * np.pi * 4 * t)) + noise
    amplitude = 32768 * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(sound**2))
    return _in_packets(np.rint(sound * amplitude))


def tone_sound(packets: int = 300) -> Sound:
    """Return the sound of `tone`."""
    t = np.arange(packets * PACKET_SAMPLES) / SAMPLE_RATE
    sound = sum(
        np.sin(2 * np.pi * frequency * t) * (1 + np.sin(2 * np.pi * swell * t))
        for frequency, swell in ((220, 0.7), (440, 1.1), (660, 1.9), (1320, 3.1))
    )
    return _in_packets(np.asarray(sound) * 3000)


def beeps_sound(*, packets: int, beep: int) -> Sound:
    """Return the sound of `beeps`."""
    t = np.arange(packets * PACKET_SAMPLES) / SAMPLE_RATE
    loud = t >= (packets - beep) * PACKET_SAMPLES / SAMPLE_RATE
    return _in_packets(np.sin(2 * np.pi * 1000 * t) * 12_000 * loud)


def _in_packets(sound: NDArray[np.float64]) -> Sound:
    return sound.astype(np.int16).reshape(-1, PACKET_SAMPLES)


def _encode(sound: Sound) -> tuple[bytes, ...]:
    encoder = _encoder()
    payloads: list[bytes] = []
    for place, samples in enumerate(sound):
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = place * PACKET_SAMPLES
        payloads += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(payloads)


def _encoder() -> AudioCodecContext:
    context = av.CodecContext.create("libopus", "w")
    context.sample_rate = SAMPLE_RATE
    context.layout = "mono"
    context.format = "s16"
    context.time_base = Fraction(1, SAMPLE_RATE)
    context.bit_rate = TONE_BPS
    context.options = {"application": "voip", "frame_duration": "20"}
    return context
