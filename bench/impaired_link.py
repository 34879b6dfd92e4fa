"""
A bad network, made on purpose: two network namespaces and a link that loses, delays and cuts.

Needs root and Linux's TAP devices, no kernel module. The link is a process of its own that
reads Ethernet frames from one end and writes them to the other; what happens to them is
drawn from a seeded generator, so that a run can be repeated. Impairments may be changed
while the link is up:

    with ImpairedLink(Impairment(loss=0.01, jitter_s=0.03)) as link:
        subprocess.run(link.near.command(["ip", "addr"]))
        link.change(Impairment(cut=True))

The namespaces are the link's own and end with it, however it ends: their names in
`/run/netns`, by which ``ip netns`` finds them, only lead there.
"""

import contextlib
import ctypes
import fcntl
import itertools
import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bench.forwarder import Forwarder, Reins
from bench.impairment import Impairment, Traffic

__all__ = ["End", "ImpairedLink", "Impairment", "available"]

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP_WITHOUT_HEADER = 0x1002
FRAME_BYTES = 2048
DEVICE = "tap0"
NAMES = Path("/run/netns")
OWN_NETWORK = Path("/proc/thread-self/ns/net")

_links = itertools.count()


@dataclass(frozen=True)
class End:
    """One side of the link: a namespace with two addresses on one device."""

    namespace: str
    device: str
    address: str
    other_address: str
    """For those who move."""

    @property
    def path(self) -> Path:
        """Where its name is."""
        return NAMES / self.namespace

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return a command that becomes one that runs in this namespace."""
        return ["ip", "netns", "exec", self.namespace, *arguments]

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """
        Be in this namespace: a socket that is made inside stays in it for good.

        It is this thread that is inside, so nothing may be awaited meanwhile.
        """
        with _descriptor(OWN_NETWORK) as own, _descriptor(self.path) as there:
            _enter(there)
            try:
                yield
            finally:
                _enter(own)


class ImpairedLink:
    """A context manager; the namespaces and the process end with the block."""

    def __init__(
        self,
        impairment: Impairment = Impairment(),
        *,
        seed: int = 1,
        net: int = 231,
        device: str = DEVICE,
    ) -> None:
        """
        ``net`` is the second number of 10.x: both ends have their addresses there.

        ``device`` is what the network card is called; a server takes no ``tap`` for one.
        """
        suffix = f"{os.getpid():x}-{next(_links):x}"
        self.near = End(f"esn-{suffix}", device, f"10.{net}.0.1", f"10.{net}.0.3")
        """Where a server belongs."""
        self.far = End(f"esf-{suffix}", device, f"10.{net}.0.2", f"10.{net}.0.4")
        """Where its clients belong."""
        self._impairment = impairment
        self._seed = seed
        self._reins: Reins | None = None

    def __enter__(self) -> "ImpairedLink":
        ends = json.dumps([asdict(self.near), asdict(self.far)])
        arguments = (str(self._seed), ends)
        self._reins = Reins(__spec__.name, arguments, self._impairment)
        return self

    def __exit__(self, *_: object) -> None:
        if self._reins is not None:
            self._reins.close()
            for end in (self.near, self.far):  # if the process was killed
                end.path.unlink(missing_ok=True)

    @property
    def pid(self) -> int:
        """Of the process that carries the frames."""
        return self.reins.pid

    @property
    def reins(self) -> Reins:
        assert self._reins is not None, "the link is up"
        return self._reins

    def change(self, impairment: Impairment) -> Traffic:
        """Let the link behave differently from now on; return what became of all before."""
        return self.reins.change(impairment)

    def traffic(self) -> Traffic:
        """Return what became of all frames so far."""
        return self.reins.traffic()


def available() -> str | None:
    """Return why no link can be made on this machine, or None if one can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.path.exists("/dev/net/tun"):
        return "this system has no TAP devices"
    return None


@contextlib.contextmanager
def _descriptor(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _enter(namespace: int) -> None:
    # Python has os.setns from 3.12 on.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def _made(end: End) -> Iterator[int]:
    """Make an end for the length of a ``with`` block; return the other side of its TAP device."""
    namespace, device = _new_network(end)
    NAMES.mkdir(exist_ok=True)
    end.path.symlink_to(f"/proc/{os.getpid()}/fd/{namespace}")
    try:
        yield device
    finally:
        end.path.unlink(missing_ok=True)


def _new_network(end: End) -> tuple[int, int]:
    """Return a new namespace and the other side of a TAP device in it, as descriptors."""
    with _descriptor(OWN_NETWORK) as own:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        namespace = os.open(OWN_NETWORK, os.O_RDONLY | os.O_CLOEXEC)
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        request = struct.pack("16sH", end.device.encode(), IFF_TAP_WITHOUT_HEADER)
        fcntl.ioctl(device, TUNSETIFF, request)
        for address in (end.address, end.other_address):
            _ip("addr", "add", f"{address}/24", "dev", end.device)
        _ip("link", "set", end.device, "up")
        _ip("link", "set", "lo", "up")
        _ip("route", "add", "default", "dev", end.device)
        _enter(own)
    return namespace, device


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def main() -> None:
    """The process of a link; seed and ends as arguments."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    forwarder = Forwarder(int(sys.argv[1]))
    near, far = (End(**end) for end in json.loads(sys.argv[2]))
    with _made(near) as near_device, _made(far) as far_device:
        for source, target in ((near_device, far_device), (far_device, near_device)):
            forwarder.sources[source] = partial(
                _read_frames, forwarder, source, partial(os.write, target)
            )
        forwarder.run()


def _read_frames(forwarder: Forwarder, source: int, send: partial[int]) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            frame = os.read(source, FRAME_BYTES)
            forwarder.passage.carry(send, frame, time.monotonic())


if __name__ == "__main__":
    main()
