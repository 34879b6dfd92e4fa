"""Tests of relay/adapters/mqtt_session.py: brokers that are slow, silent, or not what they say."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from relay.adapters import mqtt_session
from relay.adapters.mqtt_outbox import MqttMessage, MqttOutbox
from relay.adapters.mqtt_session import LEFT, Broker, MqttSession, Wishes
from tests.adapters.mosquitto import HOST, PATIENCE_S, Mosquitto, Reader
from tests.adapters.silent_server import silent_server, until_no_thread
from tests.sound_room import until
from tests.tls.house_keys import put_foreign

WISHES = Wishes(
    MqttMessage("status", "offline", retain=True), ("asked/#",), lambda ip: True
)


class Visit:
    """One session and what it told."""

    def __init__(self, broker: Broker) -> None:
        self.connected = asyncio.Event()
        self.heard: list[tuple[str, bytes, bool]] = []
        self.outbox = MqttOutbox()
        self.session = MqttSession(
            broker,
            WISHES,
            self.outbox,
            connected=self.connected.set,
            heard=lambda *message: self.heard.append(message),
        )
        self.session.start()

    async def stands(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.connected.wait()

    async def end(self) -> str:
        """Return why it ended."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.session.over

    def send(self, *messages: MqttMessage) -> None:
        for message in messages:
            self.outbox.put(message)
        self.session.wake()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session without much patience."""
    monkeypatch.setattr(mqtt_session, "TIMEOUT_S", 1.0)


# The library leaves a socket whose handshake failed to the garbage collector, with a warning.
handshake_fails = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)


async def test_what_waits_is_sent_before_goodbye(broker: Mosquitto) -> None:
    """And the broker does not speak for us then."""
    async with Reader(broker) as reader:
        visit = Visit(broker.place)
        await visit.stands()
        visit.send(MqttMessage("a", "1"), MqttMessage("b", "2"))
        visit.session.leave()
        assert await visit.end() == LEFT
        await reader.until("b", "2")
        await reader.say("last", "one")
        await reader.until("last", "one")
        assert reader.all == [("a", "1"), ("b", "2"), ("last", "one")]
        assert visit.session.sent == 2
    await until_no_thread()


async def test_what_is_asked_of_us_is_heard(broker: Mosquitto) -> None:
    """With the mark of what the broker had kept."""
    async with Reader(broker) as reader:
        await reader.say("asked/before", "1", retain=True)
        await reader.until("asked/before", "1")
        visit = Visit(broker.place)
        await visit.stands()
        await reader.say("asked/now", "2")
        await reader.say("other", "3")
        await until(lambda: len(visit.heard) == 2, PATIENCE_S)
        assert visit.heard == [
            ("asked/before", b"1", True),
            ("asked/now", b"2", False),
        ]
        visit.session.leave()
        await visit.end()


async def test_a_broker_that_goes_away(broker: Mosquitto) -> None:
    """Ends the session with a reason."""
    visit = Visit(broker.place)
    await visit.stands()
    await broker.stop()
    assert "is gone" in await visit.end()
    visit.send(MqttMessage("a", "1"))
    visit.session.leave()


@pytest.mark.usefixtures("hurried")
async def test_a_broker_that_says_nothing() -> None:
    """Is given up; neither a task nor a socket is left."""
    async with silent_server() as port:
        visit = Visit(Broker(HOST, port))
        assert "is not reached" in await visit.end()
        await until_no_thread()


async def test_an_end_while_it_is_being_connected() -> None:
    """Is an end at once, whatever the broker does."""
    async with silent_server() as port:
        threads = threading.active_count()
        visit = Visit(Broker(HOST, port))
        await until(lambda: threading.active_count() > threads, PATIENCE_S)
        visit.session.leave()
        assert await visit.end() == LEFT
        await until_no_thread()


@handshake_fails
async def test_nobody_waits_while_a_broker_is_connected_to() -> None:
    """Not the thread that reads files, and not the loop: the handshake is somewhere else."""
    async with silent_server() as port:
        visit = Visit(Broker(HOST, port, tls=True))
        for _ in range(20):
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.to_thread(os.getpid)
        assert not visit.session.over.done()
    assert "is not reached" in await visit.end()
    await until_no_thread()


@pytest.mark.usefixtures("hurried")
async def test_a_broker_that_does_not_read(
    requires_program: Callable[[str], str], tmp_path: Path
) -> None:
    """Is given up when its line is full, and not waited for."""
    async with Mosquitto(requires_program("mosquitto"), tmp_path) as broker:
        visit = Visit(broker.place)
        await visit.stands()
        broker.signal(signal.SIGSTOP)
        try:
            visit.send(*(MqttMessage(f"t{n}", "x" * 1_000_000) for n in range(30)))
            assert "is gone" in await visit.end()
            assert len(visit.outbox) > 0, "nothing was sent that nobody took"
        finally:
            broker.signal(signal.SIGCONT)
    await until_no_thread()


async def test_a_name_that_nobody_knows() -> None:
    """Is said so."""
    visit = Visit(Broker("no-such-host.invalid"))
    assert await visit.end() == "nobody knows the broker 'no-such-host.invalid'"


@handshake_fails
async def test_a_broker_is_known_by_its_certificate(
    requires_program: Callable[[str], str], tmp_path: Path
) -> None:
    """One that the named authority signed is let at the password; any other is not."""
    put_foreign(tmp_path, HOST)
    cafile = tmp_path / "house.pem"  # it has signed itself
    tls = (f"certfile {cafile}", f"keyfile {tmp_path / 'house.key'}")
    async with Mosquitto(requires_program("mosquitto"), tmp_path, *tls) as broker:
        place = replace(broker.place, tls=True, cafile=cafile)
        visit = Visit(place)
        await visit.stands()
        visit.session.leave()
        assert await visit.end() == LEFT
        stranger = Visit(replace(place, cafile=None))
        assert "certificate" in (await stranger.end()).lower()
        lost = Visit(replace(place, cafile=tmp_path / "no such file"))
        assert "mqtt_cafile" in await lost.end()
    await until_no_thread()
