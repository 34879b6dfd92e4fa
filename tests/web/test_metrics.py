"""The numbers at /metrics: true, documented, and bounded."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from relay.events import ConnectionClosed, PeerClosed, PeerConnected, SoundDecoded
from tests.web.house import House

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"

FOUNDING_NAMES = {
    "voice_active_connections",
    "voice_connections_total",
    "voice_connection_duration_seconds",
    "voice_audio_chunks_total",
    "voice_processing_latency_ms",
    "voice_errors_total",
}


async def scrape(house: House, **headers: str) -> str:
    async with house.session.get("/metrics", headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return await answer.text()


async def value(house: House, sample: str, **labels: str) -> float | None:
    """Return the sample of that name and labels."""
    for family in text_string_to_metric_families(await scrape(house)):
        for s in family.samples:
            if s.name == sample and s.labels == labels:
                return s.value
    return None


def families(text: str) -> dict[str, str]:
    """Return the type of each metric by its full name."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


async def test_founding_names(house: House) -> None:
    """The metrics that the founding papers name are there."""
    assert set(families(await scrape(house))) >= FOUNDING_NAMES


async def test_connections(house: House) -> None:
    """Connections are counted when they come, are there, and go."""
    client = await house.client()
    assert await value(house, "voice_active_connections") == 1
    assert await value(house, "voice_connections_total") == 1
    await client.leave()
    await house.is_empty()
    assert await value(house, "voice_active_connections") == 0
    assert await value(house, "voice_connections_total") == 1
    assert await value(house, "voice_connection_duration_seconds_count") == 1
    assert await value(house, "voice_connection_closes_total", reason="goodbye") == 1


async def test_streams(house: House) -> None:
    """Streams, receivers, listeners and packets are those of the relay."""
    _, stream = await house.sender()
    stream.receivers, stream.listeners = 3, 2
    assert await value(house, "voice_streams", state="live") == 1
    assert await value(house, "voice_streams", state="stalled") == 0
    assert await value(house, "voice_receivers") == 3
    assert await value(house, "voice_listeners") == 2
    assert await value(house, "voice_stream_packets_total") == 1
    house.relay.end(stream, "stopped")
    assert await value(house, "voice_stream_packets_total") == 1


async def test_errors(house: House) -> None:
    """Errors are counted by their code; codes that never occurred are there as 0."""
    client = await house.client()
    await client.ask("dance")
    assert await value(house, "voice_errors_total", error_type="unknown_message") == 1
    assert await value(house, "voice_errors_total", error_type="name_taken") == 0


async def test_media(house: House) -> None:
    """What the endpoint counts is passed on."""
    house.endpoint.counters |= {
        "packets_received": 50,
        "packets_unsent": 2,
        "closes_forced": 1,
    }
    house.endpoint.counters |= {"packets_resent": 3, "packets_recovered": 4}
    assert await value(house, "voice_peer_forced_closes_total") == 1
    assert await value(house, "voice_packets_received_total") == 50
    assert await value(house, "voice_packets_resent_total") == 3
    assert await value(house, "voice_packets_recovered_total") == 4
    assert await value(house, "voice_dropped_total", queue="udp_send") == 2


async def test_events(house: House) -> None:
    """Durations come from events."""
    house.events.publish(PeerConnected("receiver", 0.07))
    house.events.publish(PeerClosed("receiver", "stopped", 60.0))
    house.events.publish(SoundDecoded(0.0001, 0.0002, 0.03))
    house.events.publish(ConnectionClosed(90.0))
    house.metrics.loop_lag.observe(0.002)
    assert await value(house, "voice_join_duration_seconds_count", role="receiver") == 1
    assert (
        await value(
            house, "voice_join_duration_seconds_bucket", role="receiver", le="0.1"
        )
        == 1
    )
    assert (
        await value(house, "voice_peer_closes_total", role="receiver", reason="stopped")
        == 1
    )
    assert await value(house, "voice_audio_chunks_total") == 1
    assert await value(house, "voice_processing_latency_ms_sum") == 30
    assert await value(house, "voice_decode_seconds_count") == 1
    assert await value(house, "voice_encode_seconds_count") == 1
    assert await value(house, "voice_loop_lag_seconds_count") == 1


async def test_no_label_grows(house: House) -> None:
    """A word that nobody foresaw is counted as `other`, however many there are."""
    before = len((await scrape(house)).splitlines())
    for number in range(1000):
        house.events.publish(PeerClosed("receiver", f"word {number}", 1.0))
    other = {"role": "receiver", "reason": "other"}
    assert await value(house, "voice_peer_closes_total", **other) == 1000
    assert len((await scrape(house)).splitlines()) == before + 1


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("application/json, */*;q=0.5", True),
        ("application/json, text/plain", False),
        ("text/plain", False),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4", False),
        ("*/*", False),
        ("", False),
    ],
)
async def test_json(house: House, accept: str, json: bool) -> None:
    """Who accepts JSON and no text gets the object that existing monitors read."""
    house.endpoint.counters["bytes_received"] = 4711
    await house.sender()
    async with house.session.get("/metrics", headers={"Accept": accept}) as answer:
        assert (answer.content_type == "application/json") is json
        if json:
            numbers = await answer.json()
            assert numbers.pop("uptime_seconds") >= 0
            assert numbers == {
                "active_connections": 1,
                "active_streams": 1,
                "total_audio_bytes": 4711,
                "webrtc_available": False,
            }


async def test_document(house: House) -> None:
    """docs/metrics.md lists exactly the metrics that there are, with their types and labels."""
    house.events.publish(PeerClosed("sender", "stopped", 1.0))
    text = await scrape(house)
    rows = re.findall(
        r"^\| `(voice_\w+)` \| (\w+) \|([^|]*)\|", DOCUMENT.read_text(), re.MULTILINE
    )
    documented = {name: type_ for name, type_, _ in rows}
    assert len(documented) == len(rows), "a metric is listed twice"
    assert documented == families(text)
    labels_in_use: dict[str, set[str]] = {name: set() for name in documented}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name = sample.name if sample.name in documented else family.name
            labels_in_use[name] |= sample.labels.keys() - {"le"}
    assert {
        name: set(re.findall(r"`(\w+)`", labels)) for name, _, labels in rows
    } == labels_in_use


async def test_promtool(house: House, requires_program: Callable[[str], str]) -> None:
    """Prometheus's own checker is content, but for one name that others rely on."""
    promtool = requires_program("promtool")
    text = await scrape(house)
    process = await asyncio.create_subprocess_exec(
        promtool,
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(30):
        checked, _ = await process.communicate(text.encode())
    complaints = checked.decode().splitlines()
    assert [
        c for c in complaints if not c.startswith("voice_processing_latency_ms ")
    ] == []
