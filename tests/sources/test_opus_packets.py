"""Whatever a source is made of becomes Opus; what is Opus stays as it is."""

import io
from collections.abc import Iterator

import av
import numpy as np
import pytest

from relay.audio.codec import OpusDecoder
from relay.sources.failure import SourceFailed
from relay.sources.opus_packets import OpusPacket, OpusPackets
from tests.e2e.tones import pitch_of
from tests.fakes import pitch
from tests.sources.recordings import FORMATS, recording

HZ = 700.0


def packets_of(data: bytes, packets: OpusPackets | None = None) -> list[OpusPacket]:
    with av.open(io.BytesIO(data)) as container:
        return list((packets or OpusPackets()).of(container))


def sound_of(packets: list[OpusPacket]) -> np.ndarray:
    decoder = OpusDecoder()
    return np.concatenate([decoder.decode(packet.payload) for packet in packets])


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_the_tone_is_the_same_in_every_format(kind: str, channels: int) -> None:
    """At its pitch, and as long as it was."""
    packets = packets_of(recording(kind, HZ, 3.0, channels))
    assert pitch_of(sound_of(packets)) == pytest.approx(HZ, abs=2)
    assert sum(p.samples for p in packets) == pytest.approx(3 * 48_000, abs=4800)
    assert {p.samples for p in packets} == {960}


@pytest.mark.parametrize("kind", ["ogg", "webm"])
@pytest.mark.parametrize("channels", [1, 2])
def test_opus_is_not_touched(kind: str, channels: int) -> None:
    """Byte by byte what the source has, in one channel or two."""
    data = recording(kind, HZ, 1.0, channels)
    with av.open(io.BytesIO(data)) as container:
        own = [bytes(p) for p in container.demux(audio=0) if p.size]
    packets = OpusPackets()
    assert [p.payload for p in packets_of(data, packets)] == own
    assert (packets.untouched, packets.codec) == (True, "opus")


def test_opus_in_six_channels_is_encoded_anew() -> None:
    """WebRTC has two at most."""
    packets = OpusPackets()
    found = packets_of(recording("ogg", HZ, 1.0, 6), packets)
    assert not packets.untouched
    assert pitch_of(sound_of(found)) == pytest.approx(HZ, abs=2)


def test_packets_that_fit_into_no_datagram_are_encoded_anew() -> None:
    """From the first of them on."""
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(-20_000, 20_000, 48_000, np.int16)
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="stereo")
        stream.bit_rate = 510_000
        frame = av.AudioFrame.from_ndarray(noise.reshape(1, -1), "s16", "stereo")
        frame.sample_rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    packets = OpusPackets()
    found = packets_of(file.getvalue(), packets)
    assert len(found) >= 24
    assert max(len(p.payload) for p in found) <= 1200
    assert not packets.untouched


def test_a_second_round_follows_without_a_gap() -> None:
    """What is left of the first one's last packet is the beginning of the next."""
    packets = OpusPackets()
    data = recording("wav", HZ, 1.005)
    rounds = [packets_of(data, packets) for _ in range(4)]
    samples = sum(p.samples for found in rounds for p in found)
    assert samples == pytest.approx(4 * 1.005 * 48_000, abs=1500)
    assert pitch(sound_of(rounds[3])) == pytest.approx(HZ, abs=3)


def test_a_source_may_change_its_form() -> None:
    """A radio that goes from two channels to one, or to another rate."""
    packets = OpusPackets()
    found = packets_of(recording("mp3", HZ, 1.0, 2), packets)
    found += packets_of(recording("aac", HZ, 1.0, 1), packets)
    assert sum(p.samples for p in found) == pytest.approx(96_000, abs=6000)


def test_a_picture_is_no_sound() -> None:
    """There must be something to hear."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuvj420p"
        for packet in stream.encode(av.VideoFrame(16, 16, "yuvj420p")):
            container.mux(packet)
    with pytest.raises(SourceFailed, match="no sound"):
        packets_of(file.getvalue())


def test_a_scratch_is_left_out() -> None:
    """Some bytes that are wrong cost as much sound as they stand for, and are counted."""
    data = bytearray(recording("aac", HZ, 3.0))
    for place in range(8000, 9000):
        data[place] ^= 0x55
    packets = OpusPackets()
    found = packets_of(bytes(data), packets)
    assert packets.unreadable > 0
    assert sum(p.samples for p in found) > 2 * 48_000


class Fake:
    """A container whose packets nobody can decode."""

    def __init__(self, container: av.container.InputContainer) -> None:
        self.streams = container.streams

    def demux(self, stream: av.AudioStream) -> Iterator[av.Packet]:
        for _ in range(1000):
            packet = av.Packet(b"\xff\x00\x12 this is no sound")
            packet.stream = stream
            yield packet


def test_a_source_of_nothing_else_is_given_up() -> None:
    """After a second of it."""
    with av.open(io.BytesIO(recording("aac"))) as container:
        packets = OpusPackets()
        with pytest.raises(SourceFailed, match="not the sound"):
            list(packets.of(Fake(container)))  # type: ignore[arg-type]
        assert packets.unreadable == 50
