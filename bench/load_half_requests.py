"""Load: connections that begin a request, add a little to it every second, and never end it."""

import argparse
import asyncio
import os
import socket

from bench.load_process import answer_counts
from bench.machine import allow_open_files
from bench.pacer import beats

AT_ONCE = 100
MORE_FILES = 100
LAST = 19
HOST = "127.0.0.1"
SOMEBODY_ELSE = "127.0.0.2"
"""Not the address from which others come."""
IP_BIND_ADDRESS_NO_PORT = 24
"""Of Linux's `<linux/in.h>`: a port is chosen for each connection, and there are enough."""


class HalfRequest(asyncio.Protocol):
    """One connection after the other: whoever is shown the door comes back."""

    def __init__(self, port: int) -> None:
        self.connections = 0
        self._port = port
        self._transport: asyncio.Transport | None = None

    @property
    def open(self) -> bool:
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "TCP has one of these"
        self.connections += 1
        self._transport = transport
        transport.write(b"GET /health HTTP/1.1\r\nHost: x\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    async def go_on(self) -> None:
        """Send one header more, over a new connection if need be."""
        if self._transport is not None:
            self._transport.write(b"X: y\r\n")
            return
        loop = asyncio.get_running_loop()
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind((SOMEBODY_ELSE, 0))
        try:
            await loop.sock_connect(connection, (HOST, self._port))
            await loop.create_connection(lambda: self, sock=connection)
        except OSError:
            connection.close()  # it comes back in a second


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ports", type=int, nargs="+")
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    allow_open_files(options.count + MORE_FILES)
    os.nice(LAST)  # an attacker has a machine of its own
    ports = options.ports
    requests = [HalfRequest(ports[n % len(ports)]) for n in range(options.count)]
    for first in range(0, len(requests), AT_ONCE):
        await asyncio.gather(*(r.go_on() for r in requests[first : first + AT_ONCE]))
    dribbling = asyncio.create_task(dribble(requests))
    await answer_counts(
        lambda: (sum(r.connections for r in requests), sum(r.open for r in requests))
    )
    dribbling.cancel()


async def dribble(requests: list[HalfRequest]) -> None:
    """Let each go on once a second."""
    async for beat in beats(len(requests)):
        await requests[beat % len(requests)].go_on()


if __name__ == "__main__":
    asyncio.run(main())
