"""What goes out in place of a packet whose sound is kept back."""

from dataclasses import replace

from relay.rtp import opus
from relay.rtp.packet import RtpPacket

PACKET_SAMPLES = 960
"""Of a packet that does not say how long it lasts; almost all senders make them so."""


def silenced(packet: RtpPacket) -> RtpPacket:
    """Return a packet in the same place, as long, and without any sound of the sender's."""
    try:
        samples = opus.duration(packet.payload)
    except ValueError:
        samples = PACKET_SAMPLES
    return replace(packet, payload=opus.silence(samples))
