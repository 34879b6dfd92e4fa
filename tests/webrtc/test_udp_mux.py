"""The media port: every datagram to its peer, and nonsense to the counters."""

import asyncio
import random
import socket
import struct

import pytest
from aioice import stun

from relay.errors import SettingsError
from relay.webrtc.udp_mux import UdpMux
from tests.webrtc.studio import Studio, settle, until


def test_a_taken_port_is_named() -> None:
    """The error says which port and which option."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"UDP port {port} .option media_port"):
            UdpMux().open(["127.0.0.1"], port)


async def test_all_addresses_share_one_port() -> None:
    """IPv4 and IPv6 are bound to the same port, and both are candidates."""
    mux = UdpMux()
    mux.open(["127.0.0.1", "::1"], 0)
    (v4, port), (v6, same_port) = mux.candidates
    assert (v4, v6) == ("127.0.0.1", "::1")
    assert port == same_port > 0
    assert mux.alive
    mux.close()
    mux.close()
    assert not mux.alive


async def test_addresses_are_followed_as_they_change() -> None:
    """A new address gets a socket on the same port; one that is gone loses its own."""
    mux = UdpMux()
    mux.open(["127.0.0.1"], 0)
    port = mux.sockets[0].port
    assert mux.follow(["127.0.0.1", "127.0.0.2"])
    assert mux.candidates == [("127.0.0.1", port), ("127.0.0.2", port)]
    assert not mux.follow(["127.0.0.2", "127.0.0.1"])
    assert mux.follow(["127.0.0.2"])
    assert mux.candidates == [("127.0.0.2", port)]
    mux.close()


def binding(user: str, password: str, **attributes: object) -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = user
    for name, value in attributes.items():
        request.attributes[name.replace("_", "-")] = value
    request.add_message_integrity(password.encode())
    return bytes(request)


class Stranger:
    """A socket that talks to the media port."""

    def __init__(self, studio: Studio) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect(("127.0.0.1", studio.endpoint.port))
        self.sock.setblocking(False)

    async def ask(self, data: bytes) -> stun.Message | None:
        self.sock.send(data)
        await settle()
        try:
            return stun.parse_message(self.sock.recv(2048))
        except BlockingIOError:
            return None


@pytest.fixture
def stranger(studio: Studio) -> object:
    stranger = Stranger(studio)
    with stranger.sock:
        yield stranger


async def test_only_an_authenticated_check_is_answered(
    studio: Studio, stranger: Stranger
) -> None:
    """Unknown users and wrong passwords get nothing, not even a refusal."""
    peer = studio.endpoint.sender_peer(studio.relay.publish, lambda *_: None)
    ufrag, pwd = peer.local_transport.ice_ufrag, peer.local_transport.ice_pwd
    assert await stranger.ask(binding("nobody:x", pwd)) is None
    assert await stranger.ask(binding(f"{ufrag}:x", "wrong")) is None
    reply = await stranger.ask(binding(f"{ufrag}:x", pwd))
    assert reply is not None
    assert reply.attributes["XOR-MAPPED-ADDRESS"] == stranger.sock.getsockname()
    assert reply.check_message_integrity(pwd.encode())
    counters = studio.endpoint.counters
    assert counters["stun_unknown_user"] == counters["stun_unauthenticated"] == 1


async def test_a_client_that_thinks_it_is_controlled_is_corrected(
    studio: Studio, stranger: Stranger
) -> None:
    """Role conflict (487) makes a full agent take the controlling role."""
    peer = studio.endpoint.sender_peer(studio.relay.publish, lambda *_: None)
    ufrag, pwd = peer.local_transport.ice_ufrag, peer.local_transport.ice_pwd
    reply = await stranger.ask(binding(f"{ufrag}:x", pwd, ICE_CONTROLLED=1))
    assert reply is not None
    assert reply.error_code == 487


async def test_nonsense_is_counted_and_disturbs_nobody(
    studio: Studio, stranger: Stranger, caplog: pytest.LogCaptureFixture
) -> None:
    """Thousands of malformed datagrams: no exception, no log line, the sound goes on."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    chance = random.Random(1)
    good = binding("a:b", "c")
    caplog.clear()
    for _ in range(20):
        for _ in range(50):
            kind = chance.choice([0, 1, 25, 63, 70, 128, 144, 191, 200, 255])
            junk = bytes([kind]) + chance.randbytes(chance.randrange(100))
            stranger.sock.send(junk)
            at = chance.randrange(len(good))
            stranger.sock.send(good[:at] + chance.randbytes(1) + good[at + 1 :])
        stranger.sock.send(
            struct.pack("!HHI12sHH", 1, 4, 0x2112A442, bytes(12), 0x24, 0)
        )
        stranger.sock.send(b"")
        await mouth.say(1)
    await until(lambda: len(ear.packets()) >= 20)
    assert caplog.records == []
    counters = studio.endpoint.counters
    assert counters["stun_malformed"] > 20
    assert counters["unknown_address"] > 20


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
