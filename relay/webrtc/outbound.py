"""The sending side of one receiver: its SSRC, its numbering, its key, its address."""

import secrets
import struct
from dataclasses import dataclass

from pylibsrtp import Session

from relay.webrtc.ice_lite import Address
from relay.webrtc.udp_mux import MediaSocket

_HEADER = struct.Struct("!BBHII")


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
    session: Session
    socket: MediaSocket
    address: Address
    next_index: int
    next_timestamp: int
    packets_sent: int = 0

    @classmethod
    def make(
        cls,
        ssrc: int,
        payload_type: int,
        session: Session,
        path: tuple[MediaSocket, Address],
    ) -> "Outbound":
        first = 1024 + secrets.randbelow((1 << 15) - 1024)
        return cls(ssrc, payload_type, session, *path, first, secrets.randbits(32))

    def header(self, index: int, timestamp: int, marker: bool) -> bytes:
        return _HEADER.pack(
            0x80,
            marker << 7 | self.payload_type,
            index & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            self.ssrc,
        )


def new_ssrc() -> int:
    return 1 + secrets.randbelow((1 << 32) - 1)
