"""What is found in a stream, as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from relay.analysis_settings import AnalysisMode
from relay.events import SecondMeasured, SoundNoticed
from relay.hub.identity import StreamName
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.web import feature_feed
from relay.web.feature_feed import CAPACITY, FeatureFeed
from tests.consumers.found import feature_row, frame_features, sound_event
from tests.web.gate_house import gate_house
from tests.web.house import PATIENCE_S, House

Event = tuple[str, dict[str, Any]]


async def next_event(answer: ClientResponse) -> Event:
    """Return the next event; a comment is one without a name."""
    async with asyncio.timeout(PATIENCE_S):
        text = (await answer.content.readuntil(b"\n\n")).decode()
    if text.startswith(":"):
        return "", {}
    kind, data = text.strip().split("\n")
    return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@asynccontextmanager
async def following(house: House, stream: str) -> AsyncIterator[ClientResponse]:
    async with house.session.get(f"/api/streams/{stream}/features") as answer:
        yield answer


def nursery(house: House) -> Stream[RtpPacket]:
    return house.relay.publish(StreamName.parse("Nursery"))


async def test_all_that_is_found_is_told(house: House) -> None:
    """Frames, seconds and what is noticed; then that the stream is over."""
    stream = nursery(house)
    async with following(house, "nursery") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        house.place.streams[stream.id].frame(frame_features())
        kind, frame = await next_event(answer)
        assert (kind, frame["level_dbfs"]) == ("frame", -32.5)
        house.events.publish(SecondMeasured(feature_row(stream.id, pitch_hz=212.3)))
        kind, second = await next_event(answer)
        assert (kind, second["pitch_hz"]) == ("second", 212.3)
        assert (second["stream"], second["session"]) == ("nursery", stream.id)
        house.events.publish(SoundNoticed(sound_event(stream.id)))
        kind, event = await next_event(answer)
        assert (kind, event["kind"], event["ended_at"]) == ("event", "cry", None)
        house.relay.end(stream, "stopped")
        assert await next_event(answer) == (
            "end",
            {"stream_id": stream.id, "reason": "stopped"},
        )
        assert await answer.content.read() == b""


async def test_other_streams_are_none_of_its_business(house: House) -> None:
    stream = nursery(house)
    async with following(house, stream.id) as answer:
        house.events.publish(SecondMeasured(feature_row("stream_other")))
        house.events.publish(SoundNoticed(sound_event("stream_other")))
        house.events.publish(SoundNoticed(sound_event(stream.id)))
        assert (await next_event(answer))[0] == "event"


async def test_who_leaves_is_forgotten(house: House) -> None:
    """And so is the analysis that was made for it."""
    stream = nursery(house)
    async with following(house, "latest") as answer:
        await house.until(lambda: house.place.streams)
        assert answer.connection is not None
        assert answer.connection.transport is not None
        answer.connection.transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            while house.place.streams:
                house.events.publish(SoundNoticed(sound_event(stream.id)))
                await asyncio.sleep(0.01)


async def test_a_quiet_feed_stays_alive(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By comments, which no client shows to anybody."""
    monkeypatch.setattr(feature_feed, "CHECK_EVERY_S", 0.01)
    monkeypatch.setattr(feature_feed, "KEEP_ALIVE_S", 0.03)
    nursery(house)
    async with following(house, "nursery") as answer:
        assert await next_event(answer) == ("", {})
        assert await next_event(answer) == ("", {})


async def test_what_cannot_be_followed_is_answered_in_words(house: House) -> None:
    nursery(house)
    await house.analysis.choose("nursery", AnalysisMode.OFF)
    for name, code in (("attic", "stream_not_found"), ("nursery", "analysis_off")):
        async with following(house, name) as answer:
            assert answer.status == 404
            assert (await answer.json())["code"] == code


async def test_there_is_a_most(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each feed holds a connection, and more."""
    monkeypatch.setattr(feature_feed, "MAX_FEEDS", 1)
    nursery(house)
    async with following(house, "nursery"), following(house, "nursery") as second:
        assert second.status == 503
        assert (await second.json())["code"] == "capacity_exceeded"


async def test_who_may_not_hear_may_not_follow(tmp_path: Path) -> None:
    async with gate_house(tmp_path) as gates:
        nursery(gates.house)
        admin = await gates.admin()
        address = "/api/streams/nursery/features"
        assert await gates.person().status("GET", address) == 401
        sender = await gates.member(admin, roles=["speak"])
        assert await sender.status("GET", address) == 403


async def test_who_may_not_hear_any_more_is_told_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sender sent the device away."""
    monkeypatch.setattr(feature_feed, "CHECK_EVERY_S", 0.01)
    stream = nursery(house)
    async with following(house, "nursery") as answer:
        receiver = await house.receiver(stream)
        house.roll.hush(stream, None, "test")
        assert await next_event(answer) == (
            "end",
            {"stream_id": stream.id, "reason": "hushed"},
        )
        await receiver.heard()


async def test_the_server_does_not_wait_for_feeds_to_end() -> None:
    """They are told, and the doors close."""
    async with House() as house:
        nursery(house)
        answer = await house.session.get("/api/streams/nursery/features")
        await house.until(lambda: house.place.streams)
        await house.server.__aexit__(None, None, None)
        assert (await next_event(answer))[1]["reason"] == "shutdown"
        answer.close()


async def test_who_is_slow_misses_the_oldest() -> None:
    """Of frames the newest waits, of all else the newest few; what is missed is counted."""
    feed = FeatureFeed(Stream("stream_1"))
    for level in (-50.0, -40.0):
        feed.show(frame_features(level_dbfs=level))
    for number in range(CAPACITY + 3):
        feed.tell_event(SoundNoticed(sound_event("stream_1", str(number))))
    data = await feed.next(PATIENCE_S)
    assert data is not None
    assert data.count(b"event: event") == CAPACITY
    assert b'"id":"2"' not in data
    assert b'"id":"3"' in data
    assert b"-50" not in data
    assert data.count(b"event: frame") == 1
    assert feed.dropped == 3
