"""A client that sends its sound over its WebSocket: frames become a stream."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from relay.errors import BadFrame, RelayError
from relay.rtp import opus
from relay.rtp.capture_clock import CaptureClock
from relay.rtp.packet import RtpPacket
from relay.rtp.sequence import unwrap_timestamp
from relay.signaling.sound_frame import BYTES_PER_SAMPLE, SoundFormat, SoundFrame
from relay.sources.feed import PAYLOAD_TYPE
from relay.sources.pcm_feed import PcmFeed
from relay.web.media import PacketStream
from relay.web.socket_media import SocketMedia
from relay.web.sound_line import SoundLine
from relay.webrtc.peer import Notify, PeerState

SECONDS = 1.0
SAMPLE_RATE = 48_000

FIRST_FRAME_S = 15 * SECONDS

LATE_S = 0.4 * SECONDS
"""What comes so much later than the best is sound that was held up on the way."""
PATIENT_S = 1.5 * SECONDS
"""A line that stays late for so long has become slower, and is taken as it is."""

PACE = 2.0
"""How much faster than real time a client may send."""
IN_HAND_S = 5 * SECONDS
"""So much may come at once: a line that stood still, and what was under way."""

LONGEST_GAP_S = 10 * SECONDS
"""A timestamp that leaps further begins anew."""


class SocketSender:
    """
    Pushes a sender's frames into its stream, and leaves out what comes too late or too fast.

    The stream is published by the first frame, as with `relay.webrtc.sender_peer`.
    """

    role = "sender"

    def __init__(
        self,
        media: SocketMedia,
        line: SoundLine,
        format_: SoundFormat,
        publish: Callable[[], PacketStream],
        notify: Notify,
    ) -> None:
        self._media = media
        self._line = line
        self._format = format_
        self._publish = publish
        self._notify = notify
        self._stream: PacketStream | None = None
        self._pcm: PcmFeed | None = None
        self._ssrc = random.getrandbits(32)
        self._clock = media.clock
        self.heard_at = self._clock()
        self._capture = CaptureClock()
        self._end: int | None = None
        """The position behind the newest frame."""
        self._pushed_end: int | None = None
        """The position behind the newest frame that went into the stream."""
        self._late_since: float | None = None
        self._allowance_s = IN_HAND_S
        self._closed = False
        self._deadline = asyncio.get_running_loop().call_later(
            FIRST_FRAME_S, self._close, "negotiation_timeout"
        )
        media.senders.add(self)

    def take_frame(self, data: bytes) -> None:
        """Take what the client sent. Raises `BadFrame`."""
        frame = SoundFrame.parse(data, self._format)
        samples = self._samples_of(frame.payload)
        now = self._clock()
        elapsed_s, self.heard_at = now - self.heard_at, now
        if frame.wants_answer:
            self._line.answer(frame.sequence)
        counters = self._media.counters
        counters.frames_received += 1
        counters.bytes_received += len(frame.payload)
        if not self._in_pace(elapsed_s, samples / SAMPLE_RATE):
            counters.frames_excess += 1
            return
        position = self._place(frame.timestamp, samples)
        if self._is_late(position + samples, now):
            counters.frames_late += 1
        elif self._stream is not None or self._go_live():
            pushed_end = position if self._pushed_end is None else self._pushed_end
            missing = position - pushed_end
            self._pushed_end = position + samples
            self._push(frame, now, max(0, missing) / SAMPLE_RATE)

    def _samples_of(self, payload: bytes) -> int:
        """Return how long a payload is, at 48 kHz."""
        if self._format is not SoundFormat.OPUS:
            scale = SAMPLE_RATE // self._format.sample_rate
            return len(payload) // BYTES_PER_SAMPLE * scale
        try:
            return opus.duration(payload)
        except ValueError as error:
            raise BadFrame(str(error)) from None

    def _in_pace(self, elapsed_s: float, lasts_s: float) -> bool:
        self._allowance_s = min(self._allowance_s + PACE * elapsed_s, IN_HAND_S)
        if self._allowance_s < lasts_s:
            return False
        self._allowance_s -= lasts_s
        return True

    def _place(self, timestamp: int, samples: int) -> int:
        """Return the frame's position, in numbers that run on."""
        expected = timestamp if self._end is None else self._end
        position = unwrap_timestamp(timestamp, expected)
        if abs(position - expected) > LONGEST_GAP_S * SAMPLE_RATE:
            self._capture.restart()
            self._pushed_end = None
        self._end = position + samples
        return position

    def _is_late(self, end: int, now: float) -> bool:
        self._capture.observe(end, now)
        if now - self._capture.time_of(end) <= LATE_S:
            self._late_since = None
            return False
        self._late_since = now if self._late_since is None else self._late_since
        if now - self._late_since < PATIENT_S:
            return True
        self._capture.restart()
        self._capture.observe(end, now)
        self._late_since = None
        return False

    def _go_live(self) -> bool:
        try:
            self._stream = self._publish()
        except RelayError as error:
            # Somebody else took the name between the question and the first frame.
            self._close(error.code)
            return False
        self._deadline.cancel()
        if self._format is not SoundFormat.OPUS:
            self._pcm = PcmFeed(
                self._stream,
                self._format.sample_rate,
                self._media.submit,
                clock=self._clock,
            )
        self._notify(PeerState.CONNECTED, "")
        return True

    def _push(self, frame: SoundFrame, now: float, missing_s: float) -> None:
        if self._pcm is not None:
            self._pcm.push(frame.payload, missing_s)
            return
        assert self._stream is not None, "a sender that is live has a stream"
        self._stream.push(
            RtpPacket(
                PAYLOAD_TYPE,
                frame.sequence,
                frame.timestamp,
                self._ssrc,
                missing_s > 0,  # RFC 3551, section 4.1: the first one after a silence
                frame.payload,
                now,
            )
        )

    def go_on_over(self, line: SoundLine) -> None:
        """Belong to another socket of the same client."""
        self._line = line

    def start_closing(self, reason: str) -> Awaitable[None]:
        """End it. Idempotent; the first reason counts."""
        self._close(reason)
        closed = asyncio.get_running_loop().create_future()
        closed.set_result(None)
        return closed

    def _close(self, reason: str) -> None:
        if self._closed:
            return
        self._closed = True
        self._deadline.cancel()
        if self._pcm is not None:
            self._pcm.close()
        self._media.senders.discard(self)
        self._notify(PeerState.CLOSED, reason)
