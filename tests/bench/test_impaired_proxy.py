"""The proxy does to datagrams what the link does, and keeps its clients apart."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.impaired_proxy import ImpairedProxy
from bench.impairment import Impairment

PATIENCE_S = 5.0
SENT = 200
"""Datagrams: as many as a socket's buffer surely holds."""


@contextmanager
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(PATIENCE_S)
        yield sock


def test_each_client_has_an_address_of_its_own() -> None:
    """The server's answer finds the one it is for; a client on a new port is a new one."""
    with (
        udp() as server,
        udp() as one,
        udp() as other,
        ImpairedProxy(server.getsockname()[1]) as proxy,
    ):
        seen = []
        for client in (one, other, one):
            client.sendto(b"to the server", proxy.address)
            data, address = server.recvfrom(100)
            assert data == b"to the server"
            server.sendto(b"back to %d" % address[1], address)
            assert client.recv(100) == b"back to %d" % address[1]
            seen.append(address)
    assert seen[0] == seen[2] != seen[1]


def test_loss_cut_and_mend() -> None:
    """At run time, in both directions, and counted."""
    with (
        udp() as server,
        udp() as client,
        ImpairedProxy(server.getsockname()[1], Impairment(loss=0.25)) as proxy,
    ):
        for _ in range(SENT):
            client.sendto(b"x", proxy.address)
        while (traffic := proxy.traffic()).carried < SENT:
            time.sleep(0.005)
        assert traffic.lost == pytest.approx(0.25 * SENT, rel=0.4)
        proxy.change(Impairment(cut=True))
        client.sendto(b"cut off", proxy.address)
        while proxy.traffic().cut_off == 0:
            time.sleep(0.005)
        proxy.change(Impairment(delay_s=0.05))
        client.sendto(b"mended", proxy.address)
        arrived = []
        while not arrived or arrived[-1] != b"mended":
            arrived.append(server.recv(100))
    assert arrived == [b"x"] * (SENT - traffic.lost) + [b"mended"]


def test_the_process_ends_with_the_block() -> None:
    """And with it, its port."""
    with ImpairedProxy(9) as proxy:
        address = proxy.address
    with udp() as client:
        client.connect(address)
        client.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            client.recv(1)
