"""Load: a source client of icecast2 that sends a tone, encoded as Earshot encodes it."""

import argparse
import asyncio

from bench.icecast import icecast_source
from bench.load_process import answer_counts
from bench.load_senders import speak
from bench.voice import tone_sound


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the mount point")
    options = parser.parse_args()
    async with icecast_source(options.url, tone_sound()) as source:
        speaking = asyncio.create_task(speak([source]))
        await answer_counts(lambda: source.packets_sent)
        speaking.cancel()


if __name__ == "__main__":
    asyncio.run(main())
