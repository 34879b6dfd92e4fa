"""The entities that Home Assistant makes of what Earshot tells a broker, all three real."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.adapters.mosquitto import HOST, Mosquitto
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client
from tests.ha.core_process import PATIENCE_S, SYSTEM, CoreProcess

pytestmark = [
    pytest.mark.ha,
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not SYSTEM.exists(), reason="started by make test-ha alone"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def broker(
    requires_program: Callable[[str], str], folder: Path
) -> AsyncIterator[Mosquitto]:
    async with Mosquitto(requires_program("mosquitto"), folder) as broker:
        yield broker


@pytest.fixture(scope="module")
def relay_options(broker: Mosquitto) -> list[str]:
    rule = {"streams": "Cot", "kinds": "lost"}
    return [
        f"--mqtt-host={HOST}",
        f"--mqtt-port={broker.port}",
        "--mqtt-sound=true",
        f"--alerts={json.dumps([rule])}",
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(core: CoreProcess, broker: Mosquitto) -> CoreProcess:
    """Home Assistant, told of the broker as its owner would."""
    step = await core.post("/api/config/config_entries/flow", {"handler": "mqtt"})
    flow = f"/api/config/config_entries/flow/{step['flow_id']}"
    other = {"set_client_cert": False, "set_ca_cert": "off"}
    where = {"broker": HOST, "port": broker.port, "other_settings": other}
    step = await core.post(flow, where)
    assert step["type"] == "create_entry", step
    return core


async def test_entities_appear_by_themselves_and_follow_speech(
    house: CoreProcess, relay: RelayProcess
) -> None:
    """With nothing of Earshot installed in Home Assistant."""
    async with (
        wire_client(relay.websocket_url) as sender,
        wire_client(relay.websocket_url) as listener,
    ):
        await sender.send("Nursery")
        await house.until_state("binary_sensor.nursery_on_air", "on")
        await house.until_state("binary_sensor.nursery_voice", "on")
        await house.until_state("sensor.nursery_connection_quality", "good")
        await listener.receive(name="Nursery")
        await house.until_state("sensor.nursery_listeners", "1")
        assert -30 < float((await house.states())["sensor.nursery_sound_level"]) < -10

        await house.call("switch", "turn_on", entity_id="switch.nursery_mute")
        await house.until_state("switch.nursery_mute", "on")
        assert (await relay.streams())[0]["muted_by_house"]
        await house.until_state("binary_sensor.nursery_voice", "off")
        await house.call("switch", "turn_off", entity_id="switch.nursery_mute")
        await house.until_state("binary_sensor.nursery_voice", "on")

        button = "button.nursery_send_listeners_away"
        await house.call("button", "press", entity_id=button)
        assert (await listener.hear("error"))["code"] == "hushed"
    await house.until_state("binary_sensor.nursery_on_air", "off")


async def cot_event(house: CoreProcess) -> dict[str, Any]:
    """Return the attributes of the cot's event entity, none if there is no such entity."""
    for state in await house.get("/api/states"):
        if state["entity_id"] == "event.cot_event":
            attributes: dict[str, Any] = state["attributes"]
            return attributes
    return {}


async def test_an_alert_is_an_event_until_the_device_is_deleted(
    house: CoreProcess, relay: RelayProcess
) -> None:
    """A microphone that is gone is told by its device; without the device nothing is left."""
    async with wire_client(relay.websocket_url) as sender:
        await sender.send("Cot")
        await house.until_state("binary_sensor.cot_on_air", "on")
    left_at = time.time()
    async with asyncio.timeout(PATIENCE_S):
        while (seen := await cot_event(house)).get("event_type") != "alert_lost":  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.1)
    assert abs(seen["began_at"] - left_at) < PATIENCE_S

    devices = await house.ask("config/device_registry/list")
    (device,) = [d for d in devices if d["name"] == "Cot"]
    await house.ask(
        "config/device_registry/remove_config_entry",
        device_id=device["id"],
        config_entry_id=device["config_entries"][0],
    )
    async with asyncio.timeout(PATIENCE_S):
        while await cot_event(house):  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.1)


async def test_they_are_unavailable_while_the_server_is_gone(
    house: CoreProcess, relay: RelayProcess
) -> None:
    await relay.stop()
    await house.until_state("binary_sensor.nursery_on_air", "unavailable")
