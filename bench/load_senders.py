"""Load: senders that send real Opus packets, fifty a second each, not all at once."""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import aiohttp

from bench.load_process import answer_counts
from bench.mouth import Mouth
from bench.pacer import beats
from bench.signaling_client import connecting
from bench.speaker import Speaker
from bench.voice import PACKETS_PER_S, beeps, tone

SOUNDS: dict[str, Callable[[], Sequence[bytes]]] = {
    "tone": tone,
    "beeps": lambda: beeps(packets=50, beep=10),
}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--name", default="Bench")
    parser.add_argument("--sound", choices=SOUNDS, default="tone")
    options = parser.parse_args()
    payloads = SOUNDS[options.sound]()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        mouths: list[Mouth] = []
        for number in range(options.count):
            signaling = await stack.enter_async_context(
                connecting(session, options.url)
            )
            client = await signaling.send(f"{options.name} {number}")
            stack.push_async_callback(client.close)
            mouths.append(Mouth(client, payloads))
        speaking = asyncio.create_task(speak(mouths))
        await answer_counts(lambda: sum(mouth.packets_sent for mouth in mouths))
        speaking.cancel()


async def speak(speakers: Sequence[Speaker]) -> None:
    """Let each say its next packet in turn, fifty times a second."""
    async for beat in beats(PACKETS_PER_S * len(speakers)):
        speakers[beat % len(speakers)].say()


if __name__ == "__main__":
    asyncio.run(main())
