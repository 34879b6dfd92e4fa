"""The sending side of one receiver: its SSRC, its numbering, its key, its address."""

import enum
import secrets
import struct
from dataclasses import dataclass

from pylibsrtp import Session

from relay.webrtc.media_socket import Address, MediaSocket

HEADER_BYTES = 12
_HEADER = struct.Struct("!BBHII")


class Form(enum.Enum):
    """How the sound is packed for a receiver."""

    PLAIN = "plain"
    """One packet, one piece of sound."""

    RED = "red"
    """Each packet repeats the piece before it (RFC 2198): for receivers that lose some."""

    REPEATED = "repeated"
    """
    Each packet is sent once more, behind its successor: for receivers that lose some,
    cannot read RED and never ask. Who has it already drops it as a replay.
    """


@dataclass(slots=True, eq=False)
class Outbound:
    """
    What a packet needs to become this receiver's packet.

    It takes its numbering from the first stream it hears, and goes on with its own from
    there: see `Fanout.add`.
    """

    ssrc: int
    payload_type: int
    red_payload_type: int | None
    """None if the receiver cannot read the form RED."""
    session: Session
    socket: MediaSocket
    address: Address
    next_index: int | None = None
    """What its next packet will be numbered; None: it has not heard any stream yet."""
    next_timestamp: int = 0
    form: Form = Form.PLAIN

    @classmethod
    def make(
        cls,
        ssrc: int,
        payload_types: tuple[int, int | None],
        session: Session,
        path: tuple[MediaSocket, Address],
    ) -> "Outbound":
        """``payload_types`` are those of Opus and, if the receiver has it, of RED."""
        return cls(ssrc, *payload_types, session, *path)

    @property
    def wire_payload_type(self) -> int:
        """The payload type of packets in the present form."""
        if self.form is Form.RED and self.red_payload_type is not None:
            return self.red_payload_type
        return self.payload_type

    def header(self, index: int, timestamp: int, marker: bool) -> bytes:
        return header(self.wire_payload_type, self.ssrc, index, timestamp, marker)


def header(
    payload_type: int, ssrc: int, index: int, timestamp: int, marker: bool
) -> bytes:
    """Return an RTP header (RFC 3550, section 5.1) with the low bits of both numbers."""
    return _HEADER.pack(
        0x80,
        marker << 7 | payload_type,
        index & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc,
    )


def new_ssrc() -> int:
    return 1 + secrets.randbelow((1 << 32) - 1)
