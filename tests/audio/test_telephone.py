"""The codecs of telephones become sound at 48 kHz."""

import av
import numpy as np
import pytest
from av.audio.codeccontext import AudioCodecContext

from relay.audio.telephone import TelephoneCodec, TelephoneDecoder, Upsampler

ENCODERS = {
    TelephoneCodec.PCMU: ("pcm_mulaw", 8_000),
    TelephoneCodec.PCMA: ("pcm_alaw", 8_000),
    TelephoneCodec.G722: ("g722", 16_000),
}


def payloads(codec: TelephoneCodec, frequency_hz: float, seconds: float) -> list[bytes]:
    """A tone at -12 dBFS as payloads of 20 ms."""
    name, rate = ENCODERS[codec]
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = rate
    context.layout = "mono"
    context.format = "s16"
    size = rate // 50
    time_s = np.arange(round(seconds * rate)) / rate
    tone = (8192 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.int16)
    out = []
    for n in range(len(tone) // size):
        frame = av.AudioFrame.from_ndarray(
            tone[n * size : (n + 1) * size].reshape(1, -1), "s16", "mono"
        )
        frame.sample_rate = rate
        frame.pts = n * size
        out += [bytes(packet) for packet in context.encode(frame)]
    return out


@pytest.mark.parametrize("codec", list(TelephoneCodec))
def test_a_tone_keeps_its_pitch_and_level(codec: TelephoneCodec) -> None:
    """1 kHz stays 1 kHz, as loud as it was, with nothing else above -30 dB beside it."""
    decoder = TelephoneDecoder(codec)
    sound = np.concatenate([decoder.decode(p) for p in payloads(codec, 1000, 1.0)])
    assert len(sound) == 48_000
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(48_000))) / 12_000
    assert spectrum.argmax() == 1000
    assert spectrum[1000] == pytest.approx(8192, rel=0.1)
    spectrum[990:1011] = 0
    assert spectrum.max() < 8192 * 0.03


def test_an_empty_payload_is_refused() -> None:
    """What holds no sound is a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        TelephoneDecoder(TelephoneCodec.PCMU).decode(b"")


def test_calls_join_without_a_seam() -> None:
    """Raised in pieces, the sound is the same as raised at once."""
    samples = np.sin(np.arange(400) / 7) * 10_000
    whole = Upsampler(6).process(samples)
    pieces = Upsampler(6)
    parts = [pieces.process(part) for part in np.split(samples, [1, 90, 333])]
    assert np.array_equal(whole, np.concatenate(parts))


def test_a_constant_stays_a_constant() -> None:
    """No phase of the filter is louder than another."""
    raised = Upsampler(3).process(np.full(100, 1234.0))
    assert set(raised[36:]) == {1234}
