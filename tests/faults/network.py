"""
A server with a bad network in front of it: a link if this is root, a proxy if not.

What happens on the link happens to everything. The proxy is for media; signaling has a line
beside it, which can only be cut.
"""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import impaired_link
from bench.impaired_link import ImpairedLink
from bench.impaired_proxy import ImpairedProxy
from bench.impairment import Impairment, Traffic
from bench.place import Place, behind, far_end, near_end, other_far_end
from tests.e2e.fickle_line import fickle_line
from tests.e2e.relay_process import RelayProcess

GOOD = Impairment(delay_s=0.005)
"""What a quiet Wi-Fi is like, in each direction."""


@dataclass(frozen=True)
class Network:
    relay: RelayProcess
    far: Place
    """Where the bad network is between a client and the server."""
    elsewhere: Place
    """Where a client of the far end is when it has moved."""
    change: Callable[[Impairment], Traffic]

    line_url: str | None = None
    """Where the server is from the far end, if not where it really is."""

    def websocket_url(self, place: Place) -> str:
        beside_the_server = place is self.relay.place
        url = None if beside_the_server else self.line_url
        return f"{url or self.relay.url_from(place)}/ws".replace("http", "ws", 1)


@asynccontextmanager
async def network(
    impairment: Impairment = GOOD, *, seed: int = 1, by_link: bool | None = None
) -> AsyncIterator[Network]:
    """
    Start a server behind a bad network; that it ends well is part of it.

    ``by_link`` says which kind of network, None: the better one of those that can be.
    """
    if by_link is None:
        by_link = impaired_link.available() is None
    with tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder:
        make = _by_link if by_link else _by_proxy
        async with make(Path(folder), impairment, seed) as made:
            try:
                yield made
                await made.relay.stop()
            finally:
                await made.relay.kill()


@asynccontextmanager
async def _by_link(
    folder: Path, impairment: Impairment, seed: int
) -> AsyncIterator[Network]:
    with ImpairedLink(impairment, seed=seed) as link:
        relay = await RelayProcess.start(
            folder, under=tuple(link.near.command([])), place=near_end(link)
        )
        yield Network(relay, far_end(link), other_far_end(link), link.change)


@asynccontextmanager
async def _by_proxy(
    folder: Path, impairment: Impairment, seed: int
) -> AsyncIterator[Network]:
    relay = await RelayProcess.start(folder)
    async with fickle_line(relay.ports["signaling"]) as line:
        with ImpairedProxy(relay.ports["media"], impairment, seed=seed) as proxy:

            def change(impairment: Impairment) -> Traffic:
                (line.cut if impairment.cut else line.mend)()
                return proxy.change(impairment)

            place = behind(proxy)
            yield Network(relay, place, place, change, line.url)
