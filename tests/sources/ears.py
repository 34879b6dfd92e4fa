"""Somebody who follows a stream and says what was heard."""

import asyncio

import numpy as np
from numpy.typing import NDArray

from relay.audio.codec import OpusDecoder
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket

PATIENCE_S = 20.0
"""How long sound may take on a machine that has much else to do."""


async def heard(
    relay: MediaRelay[RtpPacket], address: str, count: int
) -> list[RtpPacket]:
    """Follow a stream, once it is there, for so many packets."""
    packets: list[RtpPacket] = []
    async with asyncio.timeout(PATIENCE_S):
        while not any(address in (s.slug, s.id) for s in relay.streams):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        with relay.subscribe(address, 1000) as subscription:
            async for packet in subscription:
                packets.append(packet)
                if len(packets) == count:
                    break
    return packets


def sound_in(packets: list[RtpPacket]) -> NDArray[np.int16]:
    decoder = OpusDecoder()
    return np.concatenate([decoder.decode(packet.payload) for packet in packets])
