"""
A bad network, made on purpose: two network namespaces and a link that loses, delays and cuts.

Needs root and Linux's TAP devices, no kernel module. The link is a process of its own that
reads Ethernet frames from one end and writes them to the other; what happens to them is
drawn from a seeded generator, so that a run can be repeated. Impairments may be changed
while the link is up:

    with ImpairedLink(Impairment(loss=0.01, jitter_s=0.03)) as link:
        subprocess.run(link.near.command(["ip", "addr"]))
        link.change(Impairment(cut=True))
"""

import contextlib
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP_WITHOUT_HEADER = 0x1002
FRAME_BYTES = 2048
READY = "ready"
MAX_WAITING = 10_000
"""Frames on their way; beyond it the link drops, as a full router does."""


@dataclass(frozen=True)
class Impairment:
    """What happens to each frame, in each direction alike."""

    loss: float = 0.0
    """Share of frames that never arrive, 0 to 1."""
    duplicate: float = 0.0
    reorder: float = 0.0
    """Share of frames that overtake those before them, by not being delayed."""
    delay_s: float = 0.0
    jitter_s: float = 0.0
    """Standard deviation of the delay; half of the frames come before ``delay_s`` + this."""
    bits_per_s: float = 0.0
    """0: as fast as the machine."""
    cut: bool = False
    """Nothing arrives: the cable is pulled."""


@dataclass(frozen=True)
class End:
    """One side of the link: a namespace with one address."""

    namespace: str
    device: str
    address: str

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return a command that runs in this namespace."""
        return ["ip", "netns", "exec", self.namespace, *arguments]


class ImpairedLink:
    """A context manager; the namespaces and the process end with the block."""

    def __init__(
        self, impairment: Impairment = Impairment(), *, seed: int = 1, net: int = 231
    ) -> None:
        """``net`` is the third number of 10.x: links that exist at once need different ones."""
        suffix = f"{os.getpid():x}-{net}"
        self.near = End(f"esn-{suffix}", "tap0", f"10.{net}.0.1")
        self.far = End(f"esf-{suffix}", "tap0", f"10.{net}.0.2")
        self._impairment = impairment
        self._seed = seed
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "ImpairedLink":
        ends = json.dumps([asdict(self.near), asdict(self.far)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name, ends, str(self._seed)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout, "the output is a pipe"
        if self._process.stdout.readline().strip() != READY:
            self.__exit__()
            raise OSError("the link could not be made; it needs root and TAP devices")
        self.change(self._impairment)
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            process.communicate(timeout=10)  # the end of its input tells it to stop
        process.kill()
        process.wait()

    def change(self, impairment: Impairment) -> None:
        """Let the link behave differently from now on."""
        assert self._process is not None, "the link is up"
        assert self._process.stdin is not None, "its input is a pipe"
        self._process.stdin.write(json.dumps(asdict(impairment)) + "\n")
        self._process.stdin.flush()


def available() -> str | None:
    """Return why no link can be made on this machine, or None if one can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.path.exists("/dev/net/tun"):
        return "this system has no TAP devices"
    return None


class Forwarder:
    """Carries frames between two devices."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._count = 0
        self._free_at: dict[int, float] = {}
        self.impairment = Impairment()

    def run(self, near: int, far: int, control: int) -> None:
        """Forward until the control file ends."""
        other = {near: far, far: near}
        while True:
            readable, _, _ = select.select([near, far, control], [], [], self._pause())
            for ready in readable:
                if ready == control:
                    line = os.read(control, 65536)
                    if not line:
                        return
                    newest = line.decode().strip().splitlines()[-1]
                    self.impairment = Impairment(**json.loads(newest))
                else:
                    self._read(ready, other[ready])
            self._write_due()

    def _pause(self) -> float:
        if not self._waiting:
            return 0.05
        return min(0.05, max(0.0, self._waiting[0][0] - time.monotonic()))

    def _read(self, source: int, target: int) -> None:
        while True:
            try:
                frame = os.read(source, FRAME_BYTES)
            except BlockingIOError:
                return
            self._carry(target, frame)

    def _carry(self, target: int, frame: bytes) -> None:
        how, chance = self.impairment, self._random.random
        if how.cut or chance() < how.loss or len(self._waiting) > MAX_WAITING:
            return
        at = time.monotonic()
        if how.bits_per_s:
            start = max(at, self._free_at.get(target, 0.0))
            at = self._free_at[target] = start + 8 * len(frame) / how.bits_per_s
        if chance() >= how.reorder:
            at += max(0.0, self._random.gauss(how.delay_s, how.jitter_s))
        for _ in range(2 if chance() < how.duplicate else 1):
            self._count += 1
            heapq.heappush(self._waiting, (at, self._count, target, frame))

    def _write_due(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, target, frame = heapq.heappop(self._waiting)
            with contextlib.suppress(OSError):
                os.write(target, frame)


@contextlib.contextmanager
def tap(end: End) -> Iterator[int]:
    """Make a namespace with a TAP device in it, and return the device's other side."""
    libc = ctypes.CDLL(None, use_errno=True)
    _ip("netns", "add", end.namespace)
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    inside = os.open(f"/run/netns/{end.namespace}", os.O_RDONLY)
    device = -1
    try:
        if libc.setns(inside, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        request = struct.pack("16sH", end.device.encode(), IFF_TAP_WITHOUT_HEADER)
        fcntl.ioctl(device, TUNSETIFF, request)
        _ip("addr", "add", f"{end.address}/24", "dev", end.device)
        _ip("link", "set", end.device, "up")
        _ip("link", "set", "lo", "up")
        _ip("route", "add", "default", "dev", end.device)
        libc.setns(own, CLONE_NEWNET)
        yield device
    finally:
        libc.setns(own, CLONE_NEWNET)
        for descriptor in (own, inside, device):
            if descriptor >= 0:
                os.close(descriptor)
        _ip("netns", "del", end.namespace)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def main() -> None:
    """The process of a link: ends and seed as arguments, impairments on standard input."""
    near, far = (End(**end) for end in json.loads(sys.argv[1]))
    with tap(near) as near_device, tap(far) as far_device:
        print(READY, flush=True)
        Forwarder(int(sys.argv[2])).run(near_device, far_device, sys.stdin.fileno())


if __name__ == "__main__":
    main()
