"""A source knows whether it is wanted."""

import asyncio

from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.sources.demand import Demand
from tests.sound_room import until


async def test_it_is_wanted_as_soon_as_somebody_follows() -> None:
    """And not before."""
    relay = MediaRelay[RtpPacket](EventBus())
    stream = relay.publish(on_demand=True)
    demand = Demand(relay.events, stream)
    wanted = asyncio.create_task(demand.wanted())
    await asyncio.sleep(0.02)
    assert not wanted.done()
    with stream.subscribe(1):
        await until(wanted.done)
    demand.close()


async def test_it_is_unwanted_after_the_grace_time() -> None:
    """Counted from the last one who left."""
    relay = MediaRelay[RtpPacket](EventBus())
    stream = relay.publish(on_demand=True)
    demand = Demand(relay.events, stream)
    with stream.subscribe(1):
        unwanted = asyncio.create_task(demand.unwanted(0.05))
        await asyncio.sleep(0.1)
        assert not unwanted.done()
    await until(unwanted.done)


async def test_who_comes_back_in_time_is_not_noticed() -> None:
    """A page that is loaded again interrupts nothing."""
    relay = MediaRelay[RtpPacket](EventBus())
    stream = relay.publish(on_demand=True)
    demand = Demand(relay.events, stream)
    unwanted = asyncio.create_task(demand.unwanted(60.0))
    await asyncio.sleep(0.01)
    with stream.subscribe(1):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    assert not unwanted.done()
    unwanted.cancel()
    await asyncio.wait([unwanted])


async def test_other_streams_do_not_count() -> None:
    """Each source has followers of its own."""
    relay = MediaRelay[RtpPacket](EventBus())
    stream, other = relay.publish(on_demand=True), relay.publish(on_demand=True)
    demand = Demand(relay.events, stream)
    wanted = asyncio.create_task(demand.wanted())
    with other.subscribe(1):
        await asyncio.sleep(0.02)
        assert not wanted.done()
    wanted.cancel()
    await asyncio.wait([wanted])
