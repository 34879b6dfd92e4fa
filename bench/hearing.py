"""One listen: what a page plays of what another one captures, in figures."""

import asyncio
from dataclasses import dataclass
from statistics import median

from bench.calls import Way
from bench.impaired_link import Impairment
from bench.listening_room import ListeningRoom
from bench.not_measured import NotMeasured
from bench.recording import NotAlike, Recording, delays_s

MS = 1000.0
CLEAN = Impairment()


@dataclass(frozen=True, slots=True)
class Hearing:
    said: Recording
    heard: Recording
    delay_ms: float
    """Median, from the capturing page until the playing page has it ready to play."""
    concealed_percent: float | None
    """Of all samples played: made up where there was sound to be heard; None where no one knows."""


async def hear(
    room: ListeningRoom,
    way: Way,
    impairment: Impairment,
    settle_s: float,
    length_s: float,
) -> Hearing:
    """
    Start a call on good lines, let them become bad, wait, and listen.

    Raises `NotMeasured` if nothing can be heard.
    """
    room.legs.change(CLEAN)
    try:
        async with way.start(room) as call:
            room.legs.change(impairment)
            await asyncio.sleep(settle_s)
            before = await call.listener.evaluate("ear.counters()")
            said, heard = await asyncio.gather(
                call.speaker.evaluate(f"ear.record('microphone', {length_s})"),
                call.listener.evaluate(f"ear.record('played', {length_s})"),
            )
            after = await call.listener.evaluate("ear.counters()")
    finally:
        room.legs.change(CLEAN)
    said, heard = Recording.of(said), Recording.of(heard)
    try:
        delay_ms = MS * median(delays_s(said, heard))
    except NotAlike as error:
        raise NotMeasured(f"{way.name}: {error}") from None
    return Hearing(said, heard, delay_ms, concealed_percent(before, after))


def concealed_percent(
    before: dict[str, float], after: dict[str, float]
) -> float | None:
    """
    Compare two sums of getStats(); silence made up in silence is nothing that is missed.

    None without a peer connection, which is what counts it.
    """
    if not after:
        return None

    def grown(name: str) -> float:
        return after.get(name, 0.0) - before.get(name, 0.0)

    played = grown("totalSamplesReceived")
    if played <= 0:
        raise NotMeasured("the page has played nothing")
    return 100 * (grown("concealedSamples") - grown("silentConcealedSamples")) / played
