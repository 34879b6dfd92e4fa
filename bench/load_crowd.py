"""
Load: very many receivers, none of whose packets is missed.

Each is a full client that joins as a browser does. From its first packet on its socket
is read twice a second, everything at once: the kernel keeps what comes in between. That
makes a receiver cheap enough for thousands of them beside the server.
"""

import argparse
import asyncio
from contextlib import AsyncExitStack, suppress

import aiohttp
from pylibsrtp import Error

from bench.light_client import LightClient
from bench.load_process import answer_counts
from bench.load_receivers import JOINS_AT_ONCE, join, report
from bench.pacer import beats

READS_PER_S = 2
PORTIONS = 25
"""The clients are read in so many portions, so that nobody waits for long."""
EVERY_READER = 50
"""One of so many clients decrypts what it gets."""


class Row:
    """The numbers of the packets that one receiver gets."""

    def __init__(self, client: LightClient, *, decrypts: bool) -> None:
        self.missing = 0
        """Packets that did not come, or could not be read."""
        self._client = client
        self._decrypts = decrypts
        self._next: int | None = None

    def take(self, data: bytes) -> None:
        """Take a datagram as it comes: on loopback in order, and none of them twice."""
        if 64 <= data[1] & 0x7F < 96:
            return  # RTCP
        number = data[2] << 8 | data[3]
        if self._next is not None:
            self.missing += (number - self._next) & 0xFFFF
        self._next = (number + 1) & 0xFFFF
        if self._decrypts:
            try:
                self._client.unprotect(data)
            except Error:
                self.missing += 1


class Crowd:
    """Those who have joined so far."""

    def __init__(self) -> None:
        self.clients: list[LightClient] = []
        self._rows: list[Row] = []

    def welcome(self, client: LightClient) -> None:
        row = Row(client, decrypts=len(self.clients) % EVERY_READER == 0)
        client.on_packet = row.take
        client.read_on_request()
        self.clients.append(client)
        self._rows.append(row)

    async def read(self) -> None:
        """Read for ever, a portion of the clients at a time."""
        async for beat in beats(READS_PER_S * PORTIONS):
            for client in self.clients[beat % PORTIONS :: PORTIONS]:
                client.read_all()

    def counts(self) -> tuple[int, int]:
        """Return how many packets have come, and how many are missing."""
        for client in self.clients:
            client.read_all()
        return (
            sum(client.packets for client in self.clients),
            sum(row.missing for row in self._rows),
        )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument(
        "--name", default="Bench", help="of the streams, without number"
    )
    parser.add_argument("--streams", type=int, default=1, help="they share so many")
    options = parser.parse_args()
    crowd = Crowd()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        door = asyncio.Semaphore(JOINS_AT_ONCE)

        async def come(number: int) -> None:
            name = f"{options.name} {number % options.streams}"
            crowd.welcome(await join(stack, session, door, options.url, name))

        tasks = [asyncio.create_task(crowd.read())]
        await asyncio.gather(*(come(number) for number in range(options.count)))
        tasks.append(asyncio.create_task(report(crowd.clients)))
        await answer_counts(crowd.counts)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


if __name__ == "__main__":
    asyncio.run(main())
