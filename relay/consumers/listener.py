"""One player that hears a stream over HTTP."""

import array
import asyncio
import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from relay.unsent import unsent_bytes

SEND_BUFFER_BYTES = 16 * 1024
"""What the kernel may hold for a listener: the less, the sooner it shows that one does not read."""

SKIP_AT_BYTES = 64 * 1024
"""
What may wait for a listener that is slow. Then it misses what is made until it has taken
most of it, and goes on with what is live.
"""
RESUME_AT_BYTES = 4 * 1024

MAX_UNSENT_BYTES = 256 * 1024
"""A listener that leaves more than this (its burst counts) is not coming back to the live sound."""

MAX_STANDSTILL_S = 8.0
"""A listener that takes nothing for so long is gone or asleep."""

DRAIN_TIMEOUT_S = 1.0
"""After the stream's end a listener has so long to take the rest."""
DRAIN_CHECKS = 50

SIOCOUTQ = 0x5411
"""Linux: how much of what was written the other side has not confirmed yet (tcp(7))."""

REASONS = (
    "left",
    "too_slow",
    "standstill",
    "stream_ended",
    "shutdown",
    "revoked",
    "sent_away",
)
"""
Why a listener is over; ``left`` is the player's own doing, `MAX_UNSENT_BYTES` is
``too_slow``, and ``sent_away`` is the word of a sender or of a rule of the house.
"""


class Framer(Protocol):
    """Puts something of its own between the bytes that a listener gets, like titles."""

    title: str

    def frame(self, data: bytes) -> bytes:
        """Return what is to be written instead of the data."""


class Listener:
    """
    Writes to one connection's transport, never waiting for it, and knows when it is over.

    A listener costs the others nothing: what it does not take waits in its own
    transport. A slow one skips what it cannot take and goes on live, at the border of a
    frame, since all that is written is whole frames; one that stands still is dropped.

    It is looked after from outside, by `check`: hundreds of timers would cost more.
    """

    # There are hundreds, and every one is looked at with each frame.
    __slots__ = (
        *("_burst", "_bytes_sent", "_clock", "_over", "_progress_at", "_shortcut"),
        *("_skip_at_bytes", "_skipping", "_socket", "_transport", "_welcome"),
        *("began_at", "bytes_skipped", "bytes_written", "framer", "player"),
        *("reason", "skips", "tuned"),
    )

    def __init__(
        self,
        burst: Callable[[], bytes],
        clock: Callable[[], float] = time.monotonic,
        *,
        framer: Framer | None = None,
        player: str = "",
        welcome: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        ``burst`` returns what a listener gets at once when it begins; ``player`` is what
        it calls itself, and ``welcome`` whether it may stay.
        """
        self._burst = burst
        self._clock = clock
        self.framer = framer
        self.player = player
        self._welcome = welcome
        self.tuned: Callable[[Any], None] = lambda _: None
        self.began_at = clock()
        self.skips = 0
        """How often it was brought back to the live sound."""
        self.bytes_skipped = 0
        self._skipping = False
        self._skip_at_bytes = SKIP_AT_BYTES
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._shortcut: int | None = None
        """The connection's descriptor, while `write_to_all` may write past the transport."""
        self._over = asyncio.Event()
        self.reason: str | None = None
        """One of `REASONS` when it is over."""
        self.bytes_written = 0
        self._bytes_sent = 0
        """What had left for the network when progress was last seen."""
        self._progress_at = 0.0

    @property
    def lasted_s(self) -> float:
        return self._clock() - self.began_at

    async def follow(self, transport: asyncio.Transport) -> None:
        """Hear the stream on a connection; return when it is over and the rest was sent or cut."""
        self._begin(transport)
        await self._over.wait()
        if self.reason in ("stream_ended", "shutdown"):
            await self._drain(transport)
        if unsent_bytes(transport):
            transport.abort()

    def _begin(self, transport: asyncio.Transport) -> None:
        self._socket = transport.get_extra_info("socket")
        if self._socket is not None:
            self._socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES
            )
        self._transport = transport
        self._progress_at = self._clock()
        if burst := self._burst():
            self._skip_at_bytes += len(burst)
            self.write(burst)

    async def _drain(self, transport: asyncio.Transport) -> None:
        """Wait until the kernel has taken everything, but not for ever."""
        for _ in range(DRAIN_CHECKS):
            if not unsent_bytes(transport):
                return
            await asyncio.sleep(DRAIN_TIMEOUT_S / DRAIN_CHECKS)

    def write(self, data: bytes) -> None:
        """Send whole frames, or skip them; they are copied only if they cannot leave at once."""
        transport = self._transport
        if transport is None or self.reason is not None:
            return
        if transport.is_closing():
            self.end("left")
        elif self._is_late(unsent_bytes(transport)):
            self.bytes_skipped += len(data)
        else:
            if self.framer is not None:
                data = self.framer.frame(data)
            transport.write(data)
            self.bytes_written += len(data)

    def _is_late(self, unsent: int) -> bool:
        if self._skipping:
            self._skipping = unsent > RESUME_AT_BYTES
        elif unsent > self._skip_at_bytes:
            self._skipping = True
            self.skips += 1
        return self._skipping

    @property
    def behind_bytes(self) -> int:
        """What was made for this listener and has not arrived at it yet."""
        if self._transport is None:
            return 0
        in_kernel = unconfirmed_bytes(self._socket) if self._socket else 0
        return unsent_bytes(self._transport) + in_kernel

    def end(self, reason: str) -> None:
        """Stop writing. Idempotent; the first reason counts."""
        if self.reason is None:
            self.reason = reason
            self._shortcut = None
            self._over.set()

    def check(self) -> None:
        """
        End a listener that left, does not keep up or may not stay. Call often.

        One that has taken all there was gets what follows by the shortest way.
        """
        if not self._welcome():
            self.end("revoked")
        if self._transport is None or self.reason is not None:
            return
        unsent = unsent_bytes(self._transport)
        if self._transport.is_closing():
            self.end("left")
        elif unsent > MAX_UNSENT_BYTES:
            self.end("too_slow")
        elif unsent == 0 or self.bytes_written - unsent > self._bytes_sent:
            self._bytes_sent = self.bytes_written - unsent
            self._progress_at = self._clock()
            if unsent == 0 and self.framer is None:
                self._skipping = False
                self._shortcut = _descriptor_of(self._transport)
        elif self._clock() - self._progress_at > MAX_STANDSTILL_S:
            self.end("standstill")


def write_to_all(listeners: Iterable[Listener], data: bytes) -> None:
    """
    Send whole frames to all; in one pass, which is most of what listeners cost.

    Where nothing waits in a transport it has nothing to add to a system call: that saves
    a tenth. A descriptor is safe to use as long as its transport is not closing.
    """
    write, size = os.write, len(data)
    for listener in listeners:
        shortcut, transport = listener._shortcut, listener._transport
        if shortcut is None or transport is None or transport.is_closing():
            listener.write(data)
            continue
        try:
            sent = write(shortcut, data)
        except OSError:  # full, or broken: the transport finds out, and can cope
            sent = 0
        listener.bytes_written += size
        if sent < size:
            listener._shortcut = None
            transport.write(data[sent:])


def _descriptor_of(transport: asyncio.Transport) -> int | None:
    """Return where to write past an open transport; None if it encrypts, or is no socket."""
    connection = transport.get_extra_info("socket")
    if connection is None or transport.get_extra_info("sslcontext") is not None:
        return None
    descriptor: int = connection.fileno()
    return descriptor


def unconfirmed_bytes(connection: socket.socket) -> int:
    """Return what the kernel still holds for the other side; 0 where it does not tell."""
    if sys.platform != "linux" or connection.fileno() < 0:
        return 0
    size = array.array("i", [0])
    try:
        fcntl.ioctl(connection.fileno(), SIOCOUTQ, size)
    except OSError:
        return 0
    return size[0]
