"""
One connection to an MQTT broker, on a thread of its own.

The library asks names, connects and shakes hands on its event loop's executor, where it
cannot be interrupted, and after some failures it leaves a socket and a task behind. Here
the executor is the session's own thread, and what is left behind ends with its loop: the
relay's event loop and its one thread for files never wait for a broker.
"""

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt
from aiomqtt.exceptions import MqttConnectError

from relay.adapters.mqtt_outbox import MqttMessage, MqttOutbox

SECONDS = 1.0
TIMEOUT_S = 10 * SECONDS
"""For an answer of the broker, and for a message to leave: a broker that takes longer is gone."""
KEEPALIVE_S = 30
LEFT = "left"
"""Why a session is over that we have left."""
MAX_INCOMING = 1024
"""What may wait to be read; what comes then is dropped."""

NOT_LET_IN = (134, 135)
"""Bad user name or password, not authorized: MQTT 5, section 3.2.2.2, as the library says it."""

# The library warns of what is counted or told here anyway.
_silent = logging.getLogger(f"{__name__}.library")
_silent.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is and how it lets us in."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    cafile: Path | None = None
    """Of whoever signed its certificate; None: the authorities that the system trusts."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class BrokerFailed(Exception):
    """A sentence for the owner about what is wrong with the broker."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What every session with the broker begins with."""

    will: MqttMessage
    """What the broker says for us when we are gone without a word."""
    topics: Sequence[str]
    """What we want to hear."""
    at_home: Callable[[str], bool]
    """Whether an IP address belongs to the home; no other one is ever connected to."""


class MqttSession:
    """
    Begins with `start`; ``over`` is done when nothing is left of it, with the reason.

    ``connected`` and ``heard`` are called on the event loop that started it, as long as
    that has not asked for the end.
    """

    def __init__(
        self,
        broker: Broker,
        wishes: Wishes,
        outbox: MqttOutbox,
        *,
        connected: Callable[[], None],
        heard: Callable[[str, bytes, bool], None],
    ) -> None:
        self._broker = broker
        self._wishes = wishes
        self._outbox = outbox
        self._connected = connected
        self._heard = heard
        self._relay_loop = asyncio.get_running_loop()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._leaving = False
        self._stood = False
        self.over: asyncio.Future[str] = self._relay_loop.create_future()
        self.sent = 0

    def start(self) -> None:
        # A daemon: a library that hangs holds up nobody's exit.
        threading.Thread(target=self._run, name="mqtt", daemon=True).start()

    def wake(self) -> None:
        """There is something to send."""
        self._on_thread(self._wake.set)

    def leave(self) -> None:
        """Send what waits, say goodbye, and end; do not wait to be connected. Idempotent."""
        self._leaving = True
        self._on_thread(self._stop)

    def _on_thread(self, callback: Callable[[], object]) -> None:
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(callback)
            except RuntimeError:  # it has closed since
                pass

    # --- on the thread ------------------------------------------------------------------

    def _stop(self) -> None:
        self._wake.set()
        if self._serving is not None and not self._stood:
            self._serving.cancel()

    def _run(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                asyncio.run(self._serve())
            reason = LEFT
        except BrokerFailed as failure:
            reason = str(failure)
        except Exception as error:  # the outer edge of this thread
            reason = f"{self._broker}: {type(error).__name__}: {error}"
        self._loop = self._serving = None
        self._tell(self._set_over, reason)

    def _set_over(self, reason: str) -> None:
        if not self.over.done():
            self.over.set_result(reason)

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            self._relay_loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:  # the relay is gone
            pass

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(_OnThisThread())
        self._loop, self._serving = loop, asyncio.current_task()
        if self._leaving:  # whoever says so from now on finds the loop
            return
        try:
            self._check_home()
            async with self._client() as client:
                await client.subscribe([(topic, 0) for topic in self._wishes.topics])
                self._stood = True
                self._tell(self._connected)
                await _first_to_end(self._send(client), self._receive(client))
        except MqttConnectError as error:
            raise BrokerFailed(self._refusal(error)) from None
        except aiomqtt.MqttError as error:
            what = "is gone" if self._stood else "is not reached"
            raise BrokerFailed(f"the broker {self._broker} {what}: {error}") from None

    def _check_home(self) -> None:
        """Raises `BrokerFailed`."""
        broker = self._broker
        try:
            found = socket.getaddrinfo(
                broker.host, broker.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError):
            raise BrokerFailed(f"nobody knows the broker {broker.host!r}") from None
        for *_, address in found:
            if not self._wishes.at_home(str(address[0])):
                raise BrokerFailed(
                    f"the broker {broker.host!r} is {address[0]}, which is not at home;"
                    " allowed_networks says what belongs to it"
                )

    def _refusal(self, error: MqttConnectError) -> str:
        code = getattr(error.rc, "value", error.rc)
        if code in NOT_LET_IN:
            return f"the broker {self._broker} refuses the user name or the password"
        return f"the broker {self._broker} refuses us: {error}"

    def _client(self) -> aiomqtt.Client:
        broker, will = self._broker, self._wishes.will
        try:
            context = (
                ssl.create_default_context(cafile=broker.cafile) if broker.tls else None
            )
        except OSError as error:
            raise BrokerFailed(f"mqtt_cafile {broker.cafile}: {error}") from None
        return aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            tls_context=context,
            will=aiomqtt.Will(will.topic, will.payload, retain=will.retain),
            timeout=TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            max_queued_incoming_messages=MAX_INCOMING,
            logger=_silent,
        )

    async def _send(self, client: aiomqtt.Client) -> None:
        """Send until told to leave; each message leaves before the next is taken."""
        while True:
            self._wake.clear()
            leaving = self._leaving
            while (message := self._outbox.take()) is not None:
                await client.publish(
                    message.topic, message.payload, retain=message.retain
                )
                self.sent += 1
            if leaving:
                return
            await self._wake.wait()

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload
            if isinstance(payload, bytes):
                self._tell(self._heard, message.topic.value, payload, message.retain)


class _OnThisThread(ThreadPoolExecutor):
    """Runs what blocks where it is asked for: this thread is there for nothing else."""

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


async def _first_to_end(*works: Any) -> None:
    """Run all until one has ended, and raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in done:
        task.result()
