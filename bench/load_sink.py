"""Load: UDP sockets that read and count, for the loops that send to nobody in particular."""

import argparse
import asyncio
import socket

from bench.load_process import answer_counts


class Sink:
    """Some bound sockets on loopback."""

    buffer = bytearray(2048)

    def __init__(self, count: int) -> None:
        self.packets = 0
        self.sockets = [
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)
        ]
        loop = asyncio.get_running_loop()
        for each in self.sockets:
            each.setblocking(False)
            each.bind(("127.0.0.1", 0))
            loop.add_reader(each.fileno(), self._read, each)

    @property
    def ports(self) -> list[int]:
        return [each.getsockname()[1] for each in self.sockets]

    def close(self) -> None:
        for each in self.sockets:
            asyncio.get_running_loop().remove_reader(each.fileno())
            each.close()

    def _read(self, readable: socket.socket) -> None:
        readable.recv_into(self.buffer)
        self.packets += 1


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    sink = Sink(options.count)
    await answer_counts(lambda: sink.packets, *sink.ports)
    sink.close()


if __name__ == "__main__":
    asyncio.run(main())
