"""Load: HTTP listeners that read and count bytes."""

import argparse
import asyncio
from urllib.parse import urlsplit

from bench.load_process import answer_counts

FIRST_BYTE_TIMEOUT_S = 30.0


class Listener(asyncio.BufferedProtocol):
    """One GET request without an end. All listeners read into the same memory."""

    buffer = bytearray(64 * 1024)

    def __init__(self, request: bytes) -> None:
        self.bytes_received = 0
        self.hears = asyncio.Event()
        """Set once something came after the headers, which come alone."""
        self._request = request
        self._reads = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "TCP has one of these"
        transport.write(self._request)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.bytes_received += nbytes
        self._reads += 1
        if self._reads == 3:
            self.hears.set()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    where = urlsplit(options.url)
    request = f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(
            lambda: Listener(request), where.hostname, where.port
        )
        for _ in range(options.count)
    ]
    listeners = [listener for _, listener in opened]
    async with asyncio.timeout(FIRST_BYTE_TIMEOUT_S):
        for listener in listeners:
            await listener.hears.wait()
    await answer_counts(lambda: sum(each.bytes_received for each in listeners))
    for transport, _ in opened:
        transport.close()


if __name__ == "__main__":
    asyncio.run(main())
