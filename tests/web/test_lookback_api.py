"""Tests of relay/web/lookback_api.py, and of the message that switches it: who decides."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from relay.hub.identity import StreamName
from tests.fakes import FakeSender
from tests.web.house import House, description
from tests.web.test_own_audience import BEHIND_PROXY

SENDER = {"X-Forwarded-For": "192.168.1.5"}
OTHER = {"X-Forwarded-For": "192.168.1.6"}


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    async with House(access=BEHIND_PROXY, lookback_s=60.0) as house:
        yield house


async def state(house: House, address: str = "nursery") -> tuple[int, dict[str, Any]]:
    async with house.session.get(f"/api/streams/{address}/lookback") as answer:
        return answer.status, await answer.json()


async def switch(house: House, enabled: object, headers: dict[str, str]) -> int:
    async with house.session.put(
        "/api/streams/nursery/lookback", json={"enabled": enabled}, headers=headers
    ) as answer:
        return answer.status


async def test_it_tells_how_far_back_one_may_begin(house: House) -> None:
    """By name and by id, and after the sender has left."""
    stream = house.relay.publish(StreamName.parse("Nursery"))
    FakeSender(stream).send(10)
    house.lookback.collect()
    for address in ("nursery", "Nursery", stream.id):
        status, fields = await state(house, address)
        assert status == 200
        assert (fields["enabled"], fields["seconds"]) == (True, 60)
        assert 0 <= fields["kept_s"] < 5
    house.relay.end(stream, "stopped")
    assert (await state(house))[0] == 200
    status, fields = await state(house, "attic")
    assert (status, fields["code"]) == (404, "stream_not_found")


async def test_the_sender_switches_it_over_its_socket(house: House) -> None:
    """Everybody who looks at the streams is told; who sends nothing has nothing to decide."""
    client, stream = await house.sender("Nursery")
    looker = await house.client(details=True)
    FakeSender(stream).send(10)
    await client.say("set_lookback", enabled=False)
    changed = await looker.hear("stream_changed")
    assert changed["stream"]["lookback_s"] == 0
    assert house.lookback.ring("nursery") is None
    error = await looker.ask("set_lookback", enabled=False)
    assert error["code"] == "unexpected_message"
    assert (await client.ask("set_lookback"))["code"] == "malformed_message"
    await client.say("set_lookback", enabled=True)
    assert (await looker.hear("stream_changed"))["stream"]["lookback_s"] == 60


async def test_over_http_only_the_senders_device_may(house: House) -> None:
    """And admins; nobody else, and not with nonsense."""
    sender = await house.socket(headers=SENDER)
    await sender.hear("available_streams")
    await sender.ask("start_sending", name="Nursery")
    await sender.ask("webrtc_offer", offer=description("offer"))
    house.endpoint.sender.speak()
    await sender.heard()
    house.lobby.sweep()
    assert await switch(house, False, OTHER) == 403
    assert house.lookback.is_on("nursery")
    assert await switch(house, "no", SENDER) == 400
    assert await switch(house, False, SENDER) == 200
    assert not house.lookback.is_on("nursery")
