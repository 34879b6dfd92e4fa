"""A server on a LAN of its own, and those who come to it from other machines there."""

import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.impaired_link import End, ImpairedLink, available
from bench.not_measured import NotMeasured
from bench.place import Place, far_end, near_end
from tests.e2e.relay_process import RelayProcess

MODES = ("lan", "paired")


@dataclass(frozen=True)
class Lan:
    """A server at one end of a link; the other end has as many machines as one likes."""

    relay: RelayProcess
    link: ImpairedLink

    @property
    def guest(self) -> Place:
        """Another machine."""
        return far_end(self.link)

    def machine(self, number: int) -> Place:
        """Return one more machine with an address of its own, 5 to 254."""
        address = self.link.far.address.rpartition(".")[0] + f".{number}"
        return self.machine_at(address)

    def machine_at(self, address: str, net: int = 24, host: str = "") -> Place:
        """Return one more machine, and where it looks for the server."""
        give_address(self.link.far, f"{address}/{net}")
        return replace(self.guest, address=address, host=host or self.guest.host)

    def url(self, port: str) -> str:
        """Return where a port is: ``signaling``, ``https`` or ``audio``."""
        scheme = "https" if port == "https" else "http"
        return f"{scheme}://{self.link.near.address}:{self.relay.ports[port]}"


def give_address(end: End, address: str) -> None:
    """Give one address more, with the length of its net, to all machines of an end."""
    command = end.command(["ip", "addr", "add", address, "dev", end.device])
    subprocess.run(command, check=True)


@asynccontextmanager
async def lan(
    *options: str, under: tuple[str, ...] = (), addresses: Sequence[str] = ()
) -> AsyncIterator[Lan]:
    """
    Start a server in a network of its own; that it ends well is part of it.

    ``addresses``, with the length of their nets, are further ones of the server.

    Raises `NotMeasured` where no network can be made.
    """
    if why := available():
        raise NotMeasured(why)
    with (
        tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder,
        ImpairedLink(device="eth0") as link,
    ):
        for address in addresses:
            give_address(link.near, address)
        relay = await RelayProcess.start(
            Path(folder),
            *options,
            under=(*link.near.command([]), *under),
            place=near_end(link),
        )
        try:
            yield Lan(relay, link)
            await relay.stop()
        finally:
            await relay.kill()
