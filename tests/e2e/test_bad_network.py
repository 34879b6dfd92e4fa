"""The server's own pages over networks that lose, delay and cut, in a real browser."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page

from bench.calls import OUR_PAGES, Call
from bench.hearing import concealed_percent
from bench.impaired_link import Impairment
from bench.listening_room import ListeningRoom, listening_room, missing
from bench.two_legs import roam
from tests.e2e.chromium import hears_the_melody, tones_heard
from tests.e2e.people import line_is, on_air, says

pytestmark = [
    pytest.mark.slow,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
]

BAD = Impairment(loss=0.05, delay_s=0.03, jitter_s=0.03)
"""Of each leg. Packets are late by chance, so that many overtake others."""
GOOD = Impairment()

LISTEN_S = 6.0
MADE_UP_PERCENT = 8.0
"""Three times the loss of both legs would sound worse than that; nothing lost is 0."""
PULLED_S = 5.0
BACK_S = 10.0
PATIENCE_S = 30.0
FIRST_NET = 236


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def room(melody: Path) -> AsyncIterator[ListeningRoom]:
    async with listening_room(melody, first_net=FIRST_NET) as room:
        yield room


@pytest_asyncio.fixture(loop_scope="session")
async def call(room: ListeningRoom) -> AsyncIterator[Call]:
    """One speaks, one listens, each in a network of their own that is good at first."""
    async with OUR_PAGES.start(room) as call:
        yield call
        room.legs.change(GOOD)


async def metric(page: Page, name: str) -> float:
    """Return a number of the server's, asked for from a page."""
    text = await page.evaluate("fetch('/metrics').then((answer) => answer.text())")
    (value,) = re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(value)


async def stream_id(call: Call) -> str:
    """Return the id of the stream that is sent, as the server tells the listener."""
    ask = "fetch('/api/streams').then((answer) => answer.json())"
    listed = await call.listener.evaluate(ask)
    (found,) = [s["stream_id"] for s in listed["streams"] if s["slug"] == call.slug]
    return str(found)


async def counters(page: Page) -> dict[str, float]:
    sums: dict[str, float] = await page.evaluate("ear.counters()")
    return sums


async def test_where_packets_are_lost_the_sound_is_whole(
    room: ListeningRoom, call: Call
):
    """What is lost on either leg is asked for, sent again, and seldom missed."""
    for page in (call.speaker, call.listener):
        sdp = await page.evaluate("ear.peers.at(-1).localDescription.sdp")
        assert re.search(r"^a=rtcp-fb:\d+ nack\r$", sdp, re.MULTILINE)
    resent = await metric(call.listener, "voice_packets_resent_total")

    room.legs.change(BAD)
    before = await counters(call.listener)
    await asyncio.sleep(LISTEN_S)
    assert await hears_the_melody(call.listener)
    after = await counters(call.listener)
    assert concealed_percent(before, after) < MADE_UP_PERCENT
    assert after["nackCount"] > before["nackCount"]
    assert (await counters(call.speaker))["retransmittedPacketsSent"] > 0
    room.legs.change(GOOD)
    assert await metric(call.listener, "voice_packets_resent_total") > resent


async def test_a_line_with_jitter_is_waited_for(room: ListeningRoom, call: Call):
    """The page has the browser wait longer, which on a good line it has not."""
    assert await patience(call.listener) is None
    room.legs.change(BAD)
    async with asyncio.timeout(PATIENCE_S):
        while await patience(call.listener) is None:  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.2)


async def patience(page: Page) -> float | None:
    """Return for how long a page has its browser wait, in ms."""
    target_ms: float | None = await page.evaluate(
        "ear.peers.at(-1).getReceivers()[0].jitterBufferTarget"
    )
    return target_ms


@pytest.mark.parametrize("whose", ["speaker", "listener"])
async def test_a_pulled_cable_is_got_over(room: ListeningRoom, call: Call, whose: str):
    """When it is back the sound goes on by itself, and it is the same stream."""
    before = await stream_id(call)
    leg = room.legs.speaker if whose == "speaker" else room.legs.listener
    leg.change(Impairment(cut=True))
    await asyncio.sleep(PULLED_S)
    assert await tones_heard(call.listener, timeout_s=0.5) == []
    leg.change(GOOD)
    assert await hears_the_melody(call.listener)
    await says(call.listener, "live", BACK_S)
    await on_air(call.speaker)
    assert await stream_id(call) == before


@pytest.mark.parametrize("whose", ["speaker", "listener"])
async def test_who_comes_into_another_network_goes_on(
    room: ListeningRoom, call: Call, whose: str
):
    """With another address, and the old one gone, as between two access points."""
    leg = room.legs.speaker if whose == "speaker" else room.legs.listener
    before = await stream_id(call)
    roam(leg, leg.far.address.rpartition(".")[0] + ".77")
    await asyncio.sleep(1.0)
    assert await hears_the_melody(call.listener)
    await says(call.listener, "live", BACK_S)
    for page in (call.speaker, call.listener):
        await line_is(page, "open")
    await on_air(call.speaker)
    assert await stream_id(call) == before
