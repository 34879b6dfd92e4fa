"""F30: a sender's timestamps, or its SSRC, begin anew in the middle of its sound."""

import asyncio
import random
import time
from collections.abc import Callable
from itertools import chain

from tests.faults.air import Air, on_air
from tests.faults.network import network
from tests.faults.row import Figure, Row
from tests.faults.speaker import PACKET_SAMPLES, Speaker

BEFORE_S, AFTER_S = 0.5, 1.5
WRAPS_AFTER = 25
"""Packets; half a second."""
MS = 1000.0
GAP_MS, GAP_STRETCH_MS = 200.0, 40.0


def forward(voice: Speaker) -> None:
    """A reset that looks like a leap forward of seven hours."""
    voice.timestamp += 1_200_000_000


def back(voice: Speaker) -> None:
    """A reset to numbers that are long past."""
    voice.timestamp -= 900_000_000


def shortly_before_the_wrap(voice: Speaker) -> None:
    """A new SSRC as well, and half a second later both of its numbers wrap."""
    new_ssrc(voice)
    voice.timestamp = (1 << 32) - WRAPS_AFTER * PACKET_SAMPLES
    voice.sequence = (1 << 16) - WRAPS_AFTER


def new_ssrc(voice: Speaker) -> None:
    voice.ssrc = 1 + random.getrandbits(31)
    voice.sequence = random.getrandbits(15)
    voice.timestamp = random.getrandbits(32)


CHANGES: dict[str, Callable[[Speaker], None]] = {
    "timestamps leap ahead": forward,
    "timestamps leap back": back,
    "a new SSRC": new_ssrc,
    "both numbers wrap": shortly_before_the_wrap,
}


async def begin_anew(*, by_link: bool | None = None) -> Row:
    """Let each of the changes happen once, to one who speaks without a pause."""
    times = []
    async with network(by_link=by_link) as net, on_air(net) as air:
        for change in CHANGES.values():
            begin = time.monotonic()
            await asyncio.sleep(BEFORE_S)
            change(air.voice)
            await asyncio.sleep(AFTER_S)
            times.append((begin, time.monotonic()))
    figures = [_figures(air, *each) for each in zip(CHANGES, times, strict=True)]
    return Row("F30", "a sender's numbers begin anew", tuple(chain(*figures)))


def _figures(air: Air, name: str, when: tuple[float, float]) -> list[Figure]:
    begin, end = when
    sound = air.recorded.heard(air.siren, begin, end)
    return [
        Figure(
            f"{name}: a receiver's gap",
            MS
            * max(
                air.heard.longest_pause_s(begin, end),
                air.heard.longest_leap_s(begin, end),
            ),
            "ms",
            GAP_MS,
            GAP_STRETCH_MS,
        ),
        Figure(
            f"{name}: the player's gap",
            MS * max(sound.gaps_s, default=0.0),
            "ms",
            GAP_MS,
            GAP_STRETCH_MS,
        ),
    ]
