"""Tests of relay/consumers/analysis.py: which streams are analysed, where, and who is told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from relay.analysis_settings import AnalysisMode, AnalysisSettings
from relay.consumers.analysis import FEW, Analysis
from relay.consumers.analysis_modes import AnalysisModes
from relay.consumers.findings import FrameFeatures
from relay.errors import AnalysisOff, StreamNotFound
from relay.events import EventBus, FrameAnalysed, SecondMeasured, SoundNoticed
from relay.features import SoundEventKind
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from tests.consumers.found import FakePlace, feature_row, frame_features, sound_event

NOW = 1_790_000_100.0
ALWAYS, OFF, ON_DEMAND = AnalysisMode.ALWAYS, AnalysisMode.OFF, AnalysisMode.ON_DEMAND


class House:
    """A relay whose streams are analysed."""

    def __init__(self, mode: AnalysisMode, *streams: tuple[str, AnalysisMode]) -> None:
        self.events = EventBus()
        self.relay = MediaRelay[RtpPacket](self.events)
        self.here, self.elsewhere = FakePlace(), FakePlace()
        self.heard: list[object] = []
        for kind in (FrameAnalysed, SecondMeasured, SoundNoticed):
            self.events.subscribe(kind, self.heard.append)
        self.modes = AnalysisModes(AnalysisSettings(mode, streams), None)
        self.analysis = Analysis(
            *(self.relay, self.modes, self.here, self.elsewhere),
            wall_clock=lambda: NOW,
        )

    def stream(self, name: str | None = None) -> Stream[RtpPacket]:
        return self.relay.publish(StreamName.parse(name) if name else None)


@asynccontextmanager
async def house_of(
    mode: AnalysisMode, *streams: tuple[str, AnalysisMode]
) -> AsyncIterator[House]:
    house = House(mode, *streams)
    async with house.analysis:
        yield house


async def test_on_demand_is_while_somebody_watches() -> None:
    """From the first watcher to the last, who are all told the same."""
    async with house_of(ON_DEMAND) as house:
        stream, seen = house.stream("Nursery"), ([], [])
        assert not house.here.streams
        leave = [house.analysis.subscribe(stream, s.append) for s in seen]
        assert house.here.started == [(stream.id, "nursery")]
        house.here.streams[stream.id].frame(frame_features())
        leave[0]()
        leave[0]()
        house.here.streams[stream.id].frame(frame_features())
        assert [len(s) for s in seen] == [1, 2]
        assert house.analysis.is_analysed("nursery")
        leave[1]()
        assert not house.here.streams
        assert not house.analysis.is_analysed("nursery")


async def test_always_is_from_the_first_packet_to_the_last() -> None:
    """With nobody there; also what was on the air before."""
    house = House(ALWAYS)
    before = house.stream("Nursery")
    async with house.analysis:
        after = house.stream()
        assert list(house.here.streams) == [before.id, after.id]
        assert house.here.started[1] == (after.id, after.id)
        house.relay.end(before, "stopped")
        assert list(house.here.streams) == [after.id]
        assert house.analysis.analysed == 1
    assert not house.here.streams


async def test_off_is_off() -> None:
    """Whoever asks is told so."""
    async with house_of(ALWAYS, ("Nursery", OFF)) as house:
        stream = house.stream("Nursery")
        with pytest.raises(AnalysisOff):
            house.analysis.subscribe(stream, print)
        house.analysis.require("nursery")
        assert not house.here.streams


async def test_a_stream_that_is_over_cannot_be_watched() -> None:
    async with house_of(ON_DEMAND) as house:
        stream = house.stream()
        leave = house.analysis.subscribe(stream, print)
        house.relay.end(stream, "stopped")
        assert not house.here.streams
        leave()
        with pytest.raises(StreamNotFound):
            house.analysis.subscribe(stream, print)


async def test_parts_of_the_house_can_require_it() -> None:
    """For a name that is not on the air yet, or for all; until they let go."""
    async with house_of(ON_DEMAND) as house:
        release = [house.analysis.require("nursery") for _ in range(2)]
        other, stream = house.stream("Attic"), house.stream("Nursery")
        assert list(house.here.streams) == [stream.id]
        release_all = house.analysis.require(None)
        assert set(house.here.streams) == {stream.id, other.id}
        release_all()
        release_all()
        release[0]()
        release[0]()
        assert list(house.here.streams) == [stream.id]
        release[1]()
        assert not house.here.streams


async def test_a_mode_can_be_changed_while_it_goes_on() -> None:
    """Who watches then sees nothing, and goes on to see when it is changed back."""
    async with house_of(ON_DEMAND) as house:
        stream, seen = house.stream("Nursery"), []
        house.analysis.subscribe(stream, seen.append)
        await house.analysis.choose("nursery", OFF)
        assert not house.here.streams
        await house.analysis.choose("nursery", None)
        house.here.streams[stream.id].frame(frame_features())
        assert len(seen) == 1
        await house.analysis.choose("nursery", ALWAYS)
        assert house.analysis.mode_of("nursery") is ALWAYS


async def test_more_than_a_few_are_analysed_elsewhere() -> None:
    """All of them, until nobody is any more: then a few are analysed here again."""
    async with house_of(ALWAYS) as house:
        few = [house.stream() for _ in range(FEW)]
        assert len(house.here.streams) == FEW
        assert not house.elsewhere.streams
        one_more = house.stream()
        assert not house.here.streams
        assert set(house.elsewhere.streams) == {s.id for s in (*few, one_more)}
        for stream in few:
            house.relay.end(stream, "stopped")
        assert list(house.elsewhere.streams) == [one_more.id]
        house.relay.end(one_more, "stopped")
        again = house.stream()
        assert list(house.here.streams) == [again.id]


async def test_what_is_found_is_told_to_the_house() -> None:
    """As events; how much is spoken is summed up."""
    async with house_of(ALWAYS) as house:
        first, second = house.stream(), house.stream()
        assert house.analysis.speech_ratio == 0.0
        frame, event = frame_features(), sound_event(first.id)
        rows = [
            feature_row(s.id, speech_ratio=r) for s, r in ((first, 1.0), (second, 0.5))
        ]
        house.here.streams[first.id].frame(frame)
        for row in rows:
            house.here.streams[row.session].second(row)
        house.here.streams[first.id].noticed(event)
        assert house.heard == [
            FrameAnalysed(frame.processing_s),
            *map(SecondMeasured, rows),
            SoundNoticed(event),
        ]
        assert house.analysis.speech_ratio == 0.75


async def test_what_goes_on_ends_with_the_analysis() -> None:
    """Whoever was told that it began is told that it is over; what had ended is not told again."""
    async with house_of(ALWAYS) as house:
        stream = house.stream()
        findings = house.here.streams[stream.id]
        findings.noticed(sound_event(stream.id, "a"))
        findings.noticed(sound_event(stream.id, "b"))
        findings.noticed(sound_event(stream.id, "b", ended_at=5.0))
        house.heard.clear()
        house.relay.end(stream, "stopped")
        assert house.heard == [SoundNoticed(sound_event(stream.id, "a", ended_at=NOW))]


async def test_what_goes_on_ends_where_it_is_forgotten() -> None:
    """In a process that died, or was left for another: it would never be told of its end."""
    async with house_of(ALWAYS) as house:
        stream = house.stream()
        house.here.streams[stream.id].noticed(sound_event(stream.id, "a"))
        house.heard.clear()
        for _ in range(FEW):
            house.stream()
        ended = SoundNoticed(sound_event(stream.id, "a", ended_at=NOW))
        assert house.heard == [ended]
        house.elsewhere.streams[stream.id].noticed(sound_event(stream.id, "a"))
        house.heard.clear()
        house.elsewhere.streams[stream.id].lost()
        assert house.heard == [ended]


async def test_a_gate_that_is_closed_is_no_dead_microphone() -> None:
    """It sends zeros while it is quiet, as a dead microphone does."""
    dead = SoundEventKind.MICROPHONE_DEAD
    async with house_of(ALWAYS) as house:
        stream = house.stream()
        findings = house.here.streams[stream.id]
        told = []
        for id_, gated in (("a", True), ("b", False)):
            stream.set_muted(False, gated=gated)
            for ended_at in (None, 5.0):
                event = sound_event(stream.id, id_, ended_at=ended_at)
                findings.noticed(replace(event, kind=dead))
                told += [SoundNoticed(replace(event, kind=dead))] * (not gated)
        assert house.heard == told


async def test_a_watcher_may_leave_while_it_is_told() -> None:
    async with house_of(ON_DEMAND) as house:
        stream, seen = house.stream(), []

        def once(frame: FrameFeatures) -> None:
            seen.append(frame)
            leave()

        leave = house.analysis.subscribe(stream, once)
        house.analysis.subscribe(stream, seen.append)
        for _ in range(2):
            house.here.streams[stream.id].frame(frame_features())
        assert len(seen) == 3
