"""The link between two namespaces does what it says, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench.forwarder import ForwarderFailed
from bench.impaired_link import End, ImpairedLink, available
from bench.impairment import Impairment

pytestmark = pytest.mark.skipif(
    available() is not None, reason=f"no link can be made: {available()}"
)

NET = 233
COUNT = 400
PATIENCE_S = 5.0


@contextmanager
def sockets(link: ImpairedLink) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A socket at either end, connected to each other."""
    with link.near.inside():
        near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with link.far.inside():
        far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with near, far:
        near.bind((link.near.address, 0))
        far.bind((link.far.address, 0))
        near.connect(far.getsockname())
        far.connect(near.getsockname())
        near.settimeout(PATIENCE_S)
        far.settimeout(PATIENCE_S)
        yield near, far


def meet(near: socket.socket, far: socket.socket) -> None:
    """Have both ends learn each other's hardware address, whatever is lost."""
    far.settimeout(0.1)
    while True:
        near.send(b"hello")
        try:
            far.recv(16)
        except TimeoutError:
            continue
        far.settimeout(PATIENCE_S)
        return


def sent(near: socket.socket, far: socket.socket, count: int) -> list[int]:
    """Send datagrams at an even pace; return the numbers of those that arrived, in order."""
    arrived = []
    far.setblocking(False)
    for n in range(count + 20):
        if n < count:
            near.send(n.to_bytes(4, "big"))
        time.sleep(0.001 if n < count else 0.01)
        try:
            while True:
                arrived.append(int.from_bytes(far.recv(16), "big"))
        except BlockingIOError:
            pass
    far.settimeout(PATIENCE_S)
    return arrived


def names(pid: int) -> set[str]:
    """Return the names of the namespaces that a process made."""
    found = Path("/run/netns").glob(f"es[nf]-{pid:x}-*")
    return {path.name for path in found}


def devices(end: End) -> str:
    with end.inside():
        return subprocess.run(
            ["ip", "-o", "link"], capture_output=True, text=True, check=True
        ).stdout


def test_both_ways_and_as_a_command() -> None:
    """Each end reaches the other, under both of its addresses, and programs run there."""
    with ImpairedLink(net=NET) as link, sockets(link) as (near, far):
        near.send(b"there")
        assert far.recv(16) == b"there"
        far.send(b"back")
        assert near.recv(16) == b"back"
        shown = subprocess.run(
            link.far.command(["ip", "-o", "-4", "addr", "show", "dev", "tap0"]),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert link.far.address in shown
        assert link.far.other_address in shown
        assert link.near.address not in shown


def test_a_socket_stays_where_it_was_made() -> None:
    """And the thread that made it is outside again."""
    own = os.readlink("/proc/thread-self/ns/net")
    with ImpairedLink(net=NET) as link:
        with link.near.inside():
            assert os.readlink("/proc/thread-self/ns/net") != own
        assert os.readlink("/proc/thread-self/ns/net") == own


def test_what_is_lost_is_counted() -> None:
    """By chance, of what was sent over it alone."""
    with ImpairedLink(net=NET) as link, sockets(link) as (near, far):
        meet(near, far)
        before = link.change(Impairment(loss=0.2))
        arrived = sent(near, far, COUNT)
        traffic = link.traffic()
    lost = traffic.lost - before.lost
    assert lost == pytest.approx(0.2 * COUNT, rel=0.5)
    assert COUNT - len(arrived) <= lost  # the kernel's own few frames may be lost too
    assert COUNT - len(arrived) >= lost - (traffic.carried - before.carried - COUNT)


def test_delay_reorder_and_duplicates() -> None:
    """All of them at a time, changed while the link is up."""
    with ImpairedLink(net=NET) as link, sockets(link) as (near, far):
        meet(near, far)
        link.change(Impairment(delay_s=0.05))
        started = time.monotonic()
        near.send(b"x")
        far.recv(16)
        assert time.monotonic() - started >= 0.05
        link.change(Impairment(delay_s=0.01, reorder=0.2, duplicate=0.2))
        arrived = sent(near, far, COUNT)
        assert set(arrived) == set(range(COUNT))
        assert 0.1 * COUNT < len(arrived) - COUNT < 0.3 * COUNT
        assert arrived != sorted(arrived)


def test_a_rate() -> None:
    """20 datagrams of 1000 bytes take no less than 0.4 s at 400 kbit/s."""
    with ImpairedLink(net=NET) as link, sockets(link) as (near, far):
        meet(near, far)
        link.change(Impairment(bits_per_s=400_000))
        started = time.monotonic()
        for _ in range(20):
            near.send(bytes(1000))
        for _ in range(20):
            far.recv(2000)
        assert time.monotonic() - started >= 0.4


def test_cut_and_mend() -> None:
    """Nothing arrives, then all does, over the same sockets."""
    with ImpairedLink(net=NET) as link, sockets(link) as (near, far):
        meet(near, far)
        link.change(Impairment(cut=True))
        assert sent(near, far, 20) == []
        link.change(Impairment())
        assert sent(near, far, 20) == list(range(20))


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_behind(number: int | None) -> None:
    """However it ends: no name, and no device even for who is still inside."""
    with ImpairedLink(net=NET) as link:
        assert "tap0" in devices(link.near)
        assert names(os.getpid()) == {link.near.namespace, link.far.namespace}
        with open(link.near.path) as held:
            still_inside = replace(
                link.near, namespace=f"/proc/self/fd/{held.fileno()}"
            )
            if number is None:
                link.reins.close()
            else:
                os.kill(link.pid, number)
                link.reins._process.wait()
            assert "tap0" not in devices(still_inside)
    assert names(os.getpid()) == set()
    assert not Path(f"/proc/{link.pid}").exists()


def test_a_link_whose_owner_was_killed_ends_too() -> None:
    """Nobody holds its reins any more."""
    owner = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "from bench.impaired_link import ImpairedLink\n"
            f"with ImpairedLink(net={NET}): print('up', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        assert len(names(owner.pid)) == 2
        owner.kill()
    deadline = time.monotonic() + PATIENCE_S
    while names(owner.pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_links_at_once() -> None:
    """They know nothing of each other, even with the same addresses."""
    with (
        ImpairedLink(net=NET) as one,
        ImpairedLink(net=NET) as other,
        sockets(one) as (near, far),
        sockets(other) as (other_near, other_far),
    ):
        other.change(Impairment(cut=True))
        near.send(b"one")
        other_near.send(b"other")
        assert far.recv(16) == b"one"
        other_far.settimeout(0.1)
        with pytest.raises(TimeoutError):
            other_far.recv(16)


def test_a_link_that_cannot_be_made_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    """The process has printed why."""
    with pytest.raises(ForwarderFailed), ImpairedLink(net=999):
        pass
    assert "10.999.0.1" in capfd.readouterr().err
