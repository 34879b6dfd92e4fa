"""The line to the broker: one session after another, for as long as it is wanted."""

import asyncio
import enum
import logging
import time
from collections.abc import Awaitable, Callable

from relay.adapters.mqtt_outbox import MqttMessage, MqttOutbox
from relay.adapters.mqtt_session import Broker, BrokerFailed, MqttSession, Wishes
from relay.sources.backoff import Backoff

logger = logging.getLogger(__name__)

SECONDS = 1.0
GOODBYE_S = 1 * SECONDS
"""The whole server has two seconds to end."""

FindBroker = Callable[[], Awaitable[Broker | None]]
"""Says where the broker is now; None: there is none, and that is no fault."""


class LinkState(enum.StrEnum):
    CONNECTED = "connected"
    CONNECTING = "connecting"
    WAITING = "waiting"
    """The last attempt failed; another one follows."""
    NO_BROKER = "no_broker"
    """Home Assistant has none; it is asked again."""


class MqttLink:
    """
    An async context manager; one task, and at most one session.

    Nothing is kept for a broker that is not there: who publishes is told by
    ``connected`` when all has to be said anew.
    """

    def __init__(
        self,
        find: FindBroker,
        wishes: Wishes,
        *,
        connected: Callable[[], None],
        heard: Callable[[str, bytes, bool], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._find = find
        self._wishes = wishes
        self._connected = connected
        self._heard = heard
        self._backoff = backoff or Backoff()
        self._session: MqttSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._sent_before = 0
        self.outbox = MqttOutbox()
        self.state = LinkState.CONNECTING
        self.broker: Broker | None = None
        self.problem: str | None = None
        """What was wrong at the last attempt; None since it went well."""
        self.connects = 0
        self.failures = 0

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def sent(self) -> int:
        return self._sent_before + (self._session.sent if self._session else 0)

    def publish(self, message: MqttMessage) -> None:
        """Send soon; without a connection the message is dropped."""
        if self.state is not LinkState.CONNECTED or self._session is None:
            self.outbox.dropped += message.every
            return
        self.outbox.put(message)
        self._session.wake()

    async def __aenter__(self) -> "MqttLink":
        self._task = asyncio.create_task(self._keep(), name="mqtt link")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send what waits, and go; a broker that does not take it is left alone."""
        session = self._session
        if session is not None and self.state is LinkState.CONNECTED:
            session.leave()
            await asyncio.wait([session.over], timeout=GOODBYE_S)
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    # --- one session after another ------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            began = time.monotonic()
            try:
                broker = await self._find()
                if broker is None:
                    self._note(LinkState.NO_BROKER, None)
                else:
                    self._note(LinkState.WAITING, await self._stay(broker))
            except BrokerFailed as failure:
                self._note(LinkState.WAITING, str(failure))
            except Exception:
                # The outer edge of this task: the next attempt may go well.
                logger.exception("an attempt to reach the broker failed")
            self.failures += self.state is LinkState.WAITING
            await asyncio.sleep(self._backoff.failed(time.monotonic() - began))

    async def _stay(self, broker: Broker) -> str:
        """Be connected for as long as it lasts; return why it ended."""
        self.broker, self.state = broker, LinkState.CONNECTING
        self.outbox.clear()
        session = MqttSession(
            broker,
            self._wishes,
            self.outbox,
            connected=self._session_stands,
            heard=self._heard,
        )
        self._session = session
        session.start()
        try:
            return await session.over
        finally:
            session.leave()
            self._session = None
            self._sent_before += session.sent

    def _session_stands(self) -> None:
        if self._session is None:
            return
        logger.info("connected to the MQTT broker %s", self.broker)
        self.state, self.problem = LinkState.CONNECTED, None
        self.connects += 1
        self._connected()

    def _note(self, state: LinkState, problem: str | None) -> None:
        """Once for each problem, however long it lasts."""
        if problem is not None and problem != self.problem:
            logger.warning("MQTT: %s; trying again", problem)
        self.state, self.problem = state, problem
