"""
One client: its WebSocket, its dialogue, its tasks, one `close`.

Rule 1: every message is answered or obeyed, and the socket stays.
Rule 2: nothing that a client does, or fails to do, delays another client.
Rule 3: `close` runs once, to its end; the first reason counts.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from relay.errors import (
    CapacityExceeded,
    Hushed,
    MalformedMessage,
    MessageTooLarge,
    NotAllowed,
    ProtocolError,
    RelayError,
)
from relay.signaling import messages, sound_frame
from relay.signaling.server_messages import Error
from relay.web.background import Background
from relay.web.client_socket import (
    GOING_AWAY,
    NORMAL,
    POLICY_VIOLATION,
    ClientSocket,
)
from relay.web.dialogue import Dialogue
from relay.web.fault_limit import FaultLimit
from relay.web.guest import Guest
from relay.web.media import Media, Peer
from relay.web.outbox import Key, Outbox
from relay.web.roll import Roll
from relay.web.sound_line import SoundLine
from relay.web.stream_list import StreamList
from relay.web.tally import CloseReason, Tally

logger = logging.getLogger(__name__)

SECONDS = 1.0
CLOSE_TIMEOUT_S = 5 * SECONDS
SHUTDOWN_TIMEOUT_S = 1.2 * SECONDS
"""Shorter, because the whole server has two seconds."""
FLUSH_S = 0.5 * SECONDS
VANISHED_AFTER_S = 9 * SECONDS
"""A receiver without a socket is heard sooner: Chromium checks its connection every 2.5 s,
Firefox every 4 to 6 s, and both send reports."""

TURNED_AWAY = (NotAllowed, Hushed, CapacityExceeded)
"""What the audit log counts as refused."""

CLOSE_CODES = {
    CloseReason.SHUTDOWN: GOING_AWAY,
    CloseReason.TOO_SLOW: POLICY_VIOLATION,
    CloseReason.TOO_MANY_FAULTS: POLICY_VIOLATION,
    CloseReason.REVOKED: POLICY_VIOLATION,
}


class Connection:
    """One client, from the upgrade until nothing of it is left."""

    def __init__(
        self,
        socket: ClientSocket,
        guest: Guest,
        roll: Roll,
        media: Media,
        stream_list: StreamList,
        tally: Tally,
        gone: Callable[["Connection"], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = str(uuid4())
        self.opened_at = clock()
        self.detached = False
        """Whether the socket is lost while its media flows on."""
        self._detached_at = self.opened_at
        self._clock = clock
        self._log = logging.LoggerAdapter(logger, {"connection_id": self.id})
        self._socket = socket
        self.guest = guest
        self._roll = roll
        self._tally = tally
        self._gone = gone
        self._background = Background()
        self._faults = FaultLimit(clock)
        self._outbox = Outbox(socket.send, self._overflowed, tally)
        self._dialogue = Dialogue(
            self.id,
            guest,
            roll,
            media,
            stream_list,
            self._outbox,
            self._background,
            tally,
            SoundLine(socket, partial(self._outbox.put, supersedes=("heard", ""))),
            refuse=self._refuse,
            media_ended=self._media_ended,
            resumed=self._resumed,
        )
        self._reader: asyncio.Task[Any] | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def wants_details(self) -> bool:
        return self._dialogue.wants_details

    @property
    def peer(self) -> Peer | None:
        return self._dialogue.peer

    @property
    def forgotten(self) -> bool:
        """Whether it has neither a socket nor media, and nobody is closing it."""
        return self.detached and self.peer is None and self._closing is None

    # --- from the upgrade to the last byte ----------------------------------------------

    async def serve(self) -> None:
        """Read until the socket is gone. Media that outlives it needs no caller."""
        self._reader = asyncio.current_task()
        self._outbox.start()
        self._dialogue.greet()
        try:
            async for data in self._socket:
                if self._closing is not None:
                    break
                await self._receive(data)
        except asyncio.CancelledError:
            self.close_soon(CloseReason.SHUTDOWN)
            raise
        finally:
            self._reader = None
        lost = self._closing is None and self._socket.lost
        if lost and self._dialogue.media_flows:
            await self._detach()
        else:
            await self.close(self._why_ended())

    async def _receive(self, data: bytes) -> None:
        text = ""
        try:
            if sound_frame.is_frame(data):
                self._dialogue.take_frame(data)
                return
            self._tally.messages_in += 1
            text = text_of(data)
            await self._dialogue.take(messages.decode(text))
        except RelayError as error:
            self._refuse(error, messages.request_type(text))
        except Exception:  # one message is one piece of work; the next may go well
            self._log.exception("a message of %d bytes failed", len(data))
            mistake = RelayError("the server made a mistake")
            self._refuse(mistake, messages.request_type(text))

    def _refuse(self, error: RelayError, request: str | None) -> None:
        self._tally.errors[error.code] += 1
        self._log.debug("%s: %s", error.code, error)
        if request is not None and isinstance(error, TURNED_AWAY):
            self._roll.audit.refused(self.guest.visitor.address, error.code)
        self.send_text(messages.encode(Error.about(error, request)))
        if isinstance(error, ProtocolError) and self._faults.count():
            self.close_soon(CloseReason.TOO_MANY_FAULTS)

    def send_text(self, text: str, *, about: Key | None = None) -> None:
        """Queue a message that is already written; ``about`` lets a newer one replace it."""
        self._outbox.put(text, supersedes=about)

    def _overflowed(self) -> None:
        self.close_soon(CloseReason.TOO_SLOW)

    # --- what happens around it ---------------------------------------------------------

    def stream_ended(self, stream_id: str) -> None:
        """Let go of a stream that is over."""
        self._dialogue.stream_ended(stream_id)

    def _media_ended(self) -> None:
        if self.detached:
            self.close_soon(CloseReason.MEDIA_ENDED)

    def _resumed(self) -> None:
        self.close_soon(CloseReason.RESUMED)

    def sweep(self) -> None:
        """Look after the heartbeat, or after media without a socket. Call often."""
        if self._closing is not None:
            return
        if not self.guest.renew():
            self.close_soon(CloseReason.REVOKED)
            return
        self._dialogue.sweep()
        if self.detached:
            self._sweep_detached()
        elif self._socket.is_silent():
            self._log.info("does not answer")
            self._socket.abort()
        elif self._socket.is_due_for_ping():
            self._background.run(self._socket.ping(), "ping")

    def _sweep_detached(self) -> None:
        # A sender is left alone: its stream stalls, and ends if it stays away.
        peer = self.peer
        if peer is None or self._dialogue.sends:
            return
        heard_at = max(peer.heard_at, self._detached_at)
        if self._clock() - heard_at >= VANISHED_AFTER_S:
            self.close_soon(CloseReason.VANISHED)

    # --- the end ------------------------------------------------------------------------

    def _why_ended(self) -> CloseReason:
        if self._socket.broken:
            return CloseReason.BROKEN_FRAME
        if self._socket.is_silent():
            return CloseReason.SILENT
        return CloseReason.LOST if self._socket.lost else CloseReason.GOODBYE

    async def _detach(self) -> None:
        """Live on without a socket, for as long as the media does."""
        self.detached = True
        self._detached_at = self._clock()
        self._log.info("lost its socket; its media goes on")
        self._dialogue.stop_watching()
        await self._outbox.close()

    def close_soon(self, reason: CloseReason) -> asyncio.Task[None]:
        """Begin to close, or go on with it; return the task that does."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(reason), name="close")
        return self._closing

    async def close(self, reason: CloseReason) -> None:
        """Close the peer, the tasks and the socket. Idempotent; the first reason counts."""
        await asyncio.shield(self.close_soon(reason))

    async def _close(self, reason: CloseReason) -> None:
        self._log.info("closes: %s", reason.value)
        hurry = reason is CloseReason.SHUTDOWN
        try:
            async with asyncio.timeout(
                SHUTDOWN_TIMEOUT_S if hurry else CLOSE_TIMEOUT_S
            ):
                await self._close_in_order(reason)
        except TimeoutError:
            self._log.warning("did not close in time and is cut off")
            self._force()
        except asyncio.CancelledError:
            self._force()
            raise
        except Exception:  # the outer edge of this task: what is left is cut off
            self._log.exception("failed to close and is cut off")
            self._force()
        finally:
            self._tally.closes[reason] += 1
            self._gone(self)

    async def _close_in_order(self, reason: CloseReason) -> None:
        self._dialogue.end(reason.value)
        if reason is CloseReason.TOO_SLOW:
            self._socket.abort()  # a goodbye would wait behind all that it did not read
        await self._outbox.close(0 if self._socket.lost else FLUSH_S)
        await self._socket.close(CLOSE_CODES.get(reason, NORMAL))
        await self._background.finished()

    def _force(self) -> None:
        self._tally.forced_closes += 1
        self._socket.abort()
        self._background.cancel()
        if self._reader is not None:
            self._reader.cancel()


def text_of(data: bytes) -> str:
    """Return a message as text. Raises `MessageTooLarge` or `MalformedMessage`."""
    if len(data) > messages.MAX_MESSAGE_BYTES:
        raise MessageTooLarge(
            f"a message has at most {messages.MAX_MESSAGE_BYTES} bytes"
        )
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise MalformedMessage("the message is not text in UTF-8") from None
