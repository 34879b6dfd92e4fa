"""The media port: every datagram to its peer, and nonsense to the counters."""

import random
import socket
import struct

import pytest

from relay.errors import SettingsError
from relay.webrtc.udp_mux import UdpMux
from tests.webrtc.stranger import Stranger, binding
from tests.webrtc.studio import Studio, until


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
