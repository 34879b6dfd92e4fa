"""Whatever a description says, nothing is sent to hosts that did not ask for it themselves."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from relay.signaling.fields import MAX_CANDIDATES
from relay.webrtc.peer import PeerState
from tests.webrtc.studio import Studio, settle, until

LONG_ENOUGH_S = 1.0
"""A full ICE agent makes its first check within 50 ms, and repeats it."""


class Victim:
    """A host that has nothing to do with it, and counts what it is sent."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.address: tuple[str, int] = sock.getsockname()

    @property
    def datagrams(self) -> int:
        count = 0
        while True:
            try:
                self._sock.recv(2048)
            except BlockingIOError:
                return count
            count += 1


@contextmanager
def victim() -> Iterator[Victim]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.77", 0))
        sock.setblocking(False)
        yield Victim(sock)


def aimed_at(sdp: str, target: Victim) -> str:
    """Return a description in which every address is the target's, as often as one may be named."""
    host, port = target.address
    lines = []
    for line in sdp.splitlines():
        if line.startswith("a=candidate:"):
            continue
        if line.startswith("c="):
            line = f"c=IN IP4 {host}"
        elif line.startswith("m=audio"):
            _, _, rest = line.split(" ", 2)
            line = f"m=audio {port} {rest}"
        lines.append(line)
    lines += [
        f"a=candidate:{n} 1 udp {2130706431 - n} {host} {port} typ host"
        for n in range(MAX_CANDIDATES)
    ]
    lines.append(f"a=rtcp:{port} IN IP4 {host}")
    return "\r\n".join(lines) + "\r\n"


def test_the_victim_counts(studio: Studio) -> None:
    """Otherwise the others here prove nothing."""
    with victim() as host, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"check", host.address)
        sock.sendto(b"check", host.address)
        assert (host.datagrams, host.datagrams) == (2, 0)


@pytest.mark.parametrize("role", ["sender", "receiver"])
async def test_a_description_aims_nothing_at_others(studio: Studio, role: str) -> None:
    """Neither checks nor handshakes nor sound: the server answers, and never asks."""
    with victim() as host:
        if role == "sender":
            sender = studio.endpoint.sender_peer(studio.relay.publish, lambda *_: None)
            await sender.answer(aimed_at(studio.client().offer(), host))
        else:
            stream = studio.relay.publish()
            receiver = studio.endpoint.receiver_peer(stream, lambda *_: None)
            client = studio.client()
            answer = client.answer(receiver.offer())
            client.checking = False
            await receiver.accept(aimed_at(answer, host))
        await asyncio.sleep(LONG_ENOUGH_S)
        assert host.datagrams == 0


async def test_sound_goes_to_who_asked_and_not_where_the_description_says(
    studio: Studio,
) -> None:
    """A client that connects is heard where its own checks come from."""
    mouth = await studio.mouth()
    await mouth.say(1)
    with victim() as host:
        datagrams: list[bytes] = []
        client = studio.client(datagrams)
        peer = studio.endpoint.receiver_peer(mouth.stream, lambda *_: None)
        await peer.accept(aimed_at(client.answer(peer.offer()), host))
        await asyncio.wait_for(client.connected.wait(), 5)
        await until(lambda: peer.state is PeerState.CONNECTED)
        await mouth.say(20)
        await until(lambda: len(datagrams) >= 20)
        await settle()
        assert host.datagrams == 0
