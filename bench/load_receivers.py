"""Load: receivers that count packets, and now and then report about them."""

import argparse
import asyncio
from contextlib import AsyncExitStack

import aiohttp

from bench.light_client import LightClient
from bench.load_process import answer_counts
from bench.pacer import beats
from bench.signaling_client import connecting

JOINS_AT_ONCE = 10
FIRST_PACKET_TIMEOUT_S = 30.0
REPORT_INTERVAL_S = 5.0
"""What browsers do for sound."""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--name", default="Bench 0")
    options = parser.parse_args()
    async with AsyncExitStack() as stack:
        # The session's own limit would make the eleventh client wait for ever.
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        door = asyncio.Semaphore(JOINS_AT_ONCE)
        clients = await asyncio.gather(
            *(
                join(stack, session, door, options.url, options.name)
                for _ in range(options.count)
            )
        )
        reporting = asyncio.create_task(report(clients))
        await answer_counts(lambda: sum(client.packets for client in clients))
        reporting.cancel()


async def join(
    stack: AsyncExitStack,
    session: aiohttp.ClientSession,
    door: asyncio.Semaphore,
    url: str,
    name: str,
) -> LightClient:
    async with door:
        signaling = await stack.enter_async_context(connecting(session, url))
        client = await signaling.receive(name=name)
        stack.push_async_callback(client.close)
        await asyncio.wait_for(client.first_packet.wait(), FIRST_PACKET_TIMEOUT_S)
        return client


async def report(clients: list[LightClient]) -> None:
    async for beat in beats(len(clients) / REPORT_INTERVAL_S):
        await clients[beat % len(clients)].send_report()


if __name__ == "__main__":
    asyncio.run(main())
