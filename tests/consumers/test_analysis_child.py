"""Tests of relay/consumers/analysis_child.py: packets in, findings out, by messages alone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from relay.consumers import analysis_wire as wire
from relay.consumers.analysis_child import LATE_S, NICENESS, AnalysisChild
from relay.consumers.analysis_engine import EngineSettings
from relay.consumers.analysis_wire import Inbox
from tests.fakes import PACKET_S, FakeSender

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = EngineSettings("energy", -40.0, in_silence=False, capacity=8)


class Room:
    """A child without pipes, at a time of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[tuple[int, bytes]] = []
        self.child = AnalysisChild(
            SETTINGS,
            self._write,
            clock=lambda: self.now,
            wall_clock=lambda: 1_790_000_000.0 + self.now,
        )
        self.sender = FakeSender(clock=lambda: self.now)

    def _write(self, data: bytes) -> None:
        self.told += [(kind, bytes(body)) for kind, body in Inbox().messages(data)]

    def tell(self, data: bytes) -> None:
        for kind, body in Inbox().messages(data):
            self.child.take(kind, body)

    def play(self, key: int, packets: int) -> None:
        for _ in range(packets):
            self.tell(wire.packet(key, self.sender.packet()))
            self.child.work()
            self.now += PACKET_S

    def found(self, kind: int) -> Iterator[tuple[int, wire.Found]]:
        for told, body in self.told:
            if told == kind:
                yield from wire.FOUND[kind](memoryview(body))


def test_packets_become_findings() -> None:
    """Frames and seconds, under the key of their stream."""
    room = Room()
    room.tell(wire.begin(5, "nursery", "stream_1"))
    room.play(5, 150)
    frames = list(room.found(wire.FRAMES))
    assert {key for key, _ in frames} == {5}
    assert len(frames) >= 29
    (_, (captured_at, _)), *_ = room.found(wire.SECOND)
    assert captured_at == pytest.approx(1_790_000_100.0, abs=1)


def test_a_silent_sender_is_silence() -> None:
    """Where no packets come the stream goes on, so that its end of speech is seen."""
    room = Room()
    room.tell(wire.begin(5, "nursery", "stream_1"))
    room.play(5, 25)
    for _ in range(80):
        room.child.work()
        room.now += 0.025
    *_, (_, last) = room.found(wire.FRAMES)
    assert not last.is_speech  # type: ignore[union-attr]


def test_what_comes_too_late_is_shed() -> None:
    """As it reports."""
    room = Room()
    room.tell(wire.begin(5, "nursery", "stream_1"))
    room.play(5, 10)
    for _ in range(2 * round(LATE_S / PACKET_S)):
        room.tell(wire.packet(5, room.sender.packet()))
        room.now += PACKET_S
    room.child.work()
    room.play(5, 60)
    reports = [wire.json_of(memoryview(b)) for k, b in room.told if k == wire.REPORT]
    assert reports[-1]["frames"]["skipped"] > 10


def test_packets_of_unknown_streams_are_ignored() -> None:
    """They were under way when it ended."""
    room = Room()
    room.tell(wire.begin(5, "nursery", "stream_1"))
    room.tell(wire.end(5))
    room.tell(wire.end(5))
    room.play(5, 60)
    assert not list(room.found(wire.FRAMES))


def test_the_program_ends_with_its_input() -> None:
    """So it does not outlive whoever fed it; Ctrl-C is for that one alone."""
    command = [sys.executable, "-m", "relay.consumers.analysis_child"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(wire.of_json(wire.SETTINGS, asdict(SETTINGS)))
        process.stdin.flush()
        assert process.stdout.read(5)  # of the first report: it works
        process.send_signal(signal.SIGINT)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == NICENESS
        process.stdin.close()
        assert process.wait(10) == 0
