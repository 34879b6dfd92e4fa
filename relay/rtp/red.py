"""Redundant audio (RFC 2198): each packet carries its predecessor's sound once more."""

from dataclasses import dataclass

MAX_OFFSET = (1 << 14) - 1
"""Samples that the timestamp of a redundant block may lie behind: 341 ms at 48 kHz."""
MAX_LENGTH = (1 << 10) - 1
"""Bytes of a redundant block."""
MAX_BLOCKS = 8


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of sound, and how many samples its timestamp lies behind the packet's."""

    payload_type: int
    timestamp_offset: int
    payload: bytes


def parse(payload: bytes) -> tuple[Block, ...]:
    """
    Read the payload of a RED packet, the primary block last.

    Raises `ValueError` for anything that is not one.
    """
    headers: list[tuple[int, int, int]] = []
    at = 0
    while at < len(payload) and payload[at] & 0x80:
        if len(headers) == MAX_BLOCKS or at + 4 > len(payload):
            raise ValueError("too many redundant blocks, or one cut off")
        word = int.from_bytes(payload[at : at + 4], "big")
        headers.append((word >> 24 & 0x7F, word >> 10 & MAX_OFFSET, word & MAX_LENGTH))
        at += 4
    if at >= len(payload):
        raise ValueError("a RED packet has a primary block")
    primary_type = payload[at]
    at += 1
    blocks = []
    for payload_type, offset, length in headers:
        if at + length > len(payload):
            raise ValueError("a redundant block is cut off")
        blocks.append(Block(payload_type, offset, payload[at : at + length]))
        at += length
    return (*blocks, Block(primary_type, 0, payload[at:]))


def build(
    payload_type: int, primary: bytes, redundant: tuple[Block, ...] = ()
) -> bytes:
    """
    Write the payload of a RED packet.

    A redundant block that RFC 2198 has no room for is left out.
    """
    headers = bytearray()
    bodies = []
    for block in redundant:
        if 0 < block.timestamp_offset <= MAX_OFFSET and (
            0 < len(block.payload) <= MAX_LENGTH
        ):
            word = (
                1 << 31
                | block.payload_type << 24
                | block.timestamp_offset << 10
                | len(block.payload)
            )
            headers += word.to_bytes(4, "big")
            bodies.append(block.payload)
    headers.append(payload_type)
    return b"".join((bytes(headers), *bodies, primary))
