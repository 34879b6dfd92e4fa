"""Tests of relay/adapters/otlp.py: a real collector is told what becomes of packets."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from relay.adapters.otlp import Traces
from relay.events import ChunkTraced, EventBus, RowsStored
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.wiring.analysis import open_analysis
from relay.wiring.sound import open_sound
from tests.adapters.collector import collecting
from tests.fakes import FakeSender
from tests.webrtc.studio import Studio
from tests.wiring.settings import settings_in

STEPS = (("receive", 0.0, 0.002), ("decode", 0.002, 0.0025), ("vad", 0.01, 0.011))


async def test_a_packet_is_told_step_by_step() -> None:
    """With what it was, at the times of its way; the whole way is a span around."""
    bus = EventBus()
    async with collecting() as collector:
        offset = 1_790_000_000.0 - time.monotonic()
        async with Traces(
            collector.url, bus, wall_clock=lambda: time.monotonic() + offset
        ):
            began_at = time.monotonic()
            steps = tuple((name, b + began_at, e + began_at) for name, b, e in STEPS)
            bus.publish(ChunkTraced("stream_1", 80, True, steps))
        (whole,) = collector.named("chunk")
        assert collector.services == {"earshot"}
        assert whole.attributes == {
            "stream_id": "stream_1",
            "chunk_size_bytes": 80,
            "is_speech": True,
        }
        steps = collector.inside(whole)
        assert [step.name for step in steps] == ["receive", "decode", "vad"]
        assert {step.trace for step in steps} == {whole.trace}
        assert whole.begin_ns / 1e9 == pytest.approx(began_at + offset, abs=1e-3)
        assert [s.seconds for s in steps] == pytest.approx([2e-3, 5e-4, 1e-3], abs=1e-6)
        assert whole.seconds == pytest.approx(0.011, abs=1e-6)


async def test_what_is_stored_is_told() -> None:
    bus = EventBus()
    async with collecting() as collector:
        async with Traces(collector.url, bus):
            bus.publish(RowsStored(5, 1.0, 1.25))
        (store,) = collector.named("store")
        assert store.attributes == {"rows": 5}
        assert store.seconds == pytest.approx(0.25)


async def test_a_join_is_told_from_the_request_to_the_first_packet() -> None:
    """Of real peers, sender and receiver."""
    bus = EventBus()
    async with (
        collecting() as collector,
        WebRtcEndpoint(bus, port=0, addresses=["127.0.0.1"]) as endpoint,
    ):
        room = Studio(bus, endpoint)
        async with Traces(collector.url, bus):
            mouth = await room.mouth()
            await mouth.say(3)
            await room.ear(mouth.stream)
            await room.clear()
        joins = {span.attributes["role"]: span for span in collector.named("join")}
        assert set(joins) == {"sender", "receiver"}
        for join in joins.values():
            names = [step.name for step in collector.inside(join)]
            assert names == ["offer", "answer", "dtls", "first_packet"]
            assert 0 < join.seconds < 60


async def test_the_server_tells_what_its_analysis_does(tmp_path: Path) -> None:
    """Of one packet a second, whatever is sent."""
    async with collecting() as collector, AsyncExitStack() as stack:
        settings = settings_in(
            tmp_path, "--analysis=always", f"--otlp-endpoint={collector.url}"
        )
        sound = await open_sound(settings, stack)
        await open_analysis(settings, sound, stack)
        sender = FakeSender(sound.relay.publish())

        async def play() -> None:
            while not collector.spans:
                sender.send()
                await asyncio.sleep(0.02)

        await asyncio.wait_for(play(), 20)
        whole = collector.named("chunk")[0]
        names = {step.name for step in collector.inside(whole)}
        assert names == {"receive", "decode", "features", "vad"}


async def test_a_collector_that_is_away_is_no_trouble(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody waits for it, nothing is said, and what waits is bounded."""
    bus = EventBus()
    async with Traces("http://127.0.0.1:1", bus, every_ms=10):
        for _ in range(1000):
            bus.publish(ChunkTraced("stream_1", 80, True, STEPS))
    assert caplog.text == ""


async def test_a_collector_that_hangs_holds_up_no_exit() -> None:
    """It takes the connection and says nothing: a second is all that it gets."""
    bus = EventBus()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with asyncio.timeout(4):
            async with Traces(url, bus):
                bus.publish(ChunkTraced("stream_1", 80, True, STEPS))
