"""
Load: what a stream's analysis takes, by the code of the process that does it.

At a time of its own, without the way there and back. In a process of its own, as the arithmetic
of numpy has as many threads as were wanted when it was loaded. Prints milliseconds for each
second of a stream.
"""

import json
import sys
import time
from collections.abc import Sequence

import numpy as np

from bench.voice import PACKET_SAMPLES, PACKETS_PER_S, talk
from relay.audio.level import rms_dbfs
from relay.consumers import analysis_wire as wire
from relay.consumers.analysis_child import AnalysisChild
from relay.consumers.analysis_engine import EngineSettings
from relay.consumers.analysis_wire import Inbox
from relay.consumers.packet_decoder import DecoderStatistics, PacketDecoder
from relay.rtp.packet import RtpPacket

STREAMS = 32
SPEECH_DBFS, QUIET_DBFS = -20.0, -75.0
MS = 1000.0
FFT_SAMPLES = 1024
"""The 20 ms of a packet, filled up to a power of two."""


def main() -> None:
    seconds = int(sys.argv[1])
    speech, quiet = _packets(SPEECH_DBFS, seconds), _packets(QUIET_DBFS, seconds)
    costs = {
        "webrtc": _analysed_ms(speech, "webrtc"),
        "neural": _analysed_ms(speech, "neural"),
        "plain": _plain_ms(speech),
        "quiet": _analysed_ms(quiet, "webrtc"),
        "thorough": _analysed_ms(quiet, "webrtc", in_silence=True),
    }
    print(json.dumps(costs))


def _packets(level_dbfs: float, seconds: int) -> list[RtpPacket]:
    return [
        RtpPacket(
            *(111, place & 0xFFFF, place * PACKET_SAMPLES, 77, False),
            payload=payload,
            received_at=place / PACKETS_PER_S,
        )
        for place, payload in enumerate(talk(seconds * PACKETS_PER_S, level_dbfs))
    ]


def _analysed_ms(
    packets: Sequence[RtpPacket], detector: str, *, in_silence: bool = False
) -> float:
    """Return the CPU time that a second of a stream takes, in ms."""
    now = 0.0
    child = AnalysisChild(
        EngineSettings(detector, -40.0, in_silence=in_silence, capacity=STREAMS),
        lambda told: None,
        clock=lambda: now,
        wall_clock=lambda: now,
    )
    for key in range(STREAMS):
        for kind, body in Inbox().messages(wire.begin(key, f"bench-{key}", str(key))):
            child.take(kind, body)
    started = time.thread_time()
    for packet in packets:
        now = packet.received_at
        data = b"".join(wire.packet(key, packet) for key in range(STREAMS))
        for kind, body in Inbox().messages(data):
            child.take(kind, body)
        child.work()
    return _per_second(time.thread_time() - started, packets)


def _plain_ms(packets: Sequence[RtpPacket]) -> float:
    """Return the same of what a level meter with a spectrum takes."""
    decoders = [PacketDecoder(DecoderStatistics()) for _ in range(STREAMS)]
    started = time.thread_time()
    for packet in packets:
        for decoder in decoders:
            for step in decoder.advance([packet], packet.received_at):
                for chunk in decoder.chunks(step, 0.0):
                    rms_dbfs(chunk.pcm)
                    np.abs(np.fft.rfft(chunk.pcm, FFT_SAMPLES))
    return _per_second(time.thread_time() - started, packets)


def _per_second(cpu_s: float, packets: Sequence[RtpPacket]) -> float:
    return MS * cpu_s / STREAMS / (len(packets) / PACKETS_PER_S)


if __name__ == "__main__":
    main()
