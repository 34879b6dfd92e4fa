"""A client's samples become packets of a stream."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from relay.audio.codec import OpusDecoder
from relay.consumers.media_worker import MediaWorker
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.sources.pcm_feed import PcmFeed
from tests.fakes import pitch, sine
from tests.sound_room import until

Packets = list[RtpPacket]


@pytest.fixture
def worker() -> Iterator[MediaWorker]:
    worker = MediaWorker()
    worker.start()
    yield worker
    worker.close()


def fed(rate: int, submit: Callable[..., bool]) -> tuple[PcmFeed, Packets]:
    stream = Stream[RtpPacket]("stream_1")
    packets: Packets = []
    stream.attach(packets.append)
    return PcmFeed(stream, rate, submit), packets


def tone(rate: int, milliseconds: int) -> bytes:
    pcm = sine(440.0, -10.0, 48 * milliseconds)[:: 48_000 // rate]
    return pcm.astype("<i2").tobytes()


@pytest.mark.parametrize("rate", [24_000, 48_000])
async def test_samples_of_either_rate_are_heard(rate: int, worker: MediaWorker) -> None:
    """At their own pitch, as packets of 20 ms that follow on each other."""
    feed, packets = fed(rate, worker.submit)
    sound = tone(rate, 600)
    for start in range(0, len(sound), 1024):
        feed.push(sound[start : start + 1024])
    await until(lambda: len(packets) == 30)
    decoder = OpusDecoder()
    pcm = np.concatenate([decoder.decode(packet.payload) for packet in packets])
    assert pitch(pcm[4800:]) == pytest.approx(440.0, abs=3)
    first = packets[0]
    numbers = [p.sequence - first.sequence & 0xFFFF for p in packets]
    times = [p.timestamp - first.timestamp & 0xFFFFFFFF for p in packets]
    assert numbers == list(range(30))
    assert times == [960 * n for n in range(30)]


async def test_what_was_not_sent_is_a_pause(worker: MediaWorker) -> None:
    """In the timestamps, so that the delay stays what it was."""
    feed, packets = fed(48_000, worker.submit)
    feed.push(tone(48_000, 20))
    feed.push(tone(48_000, 20), missing_s=0.5)
    await until(lambda: len(packets) == 2)
    assert packets[1].timestamp - packets[0].timestamp & 0xFFFFFFFF == 960 + 24_000
    assert packets[1].marker


async def test_what_the_worker_has_no_room_for_is_a_pause(worker: MediaWorker) -> None:
    """The client's next samples are in their own place."""
    takes = [True, False, True]
    feed, packets = fed(48_000, lambda job: takes.pop(0) and worker.submit(job))
    feed.push(tone(48_000, 20))
    await until(lambda: len(packets) == 1)
    feed.push(tone(48_000, 20))
    feed.push(tone(48_000, 20))
    await until(lambda: len(packets) == 2)
    assert packets[1].timestamp - packets[0].timestamp & 0xFFFFFFFF == 1920


async def test_nothing_comes_after_the_end() -> None:
    """Not even what is being encoded."""
    jobs: list[Callable[[], None]] = []
    feed, packets = fed(48_000, lambda job: not jobs.append(job))
    feed.push(tone(48_000, 20))
    feed.close()
    jobs[0]()
    other, heard = fed(48_000, lambda job: not jobs.append(job))
    other.push(tone(48_000, 20))
    jobs[1]()
    await until(lambda: heard)
    assert packets == []
