"""The real server, a real sender and a real broker, as a house with Home Assistant has them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from relay.audio.level import rms_dbfs
from tests.adapters.mosquitto import HOST, PASSWORD, USERNAME, Mosquitto, Reader
from tests.e2e.chromium import Chromium
from tests.e2e.people import PATIENCE_MS, speaker
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import WireClient, wire_client
from tests.fakes import pitch

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_S = 20.0

COT_IS_LOUD = {"streams": "Cot", "kinds": "noise"}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def broker(
    requires_program: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mosquitto]:
    program, folder = requires_program("mosquitto"), tmp_path_factory.mktemp("broker")
    async with Mosquitto(program, folder, password=True) as broker:
        yield broker


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def house(
    broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RelayProcess]:
    """A server that has the broker named to it, and measures sound."""
    relay = await RelayProcess.start(
        tmp_path_factory.mktemp("relay"),
        f"--mqtt-host={HOST}",
        f"--mqtt-port={broker.port}",
        f"--mqtt-username={USERNAME}",
        f"--mqtt-password={PASSWORD}",
        "--mqtt-sound=true",
        f"--alerts={json.dumps([COT_IS_LOUD, COT_IS_LOUD])}",
        "--noise-dbfs=-40",
    )
    try:
        yield relay
        await relay.stop()
        assert PASSWORD not in relay.log.read_text()
    finally:
        await relay.kill()


@pytest_asyncio.fixture(loop_scope="session")
async def reader(broker: Mosquitto, house: RelayProcess) -> AsyncIterator[Reader]:
    """Who sees all that the house says, once it says it."""
    async with Reader(broker, username=USERNAME, password=PASSWORD) as reader:
        await reader.until("earshot/status", "online")
        yield reader


async def until_heard(client: WireClient, loud: bool) -> None:
    """Wait until a receiver hears the whistle, or nothing at all."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            pcm = await client.sound(0.3)
            if (
                loud
                and rms_dbfs(pcm) > -30
                and pitch(pcm) == pytest.approx(440, abs=10)
            ):
                return
            if not loud and rms_dbfs(pcm) < -70:
                return


async def test_a_house_with_home_assistant(house: RelayProcess, reader: Reader) -> None:
    """Its states follow a call; over MQTT it is muted, let through, and cut off."""
    nursery = "earshot/nursery"
    async with (
        wire_client(house.websocket_url) as sender,
        wire_client(house.websocket_url) as listener,
    ):
        await sender.send("Nursery")
        await reader.until(f"{nursery}/on_air", "ON")
        await reader.until(f"{nursery}/quality", "good")
        await reader.until(f"{nursery}/voice", "ON")
        await reader.until(f"{nursery}/level", lambda text: -26 < float(text) < -20)
        await listener.receive(name="Nursery")
        await reader.until(f"{nursery}/listeners", "1")
        await until_heard(listener, loud=True)

        await reader.say(f"{nursery}/muted/set", "ON")
        await reader.until(f"{nursery}/muted", "ON")
        await until_heard(listener, loud=False)
        await reader.until(f"{nursery}/level", "-100.0")
        assert (await house.streams())[0]["muted_by_house"]
        await reader.say(f"{nursery}/muted/set", "OFF")
        await until_heard(listener, loud=True)

        await reader.say(f"{nursery}/hush", "PRESS")
        assert (await listener.hear("error"))["code"] == "hushed"
        await reader.until(f"{nursery}/listeners", "0")
    await reader.until(f"{nursery}/on_air", "OFF")
    await reader.until(f"{nursery}/event", '{"event_type": "sender_left"}')
    assert reader.events(f"{nursery}/event")[0] == "sender_came"


async def test_an_alert_is_an_event_of_the_device(
    house: RelayProcess, reader: Reader, broker: Mosquitto
) -> None:
    """Once, however many rules are about it, and announced before; nothing of it is kept."""
    config, event = "homeassistant/device/earshot-cot/config", "earshot/cot/event"
    async with wire_client(house.websocket_url) as sender:
        began = time.time()
        await sender.send("Cot")
        told = json.loads(await reader.until(event, lambda text: "alert" in text))
        assert told.pop("event_type") == "alert_noise"
        assert told.keys() == {"began_at", "level_dbfs"}
        assert began - 1 < told["began_at"] < time.time()
        assert -30 < told["level_dbfs"] < -10
    await reader.until(event, '{"event_type": "sender_left"}')
    assert reader.events(event).count("alert_noise") == 1
    topics = [topic for topic, _ in reader.all]
    assert topics.index(config) < topics.index(event)
    component = json.loads(reader.now[config])["cmps"]["event"]
    assert component["stat_t"] == event
    assert "alert_noise" in component["evt_typ"]

    await reader.say(config, "", retain=True)  # as Home Assistant deletes a device
    await reader.until("earshot/cot/level", "")
    async with Reader(broker, username=USERNAME, password=PASSWORD) as later:
        await later.until("earshot/status", "online")
        await later.say("last", "one")
        await later.until("last", "one")
    assert not {topic for topic in later.retained if "cot" in topic}


async def test_how_the_line_is_can_be_seen(
    house: RelayProcess, reader: Reader, broker: Mosquitto
) -> None:
    """In /health and /metrics, without the password; a broker that is away makes nothing ill."""

    async def part() -> dict[str, Any]:
        mqtt: dict[str, Any] = (await house.health())["parts"]["mqtt"]
        return mqtt

    where = f"{HOST}:{broker.port}"
    assert await part() == {
        "alive": True,
        "state": "connected",
        "broker": where,
        "problem": None,
    }
    numbers = await house.metrics()
    assert numbers["voice_mqtt_connected"] == 1
    assert numbers["voice_mqtt_messages_total{fate=sent}"] >= 1
    health = await house.health()
    assert health["options"]["mqtt_password"]["value"] == "********"
    assert PASSWORD not in json.dumps(health)
    await broker.stop()
    async with asyncio.timeout(PATIENCE_S):
        while (await part())["state"] == "connected":  # noqa: ASYNC110 - it tells only who asks
            await asyncio.sleep(0.05)
    assert (await house.health())["status"] == "healthy"
    assert (await house.metrics())["voice_mqtt_connected"] == 0
    await broker.start()
    async with asyncio.timeout(PATIENCE_S):
        while (await part())["state"] != "connected":  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.05)


async def test_a_server_that_dies_is_told_of_by_the_broker(
    broker: Mosquitto, tmp_path: Path
) -> None:
    """By its last will: nobody else could."""
    login = {"username": USERNAME, "password": PASSWORD}
    relay = await RelayProcess.start(
        tmp_path,
        f"--mqtt-host={HOST}",
        f"--mqtt-port={broker.port}",
        *(f"--mqtt-{key}={value}" for key, value in login.items()),
        "--mqtt-prefix=attic",
    )
    try:
        async with Reader(broker, **login) as reader:
            await reader.until("attic/status", "online")
            await relay.kill()
            await reader.until("attic/status", "offline")
    finally:
        await relay.kill()


async def test_a_sender_sees_that_the_house_has_muted_it(
    other_browser: Chromium, house: RelayProcess, reader: Reader
) -> None:
    """On its page, at once, and that it is heard again."""
    page = await speaker(other_browser, house, "Nursery")
    await reader.until("earshot/nursery/on_air", "ON")
    await reader.say("earshot/nursery/muted/set", "ON")
    headline = page.locator("#headline")
    await expect(headline).to_have_text("Muted by the house", timeout=PATIENCE_MS)
    await reader.say("earshot/nursery/muted/set", "OFF")
    await expect(headline).to_have_text("On air", timeout=PATIENCE_MS)
    await page.close()
