"""Tests of relay/adapters/mqtt.py: a house and a real broker."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.adapters.home_assistant import STATES
from relay.adapters.mqtt_link import LinkState
from relay.adapters.mqtt_session import Broker
from tests.adapters.house import MqttHouse
from tests.adapters.mosquitto import HOST, PASSWORD, USERNAME, Mosquitto, Reader
from tests.sound_room import until

CONFIG = "homeassistant/device/earshot-nursery/config"
PATIENCE_S = 20.0


async def test_a_stream_becomes_a_device(broker: Mosquitto) -> None:
    """It is introduced, on the air and available; its sender came."""
    async with MqttHouse(broker.place) as house, Reader(broker) as reader:
        await reader.until("earshot/status", "online")
        house.sender()
        await reader.until("earshot/nursery/on_air", "ON")
        assert json.loads(reader.now[CONFIG])["dev"]["name"] == "Nursery"
        await reader.until("earshot/nursery/listeners", "0")
        await reader.until("earshot/nursery/event", '{"event_type": "sender_came"}')


async def test_what_stays_in_the_broker(broker: Mosquitto) -> None:
    """Who comes later learns how it is, and nothing of events that are over."""
    async with MqttHouse(broker.place, sound=True) as house, Reader(broker) as reader:
        sender = house.sender()
        await sender.play(0.5)
        await reader.until("earshot/nursery/level", lambda level: level != "None")
        async with Reader(broker) as later:
            await later.until("earshot/nursery/on_air", "ON")
            await later.until("earshot/status", "online")
            await later.say("last", "one")
            await later.until("last", "one")
        assert later.retained == {
            CONFIG,
            "earshot/status",
            *(f"earshot/nursery/{state}" for state in STATES),
        }


async def test_the_states_follow_the_stream(broker: Mosquitto) -> None:
    """Who hears it, how its packets arrive, and that it is over."""
    async with MqttHouse(broker.place) as house, Reader(broker) as reader:
        stream = house.sender().stream
        assert stream is not None
        stream.count_receivers(2)
        stream.count_listeners(1)
        await reader.until("earshot/nursery/listeners", "3")
        await reader.until("earshot/nursery/quality", "None")
        house.relay.end(stream, "stopped")
        await reader.until("earshot/nursery/on_air", "OFF")
        await reader.until("earshot/nursery/listeners", "0")
        await reader.until("earshot/nursery/event", '{"event_type": "sender_left"}')


async def test_a_voice_is_told(broker: Mosquitto) -> None:
    """With its level, when it begins and when it is over."""
    async with (
        MqttHouse(broker.place, sound=True) as house,
        Reader(broker) as reader,
    ):
        await reader.until("earshot/status", "online")
        sender = house.sender(level_dbfs=-90)
        playing = asyncio.create_task(_play_until_cancelled(sender.play))
        await reader.until("earshot/nursery/voice", "OFF")
        sender.level_dbfs = -20
        await reader.until("earshot/nursery/voice", "ON")
        await reader.until(
            "earshot/nursery/level", lambda text: -24 < float(text) < -20
        )
        sender.level_dbfs = -90
        await reader.until("earshot/nursery/voice", "OFF")
        playing.cancel()
        await asyncio.wait([playing])
        await reader.until("earshot/nursery/event", lambda text: "speech_ended" in text)
        assert reader.events("earshot/nursery/event") == [
            "sender_came",
            "speech_started",
            "speech_ended",
        ]


async def _play_until_cancelled(play: Callable[[float], object]) -> None:
    while True:
        await play(1.0)  # type: ignore[misc]


async def test_it_is_muted_over_mqtt(broker: Mosquitto) -> None:
    """Nothing of the sender's goes out until it is let through again."""
    async with MqttHouse(broker.place) as house, Reader(broker) as reader:
        stream = house.sender().stream
        assert stream is not None
        await reader.until("earshot/nursery/muted", "OFF")
        await reader.say("earshot/nursery/muted/set", "ON")
        await reader.until("earshot/nursery/muted", "ON")
        assert stream.muted_by_house
        await reader.say("earshot/nursery/muted/set", "OFF")
        await reader.until("earshot/nursery/muted", "OFF")
        assert not stream.muted_by_house


async def test_everybody_is_sent_away_over_mqtt(broker: Mosquitto) -> None:
    """By the button; what was pressed before the server came does not count."""
    async with Reader(broker) as reader:
        await reader.say("earshot/porch/hush", "PRESS", retain=True)
        async with MqttHouse(broker.place) as house:
            stream, porch = house.sender().stream, house.sender("Porch").stream
            await reader.until("earshot/nursery/on_air", "ON")
            await reader.say("earshot/nursery/hush", "PRESS")
            await until(lambda: house.hushed, PATIENCE_S)
            assert house.hushed == [stream]
            assert porch not in house.hushed


async def test_home_assistant_that_starts_is_told_everything(broker: Mosquitto) -> None:
    """By its birth message, and though nothing has changed."""
    async with MqttHouse(broker.place) as house, Reader(broker) as reader:
        house.sender()
        await reader.until("earshot/nursery/on_air", "ON")
        reader.now.clear()
        await reader.say("homeassistant/status", "online")
        await reader.until(CONFIG, lambda text: text)
        await reader.until("earshot/nursery/on_air", "ON")
        await reader.until("earshot/status", "online")


async def test_a_forgotten_name_leaves_nothing_in_the_broker(broker: Mosquitto) -> None:
    """Its device is taken back, and so are all its topics."""
    async with MqttHouse(broker.place) as house, Reader(broker) as reader:
        stream = house.sender().stream
        await reader.until("earshot/nursery/on_air", "ON")
        house.relay.end(stream, "stopped")
        house.names.forget("nursery")
        await reader.until(CONFIG, "")
        await reader.until("earshot/nursery/muted", "")
        async with Reader(broker) as later:
            await later.until("earshot/status", "online")
            await later.say("last", "one")
            await later.until("last", "one")
            assert later.retained == {"earshot/status"}


async def test_a_name_that_was_forgotten_while_the_broker_was_away(
    broker: Mosquitto, tmp_path: Path
) -> None:
    """Is taken back when it is there again."""
    async with Reader(broker) as reader:
        await reader.say(CONFIG, "{}", retain=True)
        async with MqttHouse(None) as house:
            house.relay.end(house.sender().stream, "stopped")
            house.names.forget("nursery")
            house.broker = broker.place
            await reader.until(CONFIG, "")


async def test_a_device_that_is_deleted_in_home_assistant(broker: Mosquitto) -> None:
    """Is forgotten until it sends again; Home Assistant empties its introduction."""
    async with MqttHouse(broker.place) as house, Reader(broker) as reader:
        house.relay.end(house.sender().stream, "stopped")
        await reader.until("earshot/nursery/on_air", "OFF")
        await reader.say(CONFIG, "", retain=True)
        await until(lambda: not len(house.names), PATIENCE_S)
        await reader.until("earshot/nursery/on_air", "")
        house.sender()
        await reader.until("earshot/nursery/on_air", "ON")


async def test_it_says_goodbye(broker: Mosquitto) -> None:
    """Its entities are unavailable when the server has ended."""
    async with Reader(broker) as reader:
        async with MqttHouse(broker.place):
            await reader.until("earshot/status", "online")
        await reader.until("earshot/status", "offline")


async def test_a_broker_that_restarts_is_told_everything(broker: Mosquitto) -> None:
    """It has forgotten all; meanwhile the streams went on."""
    async with MqttHouse(broker.place) as house:
        house.sender()
        await until(lambda: house.mqtt.link.connects == 1, PATIENCE_S)
        await broker.stop()
        await until(lambda: house.mqtt.state == LinkState.WAITING, PATIENCE_S)
        assert "is gone" in (house.mqtt.problem or "")
        porch = house.sender("Porch").stream
        assert porch is not None
        await broker.start()
        async with Reader(broker) as reader:
            await reader.until("earshot/porch/on_air", "ON")
            await reader.until("earshot/nursery/on_air", "ON")
            await reader.until("earshot/status", "online")
        assert house.mqtt.problem is None


async def test_a_broker_that_is_not_there_is_waited_for(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """The problem is told once, and nothing is kept for it."""
    await broker.stop()
    async with MqttHouse(broker.place) as house:
        await until(lambda: house.mqtt.link.failures >= 2, PATIENCE_S)
        house.sender()
        assert house.mqtt.state == LinkState.WAITING
        assert house.mqtt.alive
        assert len(house.mqtt.link.outbox) == 0
        assert house.mqtt.numbers["dropped"] == 1, "that its sender came"
        await broker.start()
        async with Reader(broker) as reader:
            await reader.until("earshot/nursery/on_air", "ON")
    told = [r for r in caplog.records if "is not reached" in r.getMessage()]
    assert len(told) == 1


async def test_a_wrong_password_is_told_and_not_shown(
    requires_program: Callable[[str], str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The right one lets it in; neither is ever in the log or the state."""
    program = requires_program("mosquitto")
    async with Mosquitto(program, tmp_path, password=True) as broker:
        wrong = Broker(HOST, broker.port, USERNAME, "not the password")
        async with MqttHouse(wrong) as house:
            await until(lambda: house.mqtt.link.failures, PATIENCE_S)
            problem = house.mqtt.problem
            assert problem is not None
            assert problem.endswith("refuses the user name or the password")
            house.broker = Broker(HOST, broker.port, USERNAME, PASSWORD)
            async with Reader(broker, username=USERNAME, password=PASSWORD) as reader:
                await reader.until("earshot/status", "online")
            shown = caplog.text + repr(house.mqtt.link.broker) + str(house.mqtt.broker)
    assert "not the password" not in shown
    assert PASSWORD not in shown


async def test_a_broker_elsewhere_is_never_connected_to(broker: Mosquitto) -> None:
    """Nothing leaves the home, whatever the options say."""
    async with MqttHouse(broker.place, at_home=False) as house:
        await until(lambda: house.mqtt.link.failures, PATIENCE_S)
        assert "not at home" in (house.mqtt.problem or "")
        assert house.mqtt.link.connects == 0


async def test_a_house_without_a_broker(caplog: pytest.LogCaptureFixture) -> None:
    """Is no fault, and nothing is said about it."""
    async with MqttHouse(None) as house:
        await until(lambda: house.mqtt.state == LinkState.NO_BROKER, PATIENCE_S)
        assert house.mqtt.problem is None
        assert house.mqtt.alive
    assert not [r for r in caplog.records if r.levelname == "WARNING"]
