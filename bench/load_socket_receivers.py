"""Load: receivers over their WebSockets that count frames."""

import argparse
import asyncio
from contextlib import AsyncExitStack

import aiohttp

from bench.load_process import answer_counts
from bench.socket_ear import SocketEar
from relay.signaling.sound_frame import SoundFormat


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--name", default="Bench 0")
    parser.add_argument("--format", type=SoundFormat, default=SoundFormat.OPUS)
    options = parser.parse_args()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        ears = []
        for _ in range(options.count):
            socket = await session.ws_connect(f"{options.url}/ws", max_msg_size=0)
            stack.push_async_callback(socket.close)
            ears.append(SocketEar(socket, options.format))
            await ears[-1].ask(options.name)
        listening = [asyncio.create_task(ear.listen()) for ear in ears]
        await answer_counts(lambda: sum(ear.frames for ear in ears))
        for task in listening:
            task.cancel()
        await asyncio.wait(listening)


if __name__ == "__main__":
    asyncio.run(main())
