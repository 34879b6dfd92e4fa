"""One WebSocket as the rest of the server sees it: messages, liveness, and how it ended."""

import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Literal

from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.http import WebSocketError

from relay.signaling.messages import MAX_MESSAGE_BYTES
from relay.unsent import unsent_bytes

logger = logging.getLogger(__name__)

SECONDS = 1.0
PING_AFTER_S = 20 * SECONDS
LOST_AFTER_S = 20 * SECONDS
"""Counted from the ping."""
FIRST_PING_AFTER_S = 2 * SECONDS
FIRST_SIGN_S = 8 * SECONDS
"""The same for who has given no sign of life yet. Any WebSocket client answers a ping by
itself (RFC 6455, 5.5.2), so who only wants to watch need not say anything."""

# What is too large is still read up to here, so that it can be answered in words;
# beyond it the socket is closed with code 1009.
MAX_FRAME_BYTES = 4 * MAX_MESSAGE_BYTES
# What the kernel may hold for a client: signaling is little, and the less waits there
# unseen, the sooner it shows that a client does not read.
SEND_BUFFER_BYTES = 64 * 1024

UNSENT_BYTES = 1024
"""A fifth of a second of Opus: so much sound may wait in the kernel."""

LINE_LOST = 4000
"""The close code of a page that gave its socket up because nothing came: no goodbye."""

CLOSE_REPLY_S = 1 * SECONDS


# What aiohttp says instead of a message, when there will be none any more.
ENDS = frozenset(
    {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}
)


class ClientSocket:
    """
    A prepared WebSocket.

    Iterating over it yields each message as bytes and ends with the socket; afterwards
    `lost` tells whether the client said goodbye. The heartbeat is driven from outside by
    `is_silent`: aiohttp's own waits only half as long for the answer as between two.
    """

    def __init__(
        self,
        response: web.WebSocketResponse[Literal[False]],
        request: web.Request,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.remote = request.remote or "?"
        self.lost = False
        self.broken = False
        """Whether it ended because the client sent something that is no WebSocket frame."""
        self._response = response
        self._transport = request.transport
        self._clock = clock
        self._heard_at = clock()
        self._heard_anything = False
        self._pinged_at: float | None = None

    @classmethod
    async def accept(
        cls, request: web.Request, clock: Callable[[], float] = time.monotonic
    ) -> "ClientSocket":
        """Upgrade the request. Raises `web.HTTPBadRequest` if it is none for a WebSocket."""
        response = web.WebSocketResponse[Literal[False]](
            timeout=CLOSE_REPLY_S,
            autoping=False,
            compress=False,
            max_msg_size=MAX_FRAME_BYTES,
            decode_text=False,
        )
        await response.prepare(request)
        connection = request.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES
            )
        return cls(response, request, clock)

    @property
    def response(self) -> web.StreamResponse:
        """What the request handler returns in the end."""
        return self._response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            message = await self._response.receive()
            self._hear(message.type)
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    yield message.data
                case WSMsgType.PING:
                    await self._pong(message.data)
                case WSMsgType.PONG:
                    pass
                case _:
                    self._ended(message.type, message.data)
                    return

    def _hear(self, type_: WSMsgType) -> None:
        if type_ not in ENDS:
            self._heard_at = self._clock()
            self._heard_anything = True
            self._pinged_at = None

    def _ended(self, type_: WSMsgType, data: object) -> None:
        self.broken = isinstance(data, WebSocketError)
        said_goodbye = type_ is WSMsgType.CLOSE and data != LINE_LOST
        self.lost = not said_goodbye and not self.broken
        logger.debug("socket ended: %s, code %s", type_.name, self._response.close_code)

    async def _pong(self, payload: bytes) -> None:
        try:
            await self._response.pong(payload)
        except ConnectionError:
            pass  # the next receive() tells

    async def send(self, message: str | bytes) -> None:
        """Send one message or frame; wait while the client is slow. Raises `ConnectionError`."""
        if isinstance(message, str):
            await self._response.send_str(message)
        else:
            await self._response.send_bytes(message)

    # --- sound: what is sent at once, or not at all -------------------------------------

    async def send_frame(self, data: bytes) -> None:
        await self._response.send_bytes(data)

    @property
    def has_room(self) -> bool:
        """Whether nothing waits in the connection; one that is lost has no room."""
        transport = self._transport
        return (
            transport is not None
            and not transport.is_closing()
            and not self._response.closed
            and unsent_bytes(transport) == 0
        )

    def hurry(self) -> None:
        """Have the kernel take hardly more than leaves at once. Idempotent."""
        transport = self._transport
        connection = transport.get_extra_info("socket") if transport else None
        # Where the system does not know it, it holds more; the answers to frames bound that.
        if connection is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with suppress(OSError):  # the connection is lost
                connection.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES
                )

    def is_silent(self) -> bool:
        """Whether the client left a ping unanswered for too long."""
        if self._pinged_at is None:
            return False
        patience_s = LOST_AFTER_S if self._heard_anything else FIRST_SIGN_S
        return self._clock() - self._pinged_at >= patience_s

    def is_due_for_ping(self) -> bool:
        if self._pinged_at is not None:
            return False
        patience_s = PING_AFTER_S if self._heard_anything else FIRST_PING_AFTER_S
        return self._clock() - self._heard_at >= patience_s

    async def ping(self) -> None:
        self._pinged_at = self._clock()
        try:
            await self._response.ping()
        except ConnectionError:
            pass  # the reader of the socket sees it as well

    async def close(self, code: int, reason: str = "") -> None:
        """Say goodbye and wait a moment for the client's. Idempotent."""
        try:
            await self._response.close(code=code, message=reason.encode())
        except ConnectionError:
            pass
        if self._transport is not None and unsent_bytes(self._transport):
            self.abort()  # who has not taken it all by now never will

    def abort(self) -> None:
        """Cut the connection: no goodbye, nothing that waits is sent."""
        if self._transport is not None:
            self._transport.abort()


GOING_AWAY = WSCloseCode.GOING_AWAY.value
POLICY_VIOLATION = WSCloseCode.POLICY_VIOLATION.value
TRY_AGAIN_LATER = WSCloseCode.TRY_AGAIN_LATER.value
NORMAL = WSCloseCode.OK.value
