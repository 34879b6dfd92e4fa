"""S7: descriptions name hosts that have nothing to do with it; nobody hears from the server."""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from bench.impaired_link import End
from bench.light_client import LightClient
from relay.signaling.fields import MAX_CANDIDATES
from tests.e2e.api import admin_token, bearing
from tests.e2e.wire_client import WireClient, description, joined
from tests.faults.lan import MODES, Lan, lan
from tests.faults.row import Figure, Row

EVERYTHING = 0x0003
"""ETH_P_ALL of Linux's `<linux/if_ether.h>`."""
IPV4, ARP, IPV6, UDP = 0x0800, 0x0806, 0x86DD, 17
FRAME_BYTES = 2048
LONG_ENOUGH_S = 2.0
"""A full ICE agent makes its first check within 50 ms, and repeats it."""
HEARD_PACKETS = 20
SPEAKER = 7

THIRD = "10.231.0.99"
NAMED = (
    *(THIRD, "10.231.0.1", "10.231.0.255", "192.168.1.1", "127.0.0.1", "8.8.8.8"),
    *("224.0.0.251", "255.255.255.255", "0.0.0.0", "169.254.169.254"),
    *("earshot-victim.local", "victim.example", "::1", "ff02::fb"),
)


class Wire:
    """Reads every frame of a device."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def sent(self) -> Counter[str]:
        """Return who was sent datagrams since the last time, or was looked for by ARP."""
        targets: Counter[str] = Counter()
        while True:
            try:
                frame = self._sock.recv(FRAME_BYTES)
            except BlockingIOError:
                return targets
            if target := _target(frame):
                targets[target] += 1


def _target(frame: bytes) -> str | None:
    """Return the address for which a frame is meant, None for other traffic than of media."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    if kind == ARP:
        return socket.inet_ntoa(frame[38:42])
    if kind == IPV4 and frame[14 + 9] == UDP:
        return socket.inet_ntoa(frame[30:34])
    if kind == IPV6 and frame[14 + 6] == UDP:
        return socket.inet_ntop(socket.AF_INET6, frame[38:54])
    return None


@contextmanager
def wire(end: End, device: str) -> Iterator[Wire]:
    with end.inside():
        sock = socket.socket(
            socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING)
        )
    with sock:
        sock.setblocking(False)
        sock.bind((device, 0))
        yield Wire(sock)


async def aim() -> Row:
    """Offer and answer such descriptions to a real server, and watch its wires."""
    figures: list[Figure] = []
    for mode in MODES:
        async with lan(f"--access={mode}") as home:
            figures += await _figures(home, mode)
    return Row("S7", "descriptions aim the server at other hosts", (*figures,))


async def _figures(home: Lan, mode: str) -> list[Figure]:
    far_wire = wire(home.link.far, home.link.far.device)
    speaking, url = home.machine(SPEAKER), home.relay.websocket_url
    with far_wire as outside, wire(home.link.near, "lo") as loopback:
        async with (
            bearing(await admin_token(home.relay), home.guest) as session,
            joined(session, url) as speaker,
        ):
            speaker.place = speaking
            stream_id = await speaker.send("Nursery")
            heard = await _aim_all(home, session, stream_id)
        sent, to_itself = outside.sent(), loopback.sent()
    known = {home.link.near.address, home.guest.address, speaking.address}
    assert sent.keys() & known, "the wire is read"
    return [
        Figure(
            f"sent to others in {mode}",
            sum(count for target, count in sent.items() if target not in known),
            limit=0,
            stretch=0,
        ),
        Figure(
            f"sent to its own machine in {mode}", to_itself.total(), limit=0, stretch=0
        ),
        Figure(f"asked, and heard nothing, in {mode}", not heard, limit=0),
    ]


async def _aim_all(home: Lan, session: aiohttp.ClientSession, stream_id: str) -> bool:
    """Aim as a sender and as a receiver; return whether who asks by itself is heard."""
    url = home.relay.websocket_url
    async with (
        joined(session, url) as sender,
        joined(session, url) as silent,
        joined(session, url) as receiver,
    ):
        await _offer(sender, Aiming(place=home.guest))
        await _answer(silent, Silent(place=home.guest), stream_id)
        honest = Aiming(place=home.guest)
        await _answer(receiver, honest, stream_id)
        await asyncio.sleep(LONG_ENOUGH_S)
        return honest.packets > HEARD_PACKETS


class Aiming(LightClient):
    """Describes itself as others, as often as one may; its own checks come from itself."""

    def _describe(self, direction: str, setup: str, codec: str) -> str:
        lines = [
            line.replace("IN IP4 0.0.0.0", f"IN IP4 {THIRD}")
            for line in super()._describe(direction, setup, codec).splitlines()
            if not line.startswith("a=candidate:")
        ]
        lines[lines.index("a=rtcp-mux")] += f"\r\na=rtcp:5353 IN IP4 {THIRD}"
        lines += [
            f"a=candidate:{n} 1 udp {2130706431 - n} {NAMED[n % len(NAMED)]} 5353 typ host"
            for n in range(MAX_CANDIDATES)
        ]
        return "\r\n".join(lines) + "\r\n"


class Silent(Aiming):
    """Never checks the server, which so knows nothing but what was said."""

    async def _connect(self) -> None:
        """Do nothing."""


async def _offer(client: WireClient, peer: LightClient) -> None:
    client.peer = peer
    await client.say("start_sending", name="Aimed")
    await client.hear("sender_ready")
    await client.say("webrtc_offer", offer=description("offer", peer.offer()))
    peer.take_answer((await client.hear("webrtc_answer"))["answer"]["sdp"])


async def _answer(client: WireClient, peer: LightClient, stream_id: str) -> None:
    client.peer = peer
    await client.say("start_receiving", stream_id=stream_id)
    offer = await client.hear("webrtc_offer")
    answer = peer.answer(offer["offer"]["sdp"])
    await client.say("webrtc_answer", answer=description("answer", answer))
