"""The sending side of one receiver: its SSRC, its numbering, its key, its address."""

import enum
import secrets
import struct
from dataclasses import dataclass

from pylibsrtp import Session

from relay.webrtc.media_socket import Address, MediaSocket

_HEADER = struct.Struct("!BBHII")


class Form(enum.Enum):
    """How the sound is packed for a receiver."""

    PLAIN = "plain"
    """One packet, one piece of sound."""

    RED = "red"
    """Each packet repeats the piece before it (RFC 2198): for receivers that lose some."""


@dataclass(slots=True, eq=False)
class Outbound:
    """
    What a packet needs to become this receiver's packet.

    The first sequence number lies between 2^10 and 2^15: a receiver that loses
    everything around the first 16-bit wrap guesses the roll-over counter wrong and then
    hears nothing for ever (RFC 3711, section 3.3.1).
    """

    ssrc: int
    payload_type: int
    red_payload_type: int | None
    """None if the receiver cannot read the form RED."""
    session: Session
    socket: MediaSocket
    address: Address
    next_index: int
    next_timestamp: int
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
        first = 1024 + secrets.randbelow((1 << 15) - 1024)
        return cls(ssrc, *payload_types, session, *path, first, secrets.randbits(32))

    @property
    def wire_payload_type(self) -> int:
        """The payload type of packets in the present form."""
        if self.form is Form.RED and self.red_payload_type is not None:
            return self.red_payload_type
        return self.payload_type

    def header(self, index: int, timestamp: int, marker: bool) -> bytes:
        return _HEADER.pack(
            0x80,
            marker << 7 | self.wire_payload_type,
            index & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            self.ssrc,
        )


def new_ssrc() -> int:
    return 1 + secrets.randbelow((1 << 32) - 1)
