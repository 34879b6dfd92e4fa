"""The regular rounds, on a clock that is set by hand."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from relay.audio.formats import MP3, Encoding
from relay.consumers.http_broadcast import Place
from relay.hub.stream import StreamState
from relay.settings import CleanupSettings
from relay.web.housekeeping import SWEEP_EVERY_S, Housekeeping
from tests.consumers.ear import Ear
from tests.web.fakes import FakeClock, packet
from tests.web.house import House


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def house(clock: FakeClock) -> AsyncIterator[House]:
    async with House(clock=clock) as house:
        yield house


async def test_immediate(house: House) -> None:
    """What a client gives up by itself is gone at once, without any round."""
    sender, _ = await house.sender()
    await sender.leave()
    await house.is_empty()
    assert house.relay.streams == []
    assert house.housekeeping.sweeps == 0


async def test_deferred(house: House, clock: FakeClock) -> None:
    """A stream without packets stalls after 2 s and ends after 34 s; packets revive it."""
    _, stream = await house.sender()
    for silence_s, state in (
        (1.9, StreamState.LIVE),
        (2.0, StreamState.STALLED),
        (33.9, StreamState.STALLED),
    ):
        stream.push(packet())
        clock.advance(silence_s)
        house.housekeeping.make_rounds()
        assert stream.state is state
    stream.push(packet())
    house.housekeeping.make_rounds()
    assert stream.state is StreamState.LIVE
    clock.advance(34)
    house.housekeeping.make_rounds()
    assert stream.state is StreamState.ENDED
    await house.until(lambda: not house.endpoint.peers)


async def test_periodic(house: House, clock: FakeClock) -> None:
    """The cleanup comes round every 300 s, however often the sweep does."""
    for _ in range(599):
        clock.advance(0.5)
        house.housekeeping.make_rounds()
    assert house.housekeeping.cleanups == 0
    clock.advance(0.5)
    house.housekeeping.make_rounds()
    assert house.housekeeping.cleanups == 1
    for _ in range(600):
        clock.advance(0.5)
        house.housekeeping.make_rounds()
    assert house.housekeeping.cleanups == 2
    assert house.housekeeping.sweeps == 1200


async def test_periodic_ends_what_the_sweep_missed(
    house: House, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A stream without media for 600 s is ended by the cleanup, and that is worth a warning."""
    stale, fresh = house.relay.publish(), house.relay.publish()
    clock.advance(599)
    fresh.push(packet())
    house.housekeeping.clean_up()
    assert house.relay.streams == [stale, fresh]
    clock.advance(1)
    house.housekeeping.clean_up()
    assert house.relay.streams == [fresh]
    assert house.housekeeping.found == 1
    assert stale.id in caplog.text


async def test_streams_on_demand_stay(house: House, clock: FakeClock) -> None:
    """A source that only sends while somebody listens is never stale."""
    stream = house.relay.publish(on_demand=True)
    clock.advance(10_000)
    house.housekeeping.make_rounds()
    assert house.relay.streams == [stream]


async def test_rounds_go_on(
    house: House, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The task makes its rounds twice a second; one that fails does not end it."""
    slept: list[float] = []
    rounds = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)
        if len(slept) > 5:
            rounds.set()
            await asyncio.Event().wait()

    housekeeping = Housekeeping(
        house.relay,
        house.lobby,
        house.broadcasts,
        CleanupSettings(300.0, 600.0),
        clock=clock,
        sleep=sleep,
    )
    sweep, failures = house.relay.sweep, [ZeroDivisionError()]

    def sweep_that_fails_once() -> None:
        if failures:
            raise failures.pop()
        sweep()

    house.relay.sweep = sweep_that_fails_once  # type: ignore[method-assign]
    async with housekeeping:
        await rounds.wait()
        assert housekeeping.alive
    assert not housekeeping.alive
    assert set(slept) == {SWEEP_EVERY_S}
    assert housekeeping.sweeps == 4
    assert "a round of housekeeping failed" in caplog.text


async def test_a_player_that_hears_nothing_is_looked_after_too(house: House) -> None:
    """That it left would show by itself only when something is written to it."""
    place = Place("latest", "", endless=True)
    ear = Ear()
    async with house.broadcasts.open(place, Encoding(MP3, 96_000)) as listener:
        following = asyncio.create_task(listener.follow(ear))
        await asyncio.sleep(0)
        ear.closing = True
        house.housekeeping.make_rounds()
        await asyncio.wait_for(following, 5)
    assert listener.reason == "left"
    await house.broadcasts.close()


async def test_wall_clock_that_jumps(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wall clock that is set by a day, either way, expires nothing."""
    _, stream = await house.sender()
    receiver = await house.receiver(stream)
    lost = await house.receiver(stream)
    lost.drop()
    await house.until(lambda: house.lobby.connected_clients == 2)
    for day_s in (86_400, -2 * 86_400):
        now = 1_790_000_000 + day_s
        monkeypatch.setattr("time.time", lambda now=now: now)
        house.housekeeping.make_rounds()
        house.housekeeping.clean_up()
        assert stream.state is StreamState.LIVE
        assert len(house.lobby.connections) == 3
        pong = await receiver.ask("ping")
        assert pong["timestamp"] > 0
    assert house.housekeeping.found == 0


async def test_memory_goes_back_with_each_cleanup(
    house: House, clock: FakeClock
) -> None:
    """And not with each sweep."""
    given: list[int] = []
    keeper = Housekeeping(
        house.relay,
        house.lobby,
        house.broadcasts,
        CleanupSettings(interval_s=300, stale_s=300),
        clock=clock,
        give_back_memory=lambda: given.append(1),
    )
    for _ in range(599):
        clock.advance(0.5)
        keeper.make_rounds()
    assert given == []
    clock.advance(0.5)
    keeper.make_rounds()
    assert given == [1]
