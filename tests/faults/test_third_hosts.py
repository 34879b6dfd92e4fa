"""Who reads a wire sees whom somebody wants to reach."""

import socket

import pytest

from bench.impaired_link import ImpairedLink, available
from tests.faults.third_hosts import wire
from tests.sound_room import until

pytestmark = pytest.mark.skipif(bool(available()), reason=str(available()))


async def test_a_datagram_is_seen_and_so_is_the_search_for_a_host():
    """Otherwise the row proves nothing. The second host answers no search, so it gets nothing."""
    with (
        ImpairedLink(net=236, device="eth0") as link,
        wire(link.far, "eth0") as read,
    ):
        with (
            link.near.inside(),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        ):
            for host in (link.far.address, "10.236.0.99"):
                sock.sendto(b"check", (host, 5353))
        seen = read.sent()

        def both_are_seen() -> bool:
            seen.update(read.sent())
            return seen.keys() >= {link.far.address, "10.236.0.99"}

        await until(both_are_seen)
