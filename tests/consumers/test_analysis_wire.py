"""Tests of relay/consumers/analysis_wire.py: the same comes out of a pipe that went in."""

import math

from hypothesis import given
from hypothesis import strategies as st

from relay.consumers import analysis_wire as wire
from relay.consumers.analysis_wire import Inbox
from relay.consumers.findings import Trace
from relay.rtp.packet import RtpPacket
from tests.consumers.found import feature_row, frame_features, sound_event


def read(data: bytes) -> tuple[int, memoryview]:
    (message,) = Inbox().messages(data)
    return message


def found_in(data: bytes) -> list[tuple[int, wire.Found]]:
    kind, body = read(data)
    return list(wire.FOUND[kind](body))


def test_a_packet_arrives() -> None:
    """With all that decoding takes."""
    packet = RtpPacket(111, 65_535, 2**32 - 1, 7, True, b"sound", 123.456)
    kind, body = read(wire.packet(3, packet))
    assert kind == wire.PACKET
    key, arrived = wire.packet_of(body)
    assert (key, arrived.payload, arrived.received_at) == (3, b"sound", 123.456)
    assert (arrived.sequence, arrived.timestamp, arrived.ssrc) == (65_535, 2**32 - 1, 7)


def test_what_begins_and_ends_arrives() -> None:
    kind, body = read(wire.begin(3, "nursery", "stream_1"))
    assert kind == wire.BEGIN
    begun = {"key": 3, "stream": "nursery", "session": "stream_1"}
    assert wire.json_of(body) == begun
    kind, body = read(wire.end(3))
    assert kind == wire.END
    assert wire.key_of(body) == 3


def test_frames_arrive() -> None:
    """Many in a message."""
    frames = [(1, frame_features()), (2, frame_features(is_speech=True))]
    assert found_in(wire.frames(frames)) == frames


def test_a_second_arrives() -> None:
    """With NaN for what is not known."""
    row = feature_row("stream_1", pitch_hz=math.nan)
    ((key, (captured_at, values)),) = found_in(wire.second(5, row))  # type: ignore[misc]
    assert (key, captured_at) == (5, row.captured_at)
    assert str(values) == str(row.values)


def test_an_event_arrives() -> None:
    """While it goes on, and when it has ended."""
    for event in (sound_event("s"), sound_event("s", ended_at=2.5, level_dbfs=-9.0)):
        assert found_in(wire.event(5, event)) == [(5, event)]


def test_a_trace_arrives() -> None:
    trace = Trace(80, True, (("receive", 1.0, 1.5), ("decode", 1.5, 1.75)))
    assert found_in(wire.trace(5, trace)) == [(5, trace)]


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(1, 40))
def test_pipes_may_cut_anywhere(payloads: list[bytes], piece: int) -> None:
    """Messages come out whole and in order."""
    packets = [RtpPacket(0, n, n, n, False, p) for n, p in enumerate(payloads)]
    data = b"".join(wire.packet(p.sequence, p) for p in packets)
    inbox, out = Inbox(), []
    for start in range(0, len(data), piece):
        for _, body in inbox.messages(data[start : start + piece]):
            out.append(wire.packet_of(body)[1].payload)
    assert out == payloads
