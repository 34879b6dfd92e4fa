"""
Load: people who say a word every second, and those who are told of it.

Answers with the delays of all words since it was asked before, in microseconds: from a word's
first packet leaving until a message says that its stream speaks.
"""

import argparse
import asyncio
import json
import time
from contextlib import AsyncExitStack

import aiohttp

from bench.load_process import answer_counts
from bench.load_senders import speak
from bench.mouth import Mouth
from bench.signaling_client import connecting
from bench.voice import PACKETS_PER_S, words

WORD_PACKETS = 15
"""0.3 s; the detector takes as long again for a part of it."""
EACH_SOCKET = 50
"""Streams that one client watches."""
SUBSCRIBED = "subscribed"


class Talker:
    """Whoever says the words, and when the newest of them began."""

    def __init__(self, mouth: Mouth, phase: int) -> None:
        self.said_at: float | None = None
        """When the first packet of a word left of which nobody was told yet."""
        self._mouth = mouth
        mouth.packets_sent = phase

    def say(self) -> None:
        place = self._mouth.packets_sent % PACKETS_PER_S
        if place == PACKETS_PER_S - WORD_PACKETS:
            self.said_at = time.monotonic()
        self._mouth.say()


class Ear:
    """One client that is told of features."""

    def __init__(self, talkers: dict[str, Talker]) -> None:
        self.delays_us: list[int] = []
        self.watched = asyncio.Event()
        self._talkers = talkers
        self._speaking: set[str] = set()

    async def listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json({"type": "get_available_streams", "details": True})
        names: dict[str, str] = {}
        async for frame in socket:
            now = time.monotonic()
            message = json.loads(frame.data)
            if message["type"] == "features":
                self._hear(names[message["stream_id"]], message["is_speech"], now)
            elif message["type"] == "available_streams" and "details" in message:
                names |= {s["stream_id"]: s["name"] for s in message["details"]}
                for name in self._talkers:
                    await socket.send_json({"type": "start_features", "name": name})
                await socket.send_json({"type": "ping", "id": SUBSCRIBED})
            elif message.get("id") == SUBSCRIBED:
                self.watched.set()

    def _hear(self, name: str, speaks: bool, now: float) -> None:
        before = name in self._speaking
        (self._speaking.add if speaks else self._speaking.discard)(name)
        talker = self._talkers[name]
        if speaks and not before and talker.said_at is not None:
            self.delays_us.append(round(1e6 * (now - talker.said_at)))
            talker.said_at = None


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args()
    payloads = words(packets=PACKETS_PER_S, word=WORD_PACKETS)
    async with AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector)
        )
        talkers: dict[str, Talker] = {}
        for number in range(options.count):
            signaling = await stack.enter_async_context(
                connecting(session, options.url)
            )
            name = f"Talker {number}"
            client = await signaling.send(name)
            stack.push_async_callback(client.close)
            phase = number * PACKETS_PER_S // options.count
            talkers[name] = Talker(Mouth(client, payloads), phase)
        tasks = [asyncio.create_task(speak(list(talkers.values())))]
        await asyncio.sleep(1)  # all are on the air then
        ears = []
        for start in range(0, options.count, EACH_SOCKET):
            named = list(talkers.items())[start : start + EACH_SOCKET]
            ears.append(Ear(dict(named)))
            socket = await stack.enter_async_context(
                session.ws_connect(f"{options.url}/ws", max_msg_size=0)
            )
            tasks.append(asyncio.create_task(ears[-1].listen(socket)))
            await asyncio.wait_for(ears[-1].watched.wait(), 20)

        def delays() -> tuple[int, ...]:
            told = tuple(delay for ear in ears for delay in ear.delays_us)
            for ear in ears:
                ear.delays_us.clear()
            return told

        await answer_counts(delays)
        for task in tasks:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
