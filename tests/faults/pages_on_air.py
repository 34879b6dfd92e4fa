"""Pages without a browser: they find back by themselves, by the rules of `www/`."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from bench.light_client import LightClient
from bench.place import Place
from tests.faults.hearer import Heard, Hearer
from tests.faults.line import Backoff, Line, Message
from tests.faults.speaker import Siren, Speaker

LOOK_EVERY_S = 0.25
FALTERS_S = 5.0
"""A browser calls a connection disconnected when nothing came for so long."""

# As in www/sender.js, www/receiving-session.js and www/backoff.js; a test compares them.
FALTERING_S = 3.0
LINGER_S = 1.0
SILENCE_S = 3.0
LONGEST_REST_S = 8.0
JOIN_S = 16.0
"""A try that neither stands nor is refused after so long has failed."""


@dataclass(eq=False)
class Session:
    """One peer connection of a page, and what was agreed about it."""

    client: LightClient
    token: str
    line: int
    stream_id: str | None = None
    voice: Speaker | None = None
    work: asyncio.Task[Any] | None = None
    heard_at: float = field(default_factory=time.monotonic)
    negotiated: bool = False
    away: bool = False
    outdated: bool = False

    @property
    def broken(self) -> bool:
        return self.client.lost.is_set()

    @property
    def lasting(self) -> bool:
        """Whether it is worth going on with."""
        return self.negotiated and not (self.broken or self.away or self.outdated)

    def listen(self) -> None:
        """Note from now on when anything comes."""
        inner = self.client.on_packet

        def hear(data: bytes) -> None:
            self.heard_at = time.monotonic()
            if inner is not None:
                inner(data)

        self.client.on_packet = hear

    async def close(self, *, goodbye: bool = True) -> None:
        if self.work is not None:
            self.work.cancel()
            await asyncio.wait([self.work])
        await self.client.close(goodbye=goodbye)


class Page:
    """What both kinds have in common: a line, a session, and one that is to replace it."""

    def __init__(
        self, url_from: Callable[[Place], str], place: Place, name: str, siren: Siren
    ) -> None:
        self.name = name
        self.siren = siren
        self.session: Session | None = None
        self.next: Session | None = None
        self.streams: dict[str, Message] = {}
        """The live streams' details by their ids."""
        self.sessions = 0
        """How many peer connections stood so far."""
        self.lost_a_session = False
        """Whether the server ever closed a connection."""
        self._knows_streams = False
        self._resuming: Session | None = None
        self._resting_until = 0.0
        self._backoff = Backoff(LONGEST_REST_S)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: list[BaseException] = []
        self.line = Line(url_from, place, opened=self._opened, heard=self._heard)
        self._do(self._look_for_ever())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.line.close()
        await self._end()

    async def move(self, place: Place) -> None:
        """Be in another network: nothing that was sent from the old one arrives any more."""
        for session in (self.session, self.next):
            if session is not None:
                session.outdated = True
                session.client.vanish()
        self.next = None
        await self.line.move(place)

    async def lose_power(self) -> None:
        """Be gone without a word, on the network as well, which has to be cut before."""
        await self.line._stop()
        await self._end(goodbye=False)

    async def until(self, condition: Callable[[], object], timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.01)

    # --- what the kinds do differently ---------------------------------------------------

    def _begin(self) -> None:
        raise AssertionError("a page begins in its own way")

    def _reconsider(self) -> None:
        """Compare what is wanted with what is there."""

    def _react(self, message: Message) -> None:
        """Take a message of the negotiation."""

    # --- the line ------------------------------------------------------------------------

    def _opened(self) -> Message | None:
        newest = self.next or self.session
        self._resuming = newest if newest is not None and newest.lasting else None
        if self._resuming is None or self._resuming is not self.next:
            self._drop_next()
        self._knows_streams = False
        self._resting_until = 0.0
        if self._resuming is None:
            return None
        return {"type": "resume", "token": self._resuming.token}

    def _heard(self, message: Message) -> None:
        match message["type"]:
            case "available_streams":
                if "details" in message:
                    self.streams = {s["stream_id"]: s for s in message["details"]}
                    self._knows_streams = True
            case "stream_available":
                self.line.say("get_available_streams", details=True)
            case "stream_changed":
                self.streams[message["stream"]["stream_id"]] = message["stream"]
            case "stream_ended":
                self.streams.pop(message["stream_id"], None)
            case "resumed":
                self._resumed(message)
            case "error":
                self._refused(message)
            case _:
                self._react(message)
        self._reconsider()

    def _resumed(self, message: Message) -> None:
        session, self._resuming = self._resuming, None
        if session is not None:
            session.token = message["resume_token"]
            session.line = self.line.number

    def _refused(self, error: Message) -> None:
        if error["request"] == "resume":
            if self._resuming is not None:
                self._resuming.outdated = True
            self._resuming = None
        else:
            self._drop_next()
            self._resting_until = time.monotonic() + self._backoff.next_s()

    # --- sessions ------------------------------------------------------------------------

    def _drop_next(self) -> None:
        if self.next is not None:
            self._do(self.next.close())
            self.next = None

    def _take_over(self, session: Session, linger_s: float) -> None:
        before, self.session = self.session, session
        self.next = None
        self.sessions += 1
        self._backoff.reset()
        if before is not None:
            self._do(self._retire(before, linger_s))

    async def _retire(self, session: Session, linger_s: float) -> None:
        await asyncio.sleep(linger_s)
        await session.close()

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            session = self.session
            if session is not None:
                self.lost_a_session |= session.broken
                silent_s = time.monotonic() - session.heard_at
                if silent_s > FALTERS_S:
                    self.line.doubt()
                session.away = silent_s > FALTERS_S + FALTERING_S
            if time.monotonic() > self._resting_until:
                self._drop_next()
            self._reconsider()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._failures.append(failure)

    async def _end(self, *, goodbye: bool = True) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for session in (self.session, self.next):
            if session is not None:
                await session.close(goodbye=goodbye)
        self.session = self.next = None
        for failure in self._failures:
            raise failure


class SpeakingPage(Page):
    """`www/sender.js`: sounds the siren under a name."""

    def _reconsider(self) -> None:
        ready = self.line.is_open and self._knows_streams and self._resuming is None
        if not ready or self.next is not None or time.monotonic() < self._resting_until:
            return
        if self.session is None or not self.session.lasting:
            self._begin()

    def _begin(self) -> None:
        self._resting_until = time.monotonic() + JOIN_S
        self.line.say("start_sending", name=self.name, device_id=f"device-{self.name}")

    def _react(self, message: Message) -> None:
        if message["type"] == "sender_ready":
            client = LightClient(place=self.line.place)
            client.formats = Speaker.formats()
            self.next = Session(client, message["resume_token"], self.line.number)
            client.open()
            offer = {"type": "offer", "sdp": client.offer()}
            self.line.say("webrtc_offer", offer=offer)
        elif message["type"] == "webrtc_answer" and self.next is not None:
            self.next.negotiated = True
            self.next.client.take_answer(message["answer"]["sdp"])
            self._do(self._speak(self.next))

    async def _speak(self, session: Session) -> None:
        await session.client.connected.wait()
        if session is not self.next:
            return
        session.voice = speaker = Speaker(session.client, self.siren)
        session.listen()
        session.heard_at = time.monotonic()
        self._resting_until = 0.0
        self._take_over(session, LINGER_S)
        session.work = asyncio.create_task(speaker.speak(), name="speak")


class HearingPage(Page):
    """`www/receiver.js`: hears the stream of a name, whoever sends it when."""

    def __init__(
        self, url_from: Callable[[Place], str], place: Place, name: str, siren: Siren
    ) -> None:
        super().__init__(url_from, place, name, siren)
        self.heard = Heard(siren)
        self._asked: tuple[str, int] | None = None

    def _find(self) -> Message | None:
        found = [s for s in self.streams.values() if s["name"] == self.name]
        return found[-1] if found else None

    def _reconsider(self) -> None:
        live = self._find()
        if not (self.line.is_open and self._knows_streams and live):
            return
        wanted = (live["stream_id"], self.line.number)
        if self._resuming is not None or time.monotonic() < self._resting_until:
            return
        if wanted == self._asked and self.next is not None:
            return
        session = self.session
        here = session is not None and (session.stream_id, session.line) == wanted
        if session is None or not here or self._gone(session, live):
            self._ask(wanted)

    def _gone(self, session: Session, live: Message) -> bool:
        silent = time.monotonic() - session.heard_at > SILENCE_S
        stopped = silent and live["state"] == "live"
        return session.broken or session.outdated or bool(stopped)

    def _ask(self, wanted: tuple[str, int]) -> None:
        self._drop_next()
        self._asked = wanted
        self._resting_until = time.monotonic() + JOIN_S
        self.line.say("start_receiving", stream_id=wanted[0])

    def _refused(self, error: Message) -> None:
        super()._refused(error)
        if error["code"] in ("stream_ended", "stream_not_found"):
            self.line.say("get_available_streams", details=True)

    def _react(self, message: Message) -> None:
        if message["type"] != "webrtc_offer" or self._asked is None:
            return
        client = LightClient(place=self.line.place)
        client.formats = Hearer.formats()
        stream_id, line = self._asked
        session = Session(client, message["resume_token"], line, stream_id)
        self.next = session
        client.open()
        answer = {"type": "answer", "sdp": client.answer(message["offer"]["sdp"])}
        self.line.say("webrtc_answer", answer=answer)
        session.negotiated = True
        self._do(self._hear(session))

    async def _hear(self, session: Session) -> None:
        hearer = Hearer(session.client, self.heard)
        session.listen()
        await session.client.connected.wait()
        if session is not self.next:
            hearer.close()
            return
        session.heard_at = time.monotonic()
        self._resting_until = 0.0
        self._take_over(session, 0.0)
        session.work = asyncio.create_task(self._tidy(hearer), name="hear")

    async def _tidy(self, hearer: Hearer) -> None:
        """Stop asking when the session ends."""
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        hearer.close()
