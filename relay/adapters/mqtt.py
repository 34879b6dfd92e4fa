"""MQTT as it is switched on: the line to the broker, and what goes over it."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from relay.adapters.discovery import OFFLINE, Topics
from relay.adapters.home_assistant import HomeAssistant, House, Names, Visualization
from relay.adapters.mqtt_link import FindBroker, LinkState, MqttLink
from relay.adapters.mqtt_outbox import MqttMessage
from relay.adapters.mqtt_session import Broker, Wishes
from relay.adapters.supervisor import Supervisor
from relay.consumers.decoder import PacketStream
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import MqttSettings
from relay.sources.backoff import Backoff
from relay.webrtc.line import Line

logger = logging.getLogger(__name__)

SECONDS = 1.0
TICK_S = 1 * SECONDS


class Mqtt:
    """An async context manager; leaving it tells Home Assistant that the server is gone."""

    def __init__(
        self,
        settings: MqttSettings,
        relay: MediaRelay[RtpPacket],
        names: Names,
        lines: Callable[[], Mapping[str, Line]],
        visualization: Visualization,
        *,
        hush: Callable[[PacketStream], object],
        at_home: Callable[[str], bool],
        find: FindBroker | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """
        ``lines`` tells how packets arrive, by stream id; ``hush`` sends away who hears a
        stream; ``at_home`` says of an IP address whether a broker there may be asked.
        """
        topics = Topics(settings.prefix, settings.discovery_prefix)
        will = MqttMessage(topics.status, OFFLINE, retain=True)
        self.link = MqttLink(
            find or _finder(settings),
            Wishes(will, topics.heard, at_home),
            connected=lambda: self._home_assistant.announce(),
            heard=lambda *message: self._home_assistant.hear(*message),
            backoff=backoff,
        )
        measured = visualization if settings.sound else None
        house = House(relay, names, lines, hush, measured)
        self._home_assistant = HomeAssistant(house, topics, self.link.publish)
        self._ticking: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        ticking = self._ticking
        return self.link.alive and ticking is not None and not ticking.done()

    @property
    def broker(self) -> str | None:
        return str(self.link.broker) if self.link.broker else None

    @property
    def state(self) -> str:
        return self.link.state.value

    @property
    def problem(self) -> str | None:
        return self.link.problem

    @property
    def numbers(self) -> dict[str, int]:
        """What is counted, by name."""
        link = self.link
        return {
            "connected": link.state is LinkState.CONNECTED,
            "connects": link.connects,
            "failures": link.failures,
            "sent": link.sent,
            "superseded": link.outbox.superseded,
            "dropped": link.outbox.dropped,
        }

    async def __aenter__(self) -> "Mqtt":
        self._home_assistant.open()
        await self.link.__aenter__()
        self._ticking = asyncio.create_task(self._tick(), name="mqtt states")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])
        self._home_assistant.close()
        await self.link.__aexit__()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._home_assistant.tick()
            except Exception:
                # The outer edge of this task: the next second may go well.
                logger.exception("the states could not be told")


def _finder(settings: MqttSettings) -> FindBroker:
    """Return who knows the broker: the owner, or else the Supervisor."""
    if settings.host is None:
        return Supervisor(settings.supervisor_token or "").broker
    broker = Broker(
        settings.host,
        settings.port,
        settings.username,
        settings.password,
        settings.tls,
        settings.cafile,
    )

    async def find() -> Broker:
        return broker

    return find
