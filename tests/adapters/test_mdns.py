"""The announcement on the LAN, in a network namespace where nobody else hears it."""

import asyncio
import errno
import logging
import os
import shutil
import subprocess
import sys

import pytest

from relay.adapters import mdns
from relay.adapters.mdns import Announcement, _label, _reachable

ID = "0123456789abcdef0123456789abcdef"
TEXT = {"id": ID, "version": "0.1.0"}
PATIENCE_S = 20.0

LISTENER = """
import asyncio
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf
from relay.adapters.mdns import TYPE, Announcement

async def main():
    hears = AsyncZeroconf(interfaces=["192.168.77.1"])
    seen = asyncio.Queue()
    def changed(zeroconf, service_type, name, state_change):
        seen.put_nowait((state_change, name))
    browser = AsyncServiceBrowser(hears.zeroconf, TYPE, handlers=[changed])
    text = {"id": "0123456789abcdef", "version": "0.1.0"}
    addresses = ["127.0.0.1", "192.168.77.1"]
    async with Announcement(8080, text, lambda: addresses, name="Earshot on a.b") as a:
        change, name = await seen.get()
        assert change is ServiceStateChange.Added, change
        info = await hears.async_get_service_info(TYPE, name)
        print(name, info.port, info.parsed_addresses(), info.decoded_properties, a.told)
    change, _ = await seen.get()
    assert change is ServiceStateChange.Removed, change
    print("gone")
    await browser.async_cancel()
    await hears.async_close()

asyncio.run(asyncio.wait_for(main(), 20))
"""

IN_A_NETWORK = """
ip link set lo up multicast on
ip address add 192.168.77.1/24 dev lo
ip route add 224.0.0.0/4 dev lo
exec "$@"
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("ip"),
    reason="a network of its own needs Linux, root and iproute2",
)
def test_others_hear_of_it_and_of_its_end() -> None:
    """With its port, its address on the LAN alone, and what it says of itself."""
    said = subprocess.run(
        [
            "unshare",
            "--net",
            "sh",
            "-euc",
            IN_A_NETWORK,
            "_",
            sys.executable,
            "-c",
            LISTENER,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    heard, gone = said.stdout.splitlines()
    assert heard.startswith("Earshot on a-b._earshot._tcp.local. 8080 ['192.168.77.1']")
    assert "'version': '0.1.0'" in heard
    assert gone == "gone"


async def test_a_machine_without_a_network_is_quiet() -> None:
    """It looks again; nothing is sent, and nobody waits."""
    looks = 0
    again = asyncio.Event()

    def addresses() -> list[str]:
        nonlocal looks
        looks += 1
        if looks == 3:
            again.set()
        return ["127.0.0.1"]

    async with Announcement(1, TEXT, addresses, name="x", look_again_s=0.01) as quiet:
        async with asyncio.timeout(PATIENCE_S):
            await again.wait()
        assert quiet.told == ()


async def test_a_network_that_cannot_is_complained_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again; the server goes on."""
    looks = 0
    again = asyncio.Event()

    def addresses() -> list[str]:
        nonlocal looks
        looks += 1
        if looks == 3:
            again.set()
        return ["192.0.2.200"]

    def no_multicast(**_: object) -> None:
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(mdns, "AsyncZeroconf", no_multicast)

    with caplog.at_level(logging.WARNING, "relay"):
        async with (
            asyncio.timeout(PATIENCE_S),
            Announcement(1, TEXT, addresses, name="x", look_again_s=0.01),
        ):
            await again.wait()
    (record,) = [r for r in caplog.records if r.name.startswith("relay")]
    assert "its address still works" in record.message


def test_only_addresses_of_the_lan_are_told() -> None:
    """IPv4 first: that is what speakers know."""
    given = ["::1", "fd00::7", "127.0.0.1", "192.168.7.7"]
    assert _reachable(given) == ("192.168.7.7", "fd00::7")


def test_a_name_is_one_label() -> None:
    """Of at most 63 bytes, and no half letters."""
    assert _label("Earshot on attic.local") == "Earshot on attic-local"
    assert len(_label("ö" * 60).encode()) <= 63
