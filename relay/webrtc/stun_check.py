"""
One connectivity check of ICE (RFC 8445, section 7) in STUN's format (RFC 8489), and its answer.

Every client sends one every two and a half seconds, so this is written for speed; it
reads nothing but what an ICE-lite agent has to know.
"""

import hmac
import socket
import struct
import zlib
from dataclasses import dataclass

BINDING_REQUEST, BINDING_SUCCESS, BINDING_ERROR = 0x0001, 0x0101, 0x0111
MAGIC_COOKIE = 0x2112A442
HEADER_BYTES = 20

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029

INTEGRITY_BYTES = 24
"""MESSAGE-INTEGRITY with its own header."""
FINGERPRINT_BYTES = 8
FINGERPRINT_XOR = 0x5354554E
IPV4, IPV6 = 1, 2
ROLE_CONFLICT = 487

_HEADER = struct.Struct("!HHI12s")
_START = struct.Struct("!HH")
_ATTRIBUTE = struct.Struct("!HH")


@dataclass(slots=True)
class StunCheck:
    """A binding request that says who sent it; whether that is true, the signature tells."""

    transaction_id: bytes
    local_ufrag: str
    """The part of the user name that is ours."""
    use_candidate: bool
    """Whether the client chose this path."""
    controlled: bool
    """Whether the client takes itself for the controlled one, which we are."""
    signed: bytes
    signature: bytes

    @classmethod
    def parse(cls, data: bytes) -> "StunCheck":
        """Read a request up to its signature. Raises `ValueError` for anything else."""
        if len(data) < HEADER_BYTES:
            raise ValueError("shorter than a STUN header")
        kind, length, magic, transaction_id = _HEADER.unpack_from(data)
        if kind != BINDING_REQUEST or magic != MAGIC_COOKIE:
            raise ValueError("not a binding request")
        if length != len(data) - HEADER_BYTES:
            raise ValueError("another length than it says")
        attributes: dict[int, bytes] = {}
        at = HEADER_BYTES
        while at + INTEGRITY_BYTES <= len(data):
            attribute, size = _ATTRIBUTE.unpack_from(data, at)
            at += 4
            if attribute == MESSAGE_INTEGRITY:
                if size != INTEGRITY_BYTES - 4:
                    raise ValueError("signed with another length than SHA-1 has")
                # It covers the message as if it ended with it (RFC 8489, section 14.5).
                start = _START.pack(kind, at + size - HEADER_BYTES)
                return cls(
                    transaction_id,
                    attributes.get(USERNAME, b"").partition(b":")[0].decode("ascii"),
                    USE_CANDIDATE in attributes,
                    ICE_CONTROLLED in attributes,
                    start + data[4 : at - 4],
                    data[at : at + size],
                )
            attributes[attribute] = data[at : at + size]
            at += size + (-size % 4)
        raise ValueError("not signed")

    def is_signed_with(self, password: bytes) -> bool:
        signature = hmac.digest(password, self.signed, "sha1")
        return hmac.compare_digest(signature, self.signature)


def success(check: StunCheck, password: bytes, host: str, port: int) -> bytes:
    """Return the answer that tells the client the address it was heard from."""
    host = host.partition("%")[0]
    kind, family = (IPV6, socket.AF_INET6) if ":" in host else (IPV4, socket.AF_INET)
    address = socket.inet_pton(family, host)
    mask = _HEADER.pack(0, 0, MAGIC_COOKIE, check.transaction_id)[4:]
    mapped = struct.pack(
        "!HHBBH",
        XOR_MAPPED_ADDRESS,
        4 + len(address),
        0,
        kind,
        port ^ MAGIC_COOKIE >> 16,
    ) + bytes(a ^ b for a, b in zip(address, mask, strict=False))
    return _signed(BINDING_SUCCESS, check.transaction_id, mapped, password)


def role_conflict(check: StunCheck, password: bytes) -> bytes:
    """Return the error that makes a full agent change its role (RFC 8445, section 7.3.1.1)."""
    reason = b"Role Conflict\0\0\0"
    error = (
        struct.pack("!HHHBB", ERROR_CODE, 4 + 13, 0, *divmod(ROLE_CONFLICT, 100))
        + reason
    )
    return _signed(BINDING_ERROR, check.transaction_id, error, password)


def _signed(
    kind: int, transaction_id: bytes, attributes: bytes, password: bytes
) -> bytes:
    size = len(attributes) + INTEGRITY_BYTES
    header = _HEADER.pack(kind, size, MAGIC_COOKIE, transaction_id)
    signature = hmac.digest(password, header + attributes, "sha1")
    message = b"".join(
        (
            _HEADER.pack(kind, size + FINGERPRINT_BYTES, MAGIC_COOKIE, transaction_id),
            attributes,
            _ATTRIBUTE.pack(MESSAGE_INTEGRITY, len(signature)),
            signature,
        )
    )
    crc = zlib.crc32(message) ^ FINGERPRINT_XOR
    return message + struct.pack("!HHI", FINGERPRINT, 4, crc)
