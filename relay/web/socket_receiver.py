"""A client that hears a stream over its WebSocket."""

import asyncio
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress

from relay.consumers.sound_pieces import SoundPiece, SoundPieces
from relay.errors import RelayError
from relay.hub.stream import StreamState
from relay.rtp.sequence import unwrap_sequence
from relay.signaling.sound_frame import (
    ANSWERED_EVERY,
    WINDOW,
    SoundFormat,
    SoundFrame,
    parse_heard,
)
from relay.web.background import Background
from relay.web.media import PacketStream
from relay.web.socket_media import SocketMedia
from relay.web.sound_line import SoundLine
from relay.webrtc.peer import Notify, PeerState
from relay.webrtc.receiver_quality import ReceiverQuality

SECONDS = 1.0
LOOK_AGAIN_S = 0.01 * SECONDS
ATTACH_AGAIN_S = 1 * SECONDS
"""After a decoder that failed; a stream that is over ends the receiver."""


class SocketReceiver:
    """
    One more follower of a stream: what its line does not take, it misses.

    Sound goes out while nothing waits in the connection and no more than `WINDOW` frames
    are unanswered; until then the newest 200 ms wait.
    """

    role = "receiver"

    def __init__(
        self,
        media: SocketMedia,
        line: SoundLine,
        format_: SoundFormat,
        stream: PacketStream,
        notify: Notify,
    ) -> None:
        """Raises `StreamEnded` or `StreamNotFound`."""
        self.quality = ReceiverQuality()
        self.heard_at = media.clock()
        self.stream = stream
        self._media = media
        self._line = line
        self._format = format_
        self._notify = notify
        self._epoch = 0
        self._sequence = 0
        """Of the next frame; it only grows."""
        self._heard = 0
        """Behind the newest frame that was answered."""
        self._sent_at: deque[tuple[int, float]] = deque(maxlen=WINDOW)
        """When frames left whose answers are still to come."""
        self._background = Background()
        self._dropped_before = self._dropped_told = self._sent_told = 0
        self._closed = False
        line.hurry()
        self._follow(media.pieces(stream, format_))
        media.receivers.add(self)

    # --- what it hears ------------------------------------------------------------------

    def _follow(self, pieces: SoundPieces) -> None:
        self._pieces = pieces
        self.stream.count_socket_receivers(1)
        self._background.run(self._run(), "sound over a WebSocket")

    def _leave(self) -> None:
        self._background.cancel()
        self._forget(self._pieces)
        self.stream.count_socket_receivers(-1)

    def _forget(self, pieces: SoundPieces) -> None:
        self._dropped_before += pieces.dropped
        self._media.counters.frames_dropped += pieces.dropped
        pieces.close()

    def move_to(self, stream: PacketStream) -> None:
        """Hear another stream from now on. Raises `StreamEnded` or `StreamNotFound`."""
        pieces = self._media.pieces(stream, self._format)
        self._leave()
        self.stream = stream
        self._follow(pieces)

    def go_on_over(self, line: SoundLine) -> None:
        """Belong to another socket of the same client; what was under way is lost."""
        line.hurry()
        self._line = line
        self._heard = self._sequence
        self._sent_at.clear()

    async def _run(self) -> None:
        while True:
            pieces = self._pieces
            while not pieces.closed:
                await pieces.wait()
                await self._until_room()
                for piece in pieces.take():
                    await self._send(piece)
            if self.stream.state is StreamState.ENDED:
                return
            await asyncio.sleep(ATTACH_AGAIN_S)
            self._attach_again()

    def _attach_again(self) -> None:
        with suppress(RelayError):  # it has ended meanwhile
            pieces = self._media.pieces(self.stream, self._format)
            self._forget(self._pieces)
            self._pieces = pieces

    async def _until_room(self) -> None:
        """Wait while the line takes nothing; the oldest pieces go meanwhile."""
        while (  # noqa: ASYNC110 - a transport tells only who asks
            self._sequence - self._heard >= WINDOW or not self._line.has_room
        ):
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _send(self, piece: SoundPiece) -> None:
        self._epoch += piece.begins
        frame = SoundFrame(
            self._sequence & 0xFFFF,
            piece.timestamp,
            piece.payload,
            piece.captured_at,
            self._epoch,
        )
        if frame.wants_answer:
            self._sent_at.append((self._sequence, self._media.clock()))
        self._sequence += 1
        self._media.counters.frames_sent += 1
        with suppress(ConnectionError):  # the reader of the socket sees it as well
            await self._line.send(bytes(frame))

    # --- what its client says of it -----------------------------------------------------

    def take_frame(self, data: bytes) -> None:
        """Take the answer to a frame. Raises `BadFrame`."""
        sequence = unwrap_sequence(parse_heard(data), self._sequence)
        if not self._heard <= sequence < self._sequence:
            return  # to the receiver that was here before
        now = self.heard_at = self._media.clock()
        self._heard = sequence + 1
        while self._sent_at and self._sent_at[0][0] <= sequence:
            number, sent_at = self._sent_at.popleft()
            if number == sequence:
                self._measure(now - sent_at, now)

    def _measure(self, trip_s: float, now: float) -> None:
        quality = self.quality
        if quality.round_trip_s is not None:
            change_s = abs(trip_s - quality.round_trip_s)
            quality.jitter_s += (change_s - quality.jitter_s) / 16  # RFC 3550, A.8
        quality.round_trip_s = trip_s
        dropped = self._dropped_before + self._pieces.dropped
        sent = self._sequence - self._sent_told
        if sent < ANSWERED_EVERY * 5:
            return
        lost = dropped - self._dropped_told
        quality.fraction_lost = lost / (lost + sent)
        quality.packets_lost = dropped
        quality.reports += 1
        quality.reported_at = now
        self._sent_told, self._dropped_told = self._sequence, dropped

    # --- the end ------------------------------------------------------------------------

    def start_closing(self, reason: str) -> Awaitable[None]:
        """Begin to end it; no frame goes out any more once this returns. Idempotent."""
        if not self._closed:
            self._closed = True
            self._leave()
            self._media.receivers.discard(self)
            self._notify(PeerState.CLOSED, reason)
        return asyncio.ensure_future(self._background.finished())
