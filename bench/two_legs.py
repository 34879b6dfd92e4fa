"""
A speaker's bad network, a listener's bad network, and a server where the two meet.

Two links that end in one namespace. What goes from the speaker to the listener without
the server is forwarded there, so that it meets what happens on both legs, too.
"""

import contextlib
import subprocess
from collections.abc import Sequence

from bench.impaired_link import End, ImpairedLink, Impairment

DEVICE, SECOND_DEVICE = "tap0", "tap1"


class TwoLegs:
    """A context manager; ``first_net`` and the one after it are the third numbers of 10.x."""

    def __init__(self, *, seed: int = 1, first_net: int = 233) -> None:
        self.speaker = ImpairedLink(seed=2 * seed, net=first_net)
        self.listener = ImpairedLink(seed=2 * seed + 1, net=first_net + 1)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "TwoLegs":
        with contextlib.ExitStack() as stack:
            for leg in (self.speaker, self.listener):
                stack.enter_context(leg)
            self._join()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def server_addresses(self) -> tuple[str, str]:
        """Return the server's on the speaker's leg, and on the listener's."""
        return self.speaker.near.address, self.listener.near.address

    def server_command(self, arguments: Sequence[str]) -> list[str]:
        """Return a command that runs where the legs meet."""
        return self.speaker.near.command(arguments)

    def change(self, impairment: Impairment) -> None:
        """Let both legs behave differently from now on, each by its own chance."""
        self.speaker.change(impairment)
        self.listener.change(impairment)

    def _join(self) -> None:
        middle, other = self.speaker.near, self.listener.near
        _run(other, "ip", "link", "set", DEVICE, "down")
        _run(other, "ip", "link", "set", DEVICE, "name", SECOND_DEVICE)
        _run(other, "ip", "link", "set", SECOND_DEVICE, "netns", middle.namespace)
        _run(middle, "ip", "addr", "add", f"{other.address}/24", "dev", SECOND_DEVICE)
        _run(middle, "ip", "link", "set", SECOND_DEVICE, "up")
        _run(middle, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        for leg in (self.speaker, self.listener):
            set_router(leg)


def set_router(leg: ImpairedLink) -> None:
    """Let the far end reach everybody by way of the near one."""
    route = ("default", "via", leg.near.address)
    _run(leg.far, "ip", "route", "replace", *route)


def roam(leg: ImpairedLink, address: str) -> None:
    """Give the far end another address of its network; the one it had is gone."""
    _run(leg.far, "ip", "addr", "flush", "dev", DEVICE, "scope", "global")
    _run(leg.far, "ip", "addr", "add", f"{address}/24", "dev", DEVICE)
    set_router(leg)


def _run(end: End, *arguments: str) -> None:
    subprocess.run(end.command(arguments), check=True)
