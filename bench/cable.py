"""How long it stays silent after a pulled cable is back, for a listener in a browser."""

import asyncio
import time

from bench.calls import OUR_PAGES, Call
from bench.impaired_link import ImpairedLink, Impairment
from bench.listening_room import ListeningRoom
from bench.not_measured import NotMeasured

AUDIBLE = 0.02
"""Of full scale; a pause between sentences is less."""
PATIENCE_S = 30.0
SETTLE_S = 3.0
LOOK_EVERY_S = 0.2
BUFFERED_S = 1.0
"""The end of a cut, in which nothing is left of what came before it."""


async def silence_after(
    room: ListeningRoom, leg: ImpairedLink, length_s: float
) -> float:
    """
    Pull the cable of a leg for some seconds; return the seconds of silence after it is back.

    It is `PATIENCE_S` if the sound does not come back by itself in that time. Raises
    `NotMeasured` if the cable did not matter.
    """
    async with OUR_PAGES.start(room) as call:
        await call.listener.evaluate("ear.watch()")
        await asyncio.sleep(SETTLE_S)
        try:
            leg.change(Impairment(cut=True))
            await asyncio.sleep(length_s)
            if await _loud_since(call, time.time() - BUFFERED_S):
                raise NotMeasured("a cable was pulled, and the sound went on")
        finally:
            leg.change(Impairment())
        mended_at = time.time()
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if loud := await _loud_since(call, mended_at):
                return loud[0] - mended_at
            await asyncio.sleep(LOOK_EVERY_S)
        return PATIENCE_S


async def _loud_since(call: Call, since: float) -> list[float]:
    """Return when there was sound, as far as it was not asked for before."""
    levels = await call.listener.evaluate("ear.levels()")
    return [at for at, level in levels if at > since and level >= AUDIBLE]
