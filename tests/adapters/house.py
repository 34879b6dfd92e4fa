"""A house with streams, known names and MQTT, without pages and peers."""

from contextlib import AsyncExitStack
from pathlib import Path

from relay.adapters.mqtt import Mqtt
from relay.adapters.mqtt_link import FindBroker, LinkState
from relay.adapters.mqtt_session import Broker
from relay.consumers.decoder import PacketStream
from relay.hub.identity import StreamName
from relay.settings import MqttSettings
from relay.sources.backoff import Backoff
from relay.web.known_names import KnownNames
from relay.webrtc.line import Line
from tests.adapters.mosquitto import PATIENCE_S
from tests.fakes import FakeSender
from tests.sound_room import SoundRoom, until


class MqttHouse:
    """An async context manager. ``hushed`` are the streams from which everybody was sent away."""

    def __init__(
        self,
        broker: Broker | None,
        *,
        sound: bool = False,
        folder: Path | None = None,
        at_home: bool = True,
        find: FindBroker | None = None,
    ) -> None:
        """``find`` says where the broker is, instead of ``broker``."""
        self.room = SoundRoom()
        self.relay = self.room.relay
        self.names = KnownNames(self.relay, folder)
        self.hushed: list[PacketStream] = []
        self.lines: dict[str, Line] = {}
        self.broker = broker
        self._stack = AsyncExitStack()
        self.mqtt = Mqtt(
            MqttSettings(sound=sound),
            self.relay,
            self.names,
            lambda: self.lines,
            self.room.visualization,
            hush=self.hushed.append,
            at_home=lambda ip: at_home,
            find=find or self._find,
            backoff=Backoff(first_s=0.02, longest_s=0.1),
        )

    async def _find(self) -> Broker | None:
        return self.broker

    async def __aenter__(self) -> "MqttHouse":
        await self._stack.enter_async_context(self.room)
        await self._stack.enter_async_context(self.names)
        await self._stack.enter_async_context(self.mqtt)
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self.relay.streams:
            self.relay.end(stream, "shutdown")
        await self._stack.aclose()

    def sender(self, name: str = "Nursery", level_dbfs: float = -20.0) -> FakeSender:
        """Return somebody who sends under a name."""
        stream = self.relay.publish(StreamName.parse(name))
        return FakeSender(stream, level_dbfs=level_dbfs)

    async def until_asked(self) -> None:
        """Wait until it was found out that there is no broker."""
        await until(lambda: self.mqtt.state == LinkState.NO_BROKER, PATIENCE_S)
