"""A real broker on loopback, and somebody who reads all that it is told."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiomqtt

from bench.free_port import free_port
from relay.adapters.mqtt_session import Broker

HOST = "127.0.0.1"
PATIENCE_S = 20.0
USERNAME, PASSWORD = "earshot", "let the broker in"


class Mosquitto:
    """One broker, which can be stopped and started again at its place. An async context manager."""

    def __init__(
        self, program: str, folder: Path, *more: str, password: bool = False
    ) -> None:
        self.port = free_port()
        self._program = program
        self._config = folder / "mosquitto.conf"
        self._process: asyncio.subprocess.Process | None = None
        lines = [f"listener {self.port} {HOST}", "user root", *more]
        if password:
            passwords = folder / "passwords"
            subprocess.run(
                ["mosquitto_passwd", "-b", "-c", passwords, USERNAME, PASSWORD],
                check=True,
                capture_output=True,
            )
            lines.append(f"password_file {passwords}")
        lines.append(f"allow_anonymous {str(not password).lower()}")
        self._config.write_text("\n".join(lines) + "\n")

    @property
    def place(self) -> Broker:
        return Broker(HOST, self.port)

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            self._program,
            *("-c", str(self._config)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(PATIENCE_S):
            while not await self._answers():  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.01)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    def signal(self, number: int) -> None:
        assert self._process is not None, "it runs"
        self._process.send_signal(number)

    async def stop(self) -> None:
        """Idempotent."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def __aenter__(self) -> "Mosquitto":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class Reader:
    """
    Hears every topic of a broker, as another program in the house does. An async context manager.

    ``now`` is the newest payload of each topic, ``all`` everything in order.
    """

    def __init__(self, broker: Mosquitto, **login: str) -> None:
        self.now: dict[str, str] = {}
        self.all: list[tuple[str, str]] = []
        self.retained: set[str] = set()
        """Topics that the broker had kept when this began."""
        self._client = aiomqtt.Client(HOST, broker.port, **login)
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Reader":
        await self._client.__aenter__()
        await self._client.subscribe("#")
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._reading is not None
        self._reading.cancel()
        await asyncio.wait([self._reading])
        try:
            await self._client.__aexit__(None, None, None)
        except aiomqtt.MqttError:  # the broker has gone before
            pass

    async def _read(self) -> None:
        async for message in self._client.messages:
            topic, payload = message.topic.value, bytes(message.payload).decode()
            self.now[topic] = payload
            self.all.append((topic, payload))
            if message.retain:
                self.retained.add(topic)

    async def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        await self._client.publish(topic, payload, retain=retain)

    async def until(self, topic: str, payload: str | Callable[[str], Any]) -> str:
        """Wait until a topic has a payload, or one for which something holds; return it."""

        def holds() -> bool:
            if topic not in self.now:
                return False
            is_ = self.now[topic]
            return is_ == payload if isinstance(payload, str) else bool(payload(is_))

        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():  # noqa: ASYNC110 - a condition is not an event
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"{topic} stayed {self.now.get(topic)!r}") from None
        return self.now[topic]

    def events(self, topic: str) -> list[str]:
        """Return the types of the events of a topic, in order."""
        return [json.loads(p)["event_type"] for t, p in self.all if t == topic]
