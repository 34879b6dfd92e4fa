"""Failed attempts to get in."""

import asyncio

import pytest
from aiohttp import web

from relay.web.attempts import DELAY_S, MAX_ADDRESSES, PER_MINUTE, WINDOW_S, Attempts
from tests.web.fakes import FakeClock

GUEST = "192.168.1.66"


class Table(Attempts):
    """One whose time is set by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.slept: list[float] = []
        super().__init__(clock=self.clock, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_each_one_waits() -> None:
    """For how long is chance, so that waiting tells nothing."""
    table = Table()
    for _ in range(20):
        await table.failed(GUEST)
    assert all(DELAY_S[0] <= slept <= DELAY_S[1] for slept in table.slept)
    assert len(set(table.slept)) > 1


async def test_five_a_minute_are_all() -> None:
    """Then 429 for the rest of the minute, and not for longer."""
    table = Table()
    for number in range(PER_MINUTE):
        table.check(GUEST)
        await table.failed(GUEST)
        table.clock.advance(number)
    with pytest.raises(web.HTTPTooManyRequests) as refused:
        table.check(GUEST)
    assert refused.value.headers["Retry-After"] == "50"
    table.check("192.168.1.67")
    table.clock.advance(WINDOW_S - 10)
    table.check(GUEST)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "172.30.32.2"])
async def test_this_machine_and_the_supervisor_are_never_sent_away(
    address: str,
) -> None:
    """They wait like all others."""
    table = Table()
    for _ in range(2 * PER_MINUTE):
        await table.failed(address)
    table.check(address)
    assert len(table) == 0
    assert len(table.slept) == 2 * PER_MINUTE


async def test_the_table_is_bounded() -> None:
    """Who failed longest ago is forgotten first."""
    table = Table()
    for number in range(MAX_ADDRESSES + 10):
        for _ in range(PER_MINUTE):
            await table.failed(f"10.0.{number >> 8}.{number & 255}")
    assert len(table) == MAX_ADDRESSES
    table.check("10.0.0.0")
    with pytest.raises(web.HTTPTooManyRequests):
        table.check("10.0.0.255")


async def test_what_comes_at_once_is_counted_at_once() -> None:
    """A delay that many sit out at the same time would be none."""
    over = asyncio.Event()
    table = Attempts(sleep=lambda _: over.wait())
    waiting = [asyncio.create_task(table.failed(GUEST)) for _ in range(PER_MINUTE)]
    await asyncio.sleep(0)
    with pytest.raises(web.HTTPTooManyRequests):
        table.check(GUEST)
    over.set()
    await asyncio.gather(*waiting)
