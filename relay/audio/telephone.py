"""The codecs of telephones, which a few clients still speak: PCMU, PCMA and G.722."""

import enum

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
SAMPLE_RATE = 48_000

RTP_CLOCK_RATE = 8_000
"""Of all three; G.722 has 16,000 samples a second and says 8,000 (RFC 3551, 4.5.2)."""


class TelephoneCodec(enum.Enum):
    """By the name that SDP uses."""

    PCMU = "PCMU"
    PCMA = "PCMA"
    G722 = "G722"


_LIBRARY_NAMES = {
    TelephoneCodec.PCMU: ("pcm_mulaw", 8_000),
    TelephoneCodec.PCMA: ("pcm_alaw", 8_000),
    TelephoneCodec.G722: ("g722", 16_000),
}

_TAPS_PER_PHASE = 12


class TelephoneDecoder:
    """Makes sound at 48 kHz of payloads, one after the other."""

    def __init__(self, codec: TelephoneCodec) -> None:
        name, rate = _LIBRARY_NAMES[codec]
        context = av.CodecContext.create(name, "r")
        assert isinstance(context, AudioCodecContext), "these are audio codecs"
        context.sample_rate = rate
        context.layout = "mono"
        self._context = context
        self._upsampler = Upsampler(SAMPLE_RATE // rate)

    def decode(self, payload: bytes) -> Pcm:
        """Return the sound of a payload. Raises `ValueError` if it has none."""
        try:
            frames = self._context.decode(av.Packet(payload))
        except av.FFmpegError as error:
            raise ValueError(str(error)) from None
        if not frames:
            raise ValueError("the decoder made nothing of it")
        pcm = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
        return self._upsampler.process(pcm.astype(np.float64))


class Upsampler:
    """
    Raises the sample rate by a whole factor, with a windowed sinc in polyphase form.

    Continuous over calls; the delay is 6 samples of the lower rate.
    """

    def __init__(self, factor: int) -> None:
        taps = factor * _TAPS_PER_PHASE
        time = (np.arange(taps) - (taps - 1) / 2) / factor
        kernel = np.sinc(0.95 * time) * np.kaiser(taps, 6.0)
        phases = kernel.reshape(_TAPS_PER_PHASE, factor).T
        self._phases = phases / phases.sum(axis=1, keepdims=True)
        self._tail = np.zeros(_TAPS_PER_PHASE - 1)

    def process(self, samples: NDArray[np.float64]) -> Pcm:
        line = np.concatenate((self._tail, samples))
        self._tail = line[len(samples) :]
        windows = np.lib.stride_tricks.sliding_window_view(line, _TAPS_PER_PHASE)
        raised = (windows[:, ::-1] @ self._phases.T).reshape(-1)
        pcm: Pcm = np.clip(np.rint(raised), -32768, 32767).astype(np.int16)
        return pcm
