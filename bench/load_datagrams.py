"""Load: datagrams that are nearly STUN, DTLS, RTP or RTCP, in anybody's name; needs root for that."""

import argparse
import asyncio
import random
import socket
import struct
from collections.abc import Callable

from bench.load_process import answer_counts
from bench.pacer import beats

BATCH = 10
"""So many are sent at a time: a pause of less than a millisecond is none."""
LARGEST = 1400
MAGIC_COOKIE = 0x2112A442
ETHERNET_LOAD = 20 + 8

chance = random.Random(16)


def noise(first: int, last: int, least: int = 1) -> bytes:
    """Return bytes by chance behind a first one that says what they are (RFC 7983)."""
    length = chance.randrange(least, LARGEST)
    return bytes([chance.randint(first, last)]) + chance.randbytes(length - 1)


def short() -> bytes:
    return chance.randbytes(chance.randrange(14))


def stun(user: str) -> Callable[[], bytes]:
    """Return what makes checks of a user: with wrong lengths, attributes and signatures."""

    def check() -> bytes:
        name = f"{user}:x".encode()
        attributes = struct.pack("!HH", 6, len(name)) + name + bytes(-len(name) % 4)
        attributes += struct.pack("!HH", 8, 20) + chance.randbytes(20)
        kind = chance.choice((1, 1, 1, 0x101, 0x111, chance.randrange(0x400)))
        length = len(attributes) if chance.random() < 0.7 else chance.randrange(65536)
        header = struct.pack("!HHI", kind, length, MAGIC_COOKIE) + chance.randbytes(12)
        return header + attributes

    return check


def dtls() -> bytes:
    """Return a record of DTLS 1.2 with anything inside, alerts and handshakes among it."""
    kind = chance.choice((20, 21, 22, 22, 23, 25))
    epoch, number = chance.choice((0, 0, 1)), chance.randrange(1 << 32)
    body = chance.choice((b"\1\0", b"\2\50", chance.randbytes(chance.randrange(200))))
    return struct.pack("!BHHHIH", kind, 0xFEFD, epoch, 0, number, len(body)) + body


def rtp() -> bytes:
    """Return an RTP or RTCP packet of nobody, with extensions that lead nowhere."""
    first = 0x80 | chance.randrange(64)
    kind = chance.choice((111, 63, 200, 201, 205, 206, chance.randrange(256)))
    return bytes([first, kind]) + chance.randbytes(chance.randrange(10, 200))


class RawSocket:
    """Sends datagrams that seem to come from others (IPv4, the kernel adds the checksum)."""

    def __init__(self, target: tuple[str, int], senders: list[tuple[str, int]]) -> None:
        self._socket = socket.socket(
            socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW
        )
        self._target = target
        self._senders = senders

    def send(self, data: bytes) -> None:
        host, port = chance.choice(self._senders)
        size = ETHERNET_LOAD + len(data)
        network = struct.pack(
            "!BBHHHBBH", 0x45, 0, size, 0, 0, 64, socket.IPPROTO_UDP, 0
        )
        addresses = socket.inet_aton(host) + socket.inet_aton(self._target[0])
        transport = struct.pack("!HHHH", port, self._target[1], 8 + len(data), 0)
        packet = network + addresses + transport + data
        self._socket.sendto(packet, self._target)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=100, help="datagrams a second")
    parser.add_argument("--user", default="nobody", help="of checks")
    parser.add_argument(
        "--sender",
        nargs=2,
        action="append",
        metavar=("HOST", "PORT"),
        help="in whose name",
    )
    options = parser.parse_args()
    senders = [(host, int(port)) for host, port in options.sender]
    raw = RawSocket((options.host, options.port), senders)
    kinds = (
        *(stun(options.user), stun("nobody"), dtls, rtp, short),
        *(lambda: noise(0, 3), lambda: noise(20, 63), lambda: noise(128, 191)),
        lambda: noise(0, 255),
    )
    sent = 0

    async def rage() -> None:
        nonlocal sent
        async for _ in beats(options.rate / BATCH):
            for _ in range(BATCH):
                raw.send(chance.choice(kinds)())
            sent += BATCH
            if sent >= options.count:
                return

    raging = asyncio.create_task(rage())
    await answer_counts(lambda: sent)
    raging.cancel()


if __name__ == "__main__":
    asyncio.run(main())
