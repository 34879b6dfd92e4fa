"""F6 and F7: packets are lost, late and out of order on both ways through the server."""

import asyncio
import time
from dataclasses import dataclass

from bench.impairment import Impairment
from tests.faults.air import Air, on_air
from tests.faults.hearer import runs
from tests.faults.network import GOOD, Network, network
from tests.faults.row import Figure, Row

SETTLE_S = 2.0
"""What is on its way when a network changes counts for neither side."""
MS = 1000.0

LOSS = Impairment(loss=0.01, delay_s=GOOD.delay_s)
IN_TIME_S = 0.12
"""On a network without jitter a browser's buffer has gone on by then."""

STORM = Impairment(loss=0.05, reorder=0.02, delay_s=0.03, jitter_s=0.03)
IN_TIME_IN_A_STORM_S = 0.25


@dataclass(frozen=True)
class Stretch:
    """A time with one kind of network."""

    begin: float
    end: float


async def stretch(air: Air, seconds: float, settle_s: float) -> Stretch:
    await asyncio.sleep(settle_s)
    begin = time.monotonic()
    await asyncio.sleep(seconds)
    return Stretch(begin, time.monotonic())


async def lose_one_percent(
    seconds: float,
    clean_s: float,
    *,
    settle_s: float = SETTLE_S,
    by_link: bool | None = None,
) -> Row:
    """Lose 1 % at random each way; compare with the same network without loss."""
    async with network(by_link=by_link) as net, on_air(net) as air:
        clean = await stretch(air, clean_s, settle_s)
        net.change(LOSS)
        asked_before = len(air.voice.asked_for)
        bad = await stretch(air, seconds, settle_s)
        net.change(GOOD)
        await asyncio.sleep(settle_s)
        lost = len(air.voice.asked_for) - asked_before
        heard = air.heard
        before = air.recorded.heard(air.siren, clean.begin, clean.end)
        after = air.recorded.heard(air.siren, bad.begin, bad.end)
    gaps = runs(heard.missing(bad.begin, bad.end, IN_TIME_S))
    lost_by_all = lost + len(heard.asked_for)
    rise_s = heard.p(95, bad.begin, bad.end) - heard.p(95, clean.begin, clean.end)
    return Row(
        "F6",
        f"1 % random loss each way for {seconds:g} s",
        (
            Figure("packets lost", lost_by_all),
            Figure("latency's 95th percentile rises by", MS * rise_s, "ms", 40, 5),
            Figure("gaps per lost packet", len(gaps) / max(1, lost_by_all), "", 1, 0),
            Figure(
                "latency's 95th percentile rises in MP3 by",
                MS * (after.p(95) - before.p(95)),
                "ms",
                40,
                5,
            ),
            Figure(
                "gaps per lost packet in MP3",
                len(after.gaps_s) / max(1, lost),
                "",
                1,
                0,
            ),
            Figure("longest gap in MP3", MS * max(after.gaps_s, default=0.0), "ms"),
        ),
    )


async def storm(
    seconds: float, *, settle_s: float = SETTLE_S, by_link: bool | None = None
) -> Row:
    """Lose 5 % each way, with 30 ms of jitter and 2 % that overtake."""
    async with network(by_link=by_link) as net, on_air(net) as air:
        await stretch(air, 1.0, 0.0)
        net.change(STORM)
        await asyncio.sleep(settle_s)
        made_up = await _made_up_s(net)
        bad = await stretch(air, seconds, settle_s)
        made_up = await _made_up_s(net) - made_up
        net.change(GOOD)
        await asyncio.sleep(settle_s)
        heard = air.heard
        sound = air.recorded.heard(air.siren, bad.begin, bad.end)
    missing = heard.missing(bad.begin, bad.end, IN_TIME_IN_A_STORM_S)
    lost_in_mp3 = made_up / (bad.end - bad.begin + settle_s)
    return Row(
        "F7",
        f"5 % loss, 30 ms of jitter and 2 % reordering each way for {seconds:g} s",
        (
            Figure(
                f"not heard within {IN_TIME_IN_A_STORM_S:g} s",
                100 * sum(missing) / len(missing),
                "%",
                2,
                0.5,
            ),
            Figure(
                "latency's 99th percentile",
                MS * heard.p(99, bad.begin, bad.end),
                "ms",
                250,
                180,
            ),
            Figure("made up in MP3", 100 * lost_in_mp3, "%", 2, 0.5),
            Figure("gaps in MP3", 100 * sum(sound.gaps_s) / seconds, "%", 2, 0.5),
            Figure(
                "latency's 99th percentile in MP3", MS * sound.p(99), "ms", 250, 180
            ),
        ),
    )


async def _made_up_s(net: Network) -> float:
    """Return how much sound was made up where packets were missing."""
    return (await net.relay.metrics())["voice_concealed_seconds_total"]
