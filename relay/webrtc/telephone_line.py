"""A sender that speaks a telephone's codec, encoded to Opus once for everybody."""

from dataclasses import replace

import numpy as np

from relay.audio.codec import OPUS_FRAME_SAMPLES, OpusEncoder
from relay.audio.telephone import (
    RTP_CLOCK_RATE,
    SAMPLE_RATE,
    TelephoneCodec,
    TelephoneDecoder,
)
from relay.rtp.packet import RtpPacket
from relay.rtp.sequence import unwrap_sequence, unwrap_timestamp

SCALE = SAMPLE_RATE // RTP_CLOCK_RATE
MAX_GAP = RTP_CLOCK_RATE
"""One second; whatever leaps further has begun anew."""


class TelephoneLine:
    """
    Packets of a telephone codec in, packets of Opus out, 20 ms each.

    Costs about 0.2 ms for each packet, on the event loop; senders like this are rare.
    """

    def __init__(self, codec: TelephoneCodec) -> None:
        self._decoder = TelephoneDecoder(codec)
        self._encoder = OpusEncoder(application="voip")
        self._waiting = np.zeros(0, np.int16)
        self._sequence_in: int | None = None
        self._timestamp_in = 0
        self._sequence = 0
        self._timestamp = 0

    def convert(self, packet: RtpPacket) -> list[RtpPacket]:
        """
        Return the Opus packets that are complete with this one, often exactly one.

        Raises `ValueError` if the payload is no sound. What comes late is left out.
        """
        if not self._continue(packet):
            return []
        pcm = self._decoder.decode(packet.payload)
        self._timestamp_in += len(pcm) // SCALE
        self._waiting = np.concatenate((self._waiting, pcm))
        converted = []
        while len(self._waiting) >= OPUS_FRAME_SAMPLES:
            frame = self._waiting[:OPUS_FRAME_SAMPLES]
            self._waiting = self._waiting[OPUS_FRAME_SAMPLES:]
            converted.append(
                replace(
                    packet,
                    sequence=self._sequence & 0xFFFF,
                    timestamp=self._timestamp & 0xFFFFFFFF,
                    payload=self._encoder.encode(frame),
                )
            )
            self._sequence += 1
            self._timestamp += OPUS_FRAME_SAMPLES
        return converted

    def _continue(self, packet: RtpPacket) -> bool:
        """Carry a hole or a pause over to the numbers of Opus; return False if it is late."""
        if self._sequence_in is None:
            self._sequence_in = packet.sequence
            self._timestamp_in = packet.timestamp
            return True
        sequence = unwrap_sequence(packet.sequence, self._sequence_in)
        if -100 < sequence - self._sequence_in <= 0:
            return False
        timestamp = unwrap_timestamp(packet.timestamp, self._timestamp_in)
        gap = timestamp - self._timestamp_in
        if 0 < gap <= MAX_GAP:
            lost = sequence - self._sequence_in - 1
            self._timestamp += gap * SCALE
            self._sequence += round(gap * SCALE / OPUS_FRAME_SAMPLES) if lost else 0
        self._sequence_in = sequence
        self._timestamp_in = timestamp
        return True
