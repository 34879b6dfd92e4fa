"""Something with an end, as a stream of Earshot that is gone afterwards."""

import asyncio

from .client import EarshotClient, EarshotError

SECONDS = 1.0
LONGEST_S = 120 * SECONDS
UNHEARD_S = 10 * SECONDS
"""Earshot fetches nothing that nobody hears."""
LOOK_EVERY_S = 0.25 * SECONDS
"""What has ended would be played again after a second."""


async def speak(client: EarshotClient, name: str, address: str) -> None:
    """
    Play what is at an address to whoever hears the stream ``name``, once.

    Raises `EarshotError`, also if nobody hears it.
    """
    source = await client.add_source(name, address)
    try:
        async with asyncio.timeout(LONGEST_S):
            await _until_over(client, source["slug"])
    except TimeoutError:
        raise EarshotError("it takes more than two minutes") from None
    finally:
        await client.remove_source(source["slug"])


async def _until_over(client: EarshotClient, slug: str) -> None:
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    while True:
        reports = [r for r in await client.sources() if r["slug"] == slug]
        if not reports:
            return  # somebody else has removed it
        report = reports[0]
        played = report["packets"] > 0
        if report["failures"] or (report["state"] == "idle" and played):
            if not played:
                raise EarshotError(str(report["error"] or "it cannot be played"))
            return
        if not played and loop.time() - asked_at > UNHEARD_S:
            raise EarshotError("nobody hears this stream")
        await asyncio.sleep(LOOK_EVERY_S)
