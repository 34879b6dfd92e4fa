"""Recordings of a tone in every format that a source may have."""

import io
from fractions import Fraction
from functools import cache

import av

from relay.audio.codec import SAMPLE_RATE
from tests.fakes import sine

# By the name of the format: libavformat's, the codec, and how it is announced.
FORMATS = {
    "mp3": ("mp3", "libmp3lame", "audio/mpeg"),
    "ogg": ("ogg", "libopus", "audio/ogg"),
    "aac": ("adts", "aac", "audio/aac"),
    "flac": ("flac", "flac", "audio/flac"),
    "wav": ("wav", "pcm_s16le", "audio/wav"),
    "webm": ("webm", "libopus", "audio/webm"),
}


@cache
def recording(
    kind: str, frequency_hz: float = 700.0, seconds: float = 3.0, channels: int = 1
) -> bytes:
    """Return a file with a tone of -12 dBFS."""
    container_format, codec, _ = FORMATS[kind]
    file = io.BytesIO()
    pcm = sine(frequency_hz, -12.0, round(seconds * SAMPLE_RATE)).reshape(1, -1)
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    with av.open(file, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=SAMPLE_RATE, layout=layout)
        frame = av.AudioFrame.from_ndarray(
            pcm.repeat(channels, axis=0).T.reshape(1, -1).copy(),
            format="s16",
            layout=layout,
        )
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        frame.pts = 0
        fit = av.AudioResampler(stream.format.name, layout, SAMPLE_RATE)
        for part in fit.resample(frame):
            for packet in stream.encode(part):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return file.getvalue()


def content_type(kind: str) -> str:
    return FORMATS[kind][2]
