"""How late the event loop is."""

import asyncio
import time

from relay.web.loop_lag import LoopLag
from tests.web.fakes import FakeClock


async def test_measures_how_late_it_wakes_up() -> None:
    """Lag is what a sleep took longer than asked; the worst of the last minute is kept."""
    clock = FakeClock()
    delays = [0.0, 0.3, 0.05]
    done = asyncio.Event()

    async def sleep(seconds: float) -> None:
        if not delays:
            done.set()
            await asyncio.Event().wait()
        clock.advance(seconds + delays.pop(0))

    sampled: list[float] = []
    async with LoopLag(sampled.append, clock=clock, sleep=sleep) as lag:
        await done.wait()
        assert lag.alive
        assert [round(sample, 6) for sample in sampled] == [0.0, 0.3, 0.05]
        assert round(lag.latest_s, 6) == 0.05
        assert round(lag.worst_s, 6) == 0.3
    assert not lag.alive


async def test_a_blocked_loop_is_seen() -> None:
    """Whoever keeps the loop busy shows up in the lag."""
    async with LoopLag() as lag:
        await asyncio.sleep(0.01)
        time.sleep(0.25)  # noqa: ASYNC251 - this is the offence
        await asyncio.sleep(0.05)
        assert lag.worst_s > 0.1


async def test_no_samples_yet() -> None:
    """Before the first sample there is no lag."""
    lag = LoopLag()
    assert (lag.latest_s, lag.worst_s, lag.alive) == (0.0, 0.0, False)
