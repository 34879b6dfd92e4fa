"""Both ways of sending put the same packets on the wire."""

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

import pylibsrtp
import pytest
import pytest_asyncio
from pylibsrtp import Policy, Session

from relay.rtp.packet import RtpPacket
from relay.webrtc import batch_slots
from relay.webrtc.batch_slots import BatchSlots
from relay.webrtc.fanout import FanoutCounters, Placed, Slots
from relay.webrtc.media_socket import MediaSocket
from relay.webrtc.outbound import Form, Outbound
from relay.webrtc.plain_slots import PlainSlots
from relay.webrtc.udp_mux import UdpMux

PROFILES = {
    "CM80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
    "GCM128": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    "GCM256": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
}
BACKENDS = ["sendto", "sendmmsg"]


class Listener:
    """A receiver as far as slots know one, with the other end of its key."""

    def __init__(self, via: MediaSocket, profile: str, family: int) -> None:
        number, key_length = PROFILES[profile]
        key = bytes(range(key_length))
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        self.sock.setblocking(False)
        self._session = Session(
            Policy(key, Policy.SSRC_ANY_INBOUND, srtp_profile=number)
        )
        outbound_session = Session(
            Policy(key, Policy.SSRC_ANY_OUTBOUND, srtp_profile=number)
        )
        self.outbound = Outbound.make(
            9, (111, 63), outbound_session, (via, self.sock.getsockname())
        )

    def heard(self) -> list[RtpPacket]:
        packets = []
        while True:
            try:
                data = self.sock.recv(2048)
            except BlockingIOError:
                return packets
            if data:
                packets.append(RtpPacket.parse(self._session.unprotect(data)))


@pytest_asyncio.fixture
async def mux() -> AsyncIterator[UdpMux]:
    mux = UdpMux()
    mux.open(["127.0.0.1", "::1"], 0)
    yield mux
    mux.close()


MakeListener = Callable[[MediaSocket, str, int], Listener]


@pytest.fixture
def listener_at() -> Iterator[MakeListener]:
    """Make listeners whose sockets are closed when the test is over."""
    with contextlib.ExitStack() as stack:

        def make(via: MediaSocket, profile: str, family: int) -> Listener:
            listener = Listener(via, profile, family)
            stack.enter_context(listener.sock)
            return listener

        yield make


def slots(backend: str, counters: FanoutCounters, form: Form = Form.PLAIN) -> Slots:
    if backend == "sendto":
        return PlainSlots(form, counters)
    return BatchSlots(form, counters, batch_slots.open_libc())


def placed(index: int, payload: bytes = b"sound", marker: bool = False) -> Placed:
    return Placed(index, index * 960, marker, payload)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
async def test_every_receiver_gets_its_own_packet(
    mux: UdpMux, listener_at: MakeListener, backend: str, profile: str, family: int
) -> None:
    """Twenty receivers hear the same payload under their own numbers."""
    counters = FanoutCounters()
    group = slots(backend, counters)
    via = mux.sockets[family == socket.AF_INET6]
    listeners = [listener_at(via, profile, family) for _ in range(20)]
    for n, listener in enumerate(listeners):
        group.add(listener.outbound, 2000 + n, 5 * n)
    group.send(placed(1, b"one", marker=True))
    group.send(placed(2, b"two!"))
    for n, listener in enumerate(listeners):
        one, two = listener.heard()
        assert (one.sequence, one.timestamp, one.marker) == (
            2001 + n,
            960 + 5 * n,
            True,
        )
        assert (two.sequence, two.timestamp, two.marker) == (
            2002 + n,
            1920 + 5 * n,
            False,
        )
        assert (one.payload, two.payload) == (b"one", b"two!")
        assert one.ssrc == 9
        assert one.payload_type == 111
    assert counters.packets_sent == 40
    assert counters.protect_failures == counters.packets_unsent == 0


@pytest.mark.parametrize("backend", BACKENDS)
async def test_receivers_come_and_go_in_place(
    mux: UdpMux, listener_at: MakeListener, backend: str
) -> None:
    """Whoever stays hears everything once, wherever its row has moved."""
    group = slots(backend, FanoutCounters())
    listeners = [
        listener_at(mux.sockets[0], "GCM128", socket.AF_INET) for _ in range(12)
    ]
    for listener in listeners:
        group.add(listener.outbound, 3000, 0)
    group.send(placed(1))
    for gone in (listeners[0], listeners[5], listeners[11]):
        group.remove(gone.outbound)
    group.send(placed(2))
    group.add(listeners[5].outbound, 4000, 0)
    group.send(placed(3))
    heard = [[p.sequence for p in listener.heard()] for listener in listeners]
    assert heard[0] == heard[11] == [3001]
    assert heard[5] == [3001, 4003]
    assert all(heard[n] == [3001, 3002, 3003] for n in (1, 2, 3, 4, 6, 7, 8, 9, 10))
    assert len(group) == 10


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_receiver_that_roams_is_found(
    mux: UdpMux, listener_at: MakeListener, backend: str
) -> None:
    """After a move packets go to the new address, even over another socket."""
    group = slots(backend, FanoutCounters())
    listener = listener_at(mux.sockets[0], "CM80", socket.AF_INET)
    elsewhere = listener_at(mux.sockets[1], "CM80", socket.AF_INET6)
    group.add(listener.outbound, 2000, 0)
    group.send(placed(1))
    listener.outbound.socket = mux.sockets[1]
    listener.outbound.address = elsewhere.sock.getsockname()
    group.move(listener.outbound)
    group.send(placed(2))
    assert [p.sequence for p in listener.heard()] == [2001]
    assert [p.sequence for p in elsewhere.heard()] == [2002]


@pytest.mark.parametrize("backend", BACKENDS)
async def test_numbers_wrap_as_the_wire_wraps(
    mux: UdpMux, listener_at: MakeListener, backend: str
) -> None:
    """Beyond 16 and 32 bits the numbers start again and SRTP still agrees."""
    group = slots(backend, FanoutCounters())
    listener = listener_at(mux.sockets[0], "GCM256", socket.AF_INET)
    group.add(listener.outbound, 65_530, 0xFFFFF000)
    for n in range(12):
        group.send(placed(n))
    heard = listener.heard()
    assert [p.sequence for p in heard] == [(65_530 + n) & 0xFFFF for n in range(12)]
    assert [p.timestamp for p in heard] == [
        (0xFFFFF000 + 960 * n) & 0xFFFFFFFF for n in range(12)
    ]


@pytest.mark.parametrize("backend", BACKENDS)
async def test_what_cannot_be_protected_is_never_sent(
    mux: UdpMux, listener_at: MakeListener, backend: str
) -> None:
    """A key that is used up is counted; the plain sound does not leave the house."""
    counters = FanoutCounters()
    group = slots(backend, counters)
    good = listener_at(mux.sockets[0], "GCM128", socket.AF_INET)
    bad = listener_at(mux.sockets[0], "GCM128", socket.AF_INET)
    # A session for another SSRC refuses to protect ours.
    bad.outbound.session = Session(
        Policy(bytes(28), Policy.SSRC_SPECIFIC, 5, PROFILES["GCM128"][0])
    )
    group.add(bad.outbound, 2000, 0)
    group.add(good.outbound, 2000, 0)
    group.send(placed(1, b"secret"))
    assert [p.payload for p in good.heard()] == [b"secret"]
    assert bad.heard() == []
    assert counters.protect_failures == 1


@pytest.mark.parametrize("backend", BACKENDS)
async def test_one_unreachable_receiver_costs_the_others_nothing(
    mux: UdpMux, listener_at: MakeListener, backend: str
) -> None:
    """An address that the network refuses is counted; everybody else hears."""
    counters = FanoutCounters()
    group = slots(backend, counters)
    lost = listener_at(mux.sockets[0], "CM80", socket.AF_INET)
    good = listener_at(mux.sockets[0], "CM80", socket.AF_INET)
    lost.outbound.address = ("255.255.255.255", 9)  # refused without SO_BROADCAST
    group.add(lost.outbound, 2000, 0)
    group.add(good.outbound, 2000, 0)
    group.send(placed(1))
    assert len(good.heard()) == 1
    assert counters.packets_unsent == 1
    assert counters.packets_sent == 1


async def test_a_packet_that_does_not_fit_is_counted(
    mux: UdpMux, listener_at: MakeListener
) -> None:
    """A payload beyond a datagram is dropped before it can do harm."""
    counters = FanoutCounters()
    group = slots("sendmmsg", counters)
    listener = listener_at(mux.sockets[0], "CM80", socket.AF_INET)
    group.add(listener.outbound, 2000, 0)
    group.send(placed(1, bytes(1401)))
    assert listener.heard() == []
    assert counters.oversize == 1


async def test_more_receivers_than_one_call_takes(
    mux: UdpMux, listener_at: MakeListener
) -> None:
    """Nobody is forgotten when the kernel takes no more messages at a time."""
    counters = FanoutCounters()
    group = slots("sendmmsg", counters)
    first = listener_at(mux.sockets[0], "CM80", socket.AF_INET)
    group.add(first.outbound, 2000, 0)
    for ssrc in range(10, 1110):
        extra = Outbound.make(
            ssrc,
            (111, None),
            first.outbound.session,
            (mux.sockets[0], first.sock.getsockname()),
        )
        group.add(extra, 2000, 0)
    group.send(placed(1))
    assert counters.packets_sent + counters.packets_unsent == 1101
    assert counters.protect_failures == 0


def test_this_machine_passes_the_self_test() -> None:
    """On Linux the fast way is chosen because it was tried, not because of a name."""
    assert batch_slots.self_test(batch_slots.open_libc())


def test_a_machine_without_sendmmsg_fails_the_self_test() -> None:
    """A C library that sends nothing is found out."""

    class Silent:
        def sendmmsg(self, *_: object) -> int:
            return -1

    assert not batch_slots.self_test(cast(Any, Silent()))


def test_libsrtp_refuses_what_we_rely_on_it_to_refuse() -> None:
    """The other end notices a changed packet; without this the tests above prove little."""
    key = bytes(28)
    out = Session(
        Policy(key, Policy.SSRC_ANY_OUTBOUND, srtp_profile=PROFILES["GCM128"][0])
    )
    back = Session(
        Policy(key, Policy.SSRC_ANY_INBOUND, srtp_profile=PROFILES["GCM128"][0])
    )
    data = out.protect(bytes(RtpPacket(111, 1, 1, 1, False, b"sound")))
    with pytest.raises(pylibsrtp.Error):
        back.unprotect(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize("backend", BACKENDS)
async def test_the_form_red_has_its_own_payload_type(
    mux: UdpMux, listener_at: MakeListener, backend: str
) -> None:
    """Receivers that get redundancy are told so by the payload type."""
    group = slots(backend, FanoutCounters(), Form.RED)
    listener = listener_at(mux.sockets[0], "GCM128", socket.AF_INET)
    listener.outbound.form = Form.RED
    group.add(listener.outbound, 2000, 0)
    group.send(Placed(1, 960, False, b"plain", b"redundant"))
    assert group.send_to(listener.outbound, Placed(2, 1920, True, b"p", b"r"))
    assert [(p.payload_type, p.payload) for p in listener.heard()] == [
        (63, b"redundant"),
        (63, b"r"),
    ]
