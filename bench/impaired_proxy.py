"""
A bad network for those who are not root: a UDP proxy that loses, delays and cuts.

It is between clients and one port of the server, all on loopback: a client sends to `address`
instead of the server's candidate. What happens to the datagrams is what happens on
`bench.impaired_link`, and may be changed just so. Signaling does not go through it.
"""

import socket
import sys
import time
from functools import partial

from bench.forwarder import Forwarder, Reins
from bench.impairment import Impairment, Send, Traffic

HOST = "127.0.0.1"
MAX_DATAGRAM = 2048
BUFFER_BYTES = 1024 * 1024

Address = tuple[str, int]


class ImpairedProxy:
    """A context manager; the process ends with the block."""

    def __init__(
        self, port: int, impairment: Impairment = Impairment(), *, seed: int = 1
    ) -> None:
        """``port`` is the server's UDP port."""
        self._arguments = (str(port), str(seed))
        self._impairment = impairment
        self._reins: Reins | None = None

    def __enter__(self) -> "ImpairedProxy":
        self._reins = Reins(__spec__.name, self._arguments, self._impairment)
        return self

    def __exit__(self, *_: object) -> None:
        if self._reins is not None:
            self._reins.close()

    @property
    def address(self) -> Address:
        """Where clients are to send to."""
        return HOST, self.reins.ready["port"]

    @property
    def reins(self) -> Reins:
        assert self._reins is not None, "the proxy is up"
        return self._reins

    def change(self, impairment: Impairment) -> Traffic:
        """Let it behave differently from now on; return what became of all before."""
        return self.reins.change(impairment)

    def traffic(self) -> Traffic:
        """Return what became of all datagrams so far."""
        return self.reins.traffic()


class Clients:
    """The client side of the proxy: each address has a socket of its own to the server."""

    def __init__(self, forwarder: Forwarder, server: Address) -> None:
        self._forwarder = forwarder
        self._server = server
        self._socket = _bound()
        self._to_server: dict[Address, Send] = {}
        forwarder.sources[self._socket.fileno()] = self._read

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def _read(self) -> None:
        for datagram, client in _received(self._socket):
            send = self._to_server.get(client) or self._welcome(client)
            self._forwarder.passage.carry(send, datagram, time.monotonic())

    def _welcome(self, client: Address) -> Send:
        upstream = _bound()
        upstream.connect(self._server)
        to_client = partial(_send_to, self._socket, client)
        self._forwarder.sources[upstream.fileno()] = partial(
            self._read_upstream, upstream, to_client
        )
        self._to_server[client] = send = upstream.send
        return send

    def _read_upstream(self, upstream: socket.socket, to_client: Send) -> None:
        for datagram, _ in _received(upstream):
            self._forwarder.passage.carry(to_client, datagram, time.monotonic())


def _bound() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    sock.bind((HOST, 0))
    return sock


def _received(sock: socket.socket) -> list[tuple[bytes, Address]]:
    """Return what waits."""
    waiting = []
    try:
        while True:
            waiting.append(sock.recvfrom(MAX_DATAGRAM))
    except OSError:
        return waiting  # nothing more, or an ICMP answer to something sent


def _send_to(sock: socket.socket, client: Address, datagram: bytes) -> int:
    return sock.sendto(datagram, client)


def main() -> None:
    """The process of a proxy; the server's port and the seed as arguments."""
    port, seed = map(int, sys.argv[1:])
    forwarder = Forwarder(seed)
    clients = Clients(forwarder, (HOST, port))
    forwarder.run(port=clients.port)


if __name__ == "__main__":
    main()
