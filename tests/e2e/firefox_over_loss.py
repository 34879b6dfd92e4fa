"""
How much Firefox has to make up when the network between it and the server is bad.

The server is at one end of the link, and Firefox, speaking and hearing, at the other: what it
hears has crossed the link twice.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.free_port import free_port
from bench.impaired_link import End, ImpairedLink, Impairment
from tests.e2e.firefox import Firefox, FirefoxPage, Preference, firefox
from tests.e2e.firefox_hearing import KEEP_PEERS, Played
from tests.e2e.relay_process import ROOT

START_S = 30.0
STOP_S = 15.0

# The page comes from another machine, and not over TLS.
SPEAKS_WITHOUT_TLS: dict[str, Preference] = {
    "media.devices.insecure.enabled": True,
    "media.getusermedia.insecure.enabled": True,
}


@asynccontextmanager
async def server_at(end: End, folder: Path) -> AsyncIterator[str]:
    """Run the server at an end of a link; give the address of its pages."""
    port = free_port()
    command = [
        *(sys.executable, "webrtc_server_relay.py", "--data-dir", str(folder)),
        *("--signaling-port", str(port), "--audio-port", str(free_port())),
        *("--media-port", str(free_port()), "--media-addresses", end.address),
        *("--ssl", "false"),
    ]
    with (folder / "relay.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *end.command(command), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    assert process.stdout is not None, "the output is a pipe"
    try:
        async with asyncio.timeout(START_S):
            while b"is ready" not in (line := await process.stdout.readline()):
                assert line, "the server did not start"
        yield f"http://{end.address}:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.communicate(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


@asynccontextmanager
async def firefox_over(
    link: ImpairedLink, program: str, folder: Path
) -> AsyncIterator[tuple[Firefox, FirefoxPage, FirefoxPage]]:
    """
    Give a Firefox beyond a link, with a page that speaks and one that hears it.

    ``folder`` is for the server's data and log.
    """
    async with (
        server_at(link.near, folder) as url,
        firefox(program, SPEAKS_WITHOUT_TLS, namespace=link.far.namespace) as fox,
    ):
        speaker = await fox.open(f"{url}/send.html", script=KEEP_PEERS)
        await speaker.fill("#name", "Nursery")
        await speaker.click("#talk")
        await speaker.sees("#talk[data-air=on]")
        listener = await fox.open(
            f"{url}/listen.html?stream=nursery", script=KEEP_PEERS
        )
        await listener.sees("#state[data-state=live]")
        yield fox, speaker, listener


async def played_over_loss(
    link: ImpairedLink,
    impairment: Impairment,
    listener: FirefoxPage,
    seconds: float,
    settle_s: float = 5.0,
) -> Played:
    """Return what a page played within a time, once it is used to what the link does."""
    link.change(impairment)
    await asyncio.sleep(settle_s)
    before = await Played.by(listener)
    await asyncio.sleep(seconds)
    return await Played.by(listener) - before
