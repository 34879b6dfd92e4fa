"""Checks are answered, and the client decides where it is reached."""

import asyncio
import socket

from tests.webrtc.stranger import Stranger, binding
from tests.webrtc.studio import Studio, settle, until


async def test_a_client_that_thinks_it_is_controlled_is_corrected(
    studio: Studio, stranger: Stranger
) -> None:
    """Role conflict (487) makes a full agent take the controlling role."""
    peer = studio.endpoint.sender_peer(studio.relay.publish, lambda *_: None)
    ufrag, pwd = peer.local_transport.ice_ufrag, peer.local_transport.ice_pwd
    reply = await stranger.ask(binding(f"{ufrag}:x", pwd, ICE_CONTROLLED=1))
    assert reply is not None
    assert reply.error_code == 487


async def test_the_client_chooses_the_path_and_is_followed_at_once(
    studio: Studio,
) -> None:
    """A phone that nominates another address hears there from the next packet on."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    local = ear.peer.local_transport
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.connect(("127.0.0.1", studio.endpoint.port))
        elsewhere.setblocking(False)
        plain = binding(f"{local.ice_ufrag}:x", local.ice_pwd)
        elsewhere.send(plain)
        await mouth.say(1)
        before = len(ear.datagrams)
        elsewhere.send(
            binding(f"{local.ice_ufrag}:x", local.ice_pwd, USE_CANDIDATE=None)
        )
        await settle()
        await mouth.say(3)
        kinds = []
        while True:
            try:
                kinds.append(elsewhere.recv(2048)[0] & 0xC0)
            except BlockingIOError:
                break
        assert kinds == [0, 0, 0x80, 0x80, 0x80]
        assert len(ear.datagrams) == before


async def test_a_peer_has_at_most_eight_addresses(studio: Studio) -> None:
    """Whoever has the password can still not fill the table."""
    mouth = await studio.mouth()
    local = mouth.peer.local_transport
    for _ in range(20):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", studio.endpoint.port))
            sock.send(binding(f"{local.ice_ufrag}:x", local.ice_pwd))
            await asyncio.sleep(0.001)
    table = studio.endpoint._around.mux.sockets[0].by_address
    await until(lambda: len(table) == 8)
    await mouth.say(1)
    assert mouth.stream.frames_pushed == 1
