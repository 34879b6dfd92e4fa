"""Tests of relay/audio/codec.py: what is encoded is heard again, and holes do not click."""

import os

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from relay.audio.codec import (
    FADE_OUT_SAMPLES,
    OPUS_FRAME_SAMPLES,
    CorruptPacket,
    OpusDecoder,
    OpusEncoder,
)
from relay.audio.encoders import Mp3Encoder
from relay.audio.level import rms_dbfs
from tests.fakes import FakeSender, pitch, sine

Pcm = NDArray[np.int16]
SECOND = 48_000


def packets(count: int, frequency_hz: float = 440.0) -> list[bytes]:
    sender = FakeSender(frequency_hz=frequency_hz)
    return [sender.packet().payload for _ in range(count)]


def largest_step(pcm: Pcm) -> int:
    """Return the largest difference between neighbouring samples: a click is a large one."""
    return int(np.abs(np.diff(pcm.astype(int))).max())


def steps_of_the_tone() -> int:
    """Return the largest difference between samples of the tone itself."""
    return largest_step(sine(440, -20, SECOND))


def test_a_tone_comes_back_from_opus() -> None:
    """20 ms in, 20 ms out, at the same pitch and level."""
    decoder = OpusDecoder()
    chunks = [decoder.decode(packet) for packet in packets(100)]
    assert {len(chunk) for chunk in chunks} == {OPUS_FRAME_SAMPLES}
    assert chunks[0].dtype == np.int16
    pcm = np.concatenate(chunks[20:])
    assert pitch(pcm) == pytest.approx(440, abs=2)
    assert rms_dbfs(pcm) == pytest.approx(-23, abs=1)


@pytest.mark.parametrize("frame_ms", [2.5, 5, 10, 20, 40, 60, 120])
def test_packets_of_every_length_are_decoded(frame_ms: float) -> None:
    """2.5 to 120 ms, as RFC 6716 allows."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = SECOND
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = 32_000
    encoder.options = {"frame_duration": str(frame_ms)}
    frame = av.AudioFrame.from_ndarray(
        sine(440, -20, SECOND).reshape(1, -1), format="s16", layout="mono"
    )
    frame.sample_rate = SECOND
    decoder = OpusDecoder()
    for packet in encoder.encode(frame)[:4]:
        assert len(decoder.decode(bytes(packet))) == frame_ms * 48
        assert len(decoder.conceal(960)) == 960


def test_a_stereo_sender_is_heard_in_mono() -> None:
    """Both channels, mixed: browsers send stereo if the microphone has it."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = SECOND
    encoder.layout = "stereo"
    encoder.format = "s16"
    encoder.bit_rate = 64_000
    left, right = sine(440, -20, SECOND), np.zeros(SECOND, np.int16)
    frame = av.AudioFrame.from_ndarray(
        np.stack([left, right], axis=1).reshape(1, -1), format="s16", layout="stereo"
    )
    frame.sample_rate = SECOND
    decoder = OpusDecoder()
    pcm = np.concatenate([decoder.decode(bytes(p)) for p in encoder.encode(frame)])
    assert pitch(pcm[SECOND // 4 :]) == pytest.approx(440, abs=2)


@pytest.mark.parametrize("payload", [b"", b"\x03", b"\xff\xff\xff", b"\x7b\xff"])
def test_a_corrupt_packet_is_refused_and_forgotten(payload: bytes) -> None:
    """The next good packet is decoded as if nothing had been."""
    decoder = OpusDecoder()
    good = packets(20)
    for packet in good[:10]:
        decoder.decode(packet)
    with pytest.raises(CorruptPacket):
        decoder.decode(payload)
    after = [decoder.decode(packet) for packet in good[10:]]
    assert rms_dbfs(after[-1]) == pytest.approx(-23, abs=1)


def test_random_bytes_are_decoded_or_refused() -> None:
    """Nothing else happens, whatever a sender puts into a packet."""
    rng = np.random.default_rng(3)
    decoder = OpusDecoder()
    for _ in range(500):
        try:
            pcm = decoder.decode(rng.bytes(int(rng.integers(1, 300))))
        except CorruptPacket:
            continue
        assert 120 <= len(pcm) <= 5760


def test_a_lost_packet_sounds_like_what_was_there_before() -> None:
    """One hole of 20 ms in a tone: the tone goes on, a little softer, and nothing clicks."""
    decoder = OpusDecoder()
    sound = [decoder.decode(packet) for packet in packets(60)[:30]]
    made_up = decoder.conceal(960)
    back = [decoder.decode(packet) for packet in packets(60)[31:]]
    assert len(made_up) == 960
    assert rms_dbfs(made_up) > -35
    assert pitch(made_up) == pytest.approx(440, abs=60)
    around = np.concatenate([sound[-1], made_up, back[0]])
    assert largest_step(around) < 3 * steps_of_the_tone()


def test_concealment_fades_to_silence() -> None:
    """After 120 ms there is nothing left, without a click on the way."""
    decoder = OpusDecoder()
    last = [decoder.decode(packet) for packet in packets(30)][-1]
    made_up = np.concatenate([last, *(decoder.conceal(960) for _ in range(10))])
    assert not made_up[960 + FADE_OUT_SAMPLES :].any()
    assert largest_step(made_up) < 3 * steps_of_the_tone()


def test_sound_comes_back_after_silence_without_a_click() -> None:
    """It fades in within 5 ms and is at its level in the next packet but one."""
    decoder = OpusDecoder()
    good = packets(60)
    for packet in good[:30]:
        decoder.decode(packet)
    silence = decoder.conceal(48_000)
    back = [decoder.decode(packet) for packet in good[30:]]
    assert largest_step(np.concatenate([silence[-960:], back[0]])) < (
        3 * steps_of_the_tone()
    )
    assert rms_dbfs(back[2]) == pytest.approx(-23, abs=2)


@pytest.mark.parametrize("samples", [1, 100, 960, 1000, 2880, 7000])
def test_holes_of_any_length_are_filled(samples: int) -> None:
    """To the sample, before the first packet as well as after it."""
    decoder = OpusDecoder()
    assert not decoder.conceal(samples).any()
    decoder.decode(packets(1)[0])
    assert len(decoder.conceal(samples)) == samples


def test_the_encoder_makes_one_packet_of_20_ms() -> None:
    """One for every frame, small enough for one datagram."""
    encoder = OpusEncoder()
    tone = sine(440, -20, OPUS_FRAME_SAMPLES)
    assert all(3 < len(encoder.encode(tone)) < 400 for _ in range(50))


@pytest.mark.skipif(
    not os.path.isdir("/proc/self/task"), reason="threads are counted in Linux's /proc"
)
def test_codecs_leave_no_threads_behind() -> None:
    """Whatever the library starts for an encoder ends with it."""
    before = len(os.listdir("/proc/self/task"))
    for _ in range(20):
        encoder, mp3, decoder = OpusEncoder(), Mp3Encoder(), OpusDecoder()
        decoder.decode(encoder.encode(sine(440, -20, OPUS_FRAME_SAMPLES)))
        mp3.encode(sine(440, -20, SECOND))
        del encoder, mp3, decoder
    assert len(os.listdir("/proc/self/task")) <= before
