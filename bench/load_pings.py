"""Load: one client that pings over and over; tells how long it had to wait at most, in µs."""

import argparse
import asyncio
import time

import aiohttp

from bench.load_process import answer_counts

BETWEEN_S = 0.002


class Pings:
    """The longest wait since somebody asked."""

    def __init__(self) -> None:
        self._longest_s = 0.0

    def longest_us(self) -> int:
        """Return it, and begin anew."""
        longest_s, self._longest_s = self._longest_s, 0.0
        return round(longest_s * 1e6)

    async def ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            sent_at = time.monotonic()
            await socket.send_str('{"type":"ping"}')
            while '"pong"' not in await socket.receive_str():
                pass  # it is told of streams as well
            self._longest_s = max(self._longest_s, time.monotonic() - sent_at)
            await asyncio.sleep(BETWEEN_S)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    options = parser.parse_args()
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{options.url}/ws") as socket,
    ):
        pings = Pings()
        pinging = asyncio.create_task(pings.ping(socket))
        await answer_counts(pings.longest_us)
        pinging.cancel()


if __name__ == "__main__":
    asyncio.run(main())
