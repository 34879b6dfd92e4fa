"""What a sender's and a receiver's peer connection have in common: negotiation and the end."""

import asyncio
import enum
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import pylibsrtp
from aiortc.rtcdtlstransport import RTCDtlsTransport

from relay.events import EventBus, PeerClosed, PeerConnected
from relay.rtp import rtcp
from relay.webrtc.certificate import SharedCertificate
from relay.webrtc.fanout import FanoutCounters
from relay.webrtc.ice_lite import IceLite
from relay.webrtc.outbound import new_ssrc
from relay.webrtc.session_description import (
    LocalTransport,
    RemoteDescription,
    SenderWishes,
    remote_dtls,
)
from relay.webrtc.srtp_sessions import SrtpSessions
from relay.webrtc.udp_mux import UdpMux

logger = logging.getLogger(__name__)

SECONDS = 1.0


class PeerState(enum.Enum):
    NEGOTIATING = "negotiating"
    """From the first description on, until media can flow."""

    CONNECTED = "connected"
    """Media flows, or would if anybody spoke."""

    CLOSED = "closed"
    """Over for good."""


Notify = Callable[[PeerState, str], None]
"""Called on the event loop with the new state and, for CLOSED, the reason."""


@dataclass(frozen=True, slots=True)
class PeerTimes:
    negotiation_s: float = 15 * SECONDS
    """From the first description to media; a browser needs a tenth of a second."""

    transport_s: float = 7.5 * SECONDS
    """From the client's description to the keys: who has no way to us learns it by then."""

    consent_s: float = 30 * SECONDS
    """RFC 7675: no authenticated check for this long, and the peer is gone."""

    close_s: float = 5 * SECONDS
    """A close that takes longer is forced and counted."""


@dataclass
class PeerCounters:
    """Sums over all peers the process ever had."""

    packets_received: int = 0
    bytes_received: int = 0
    media_unauthenticated: int = 0
    media_malformed: int = 0
    media_unwanted: int = 0
    """Valid packets of a payload type that was not negotiated."""
    packets_recovered: int = 0
    """Lost, and found in the redundancy of a later one."""
    packets_requested: int = 0
    """Asked for again, of senders that are gone; those present count their own."""
    rtcp_received: int = 0
    rtcp_malformed: int = 0
    closes_forced: int = 0


@dataclass
class Surroundings:
    """What every peer shares with all others; the endpoint owns it."""

    mux: UdpMux
    certificate: SharedCertificate
    events: EventBus
    times: PeerTimes = field(default_factory=PeerTimes)
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    wishes: SenderWishes = field(default_factory=SenderWishes)
    counters: PeerCounters = field(default_factory=PeerCounters)
    fanout_counters: FanoutCounters = field(default_factory=FanoutCounters)
    peers: set["Peer"] = field(default_factory=set)
    sessions: SrtpSessions = field(default_factory=SrtpSessions)
    ssrc: int = field(default_factory=new_ssrc)
    """Ours, to every receiver: each is an RTP session of its own (RFC 3550, section 3)."""


class Peer:
    """One peer connection. It ends by `close`, by its deadline, or by its client."""

    role: ClassVar[str]

    def __init__(self, surroundings: Surroundings, notify: Notify) -> None:
        self.state = PeerState.NEGOTIATING
        self._around = surroundings
        self._notify = notify
        self._opened_at = surroundings.clock()
        self._milestones = [("request", self._opened_at)]
        self._ice = IceLite(
            on_media=self._on_media,
            path_changed=self._path_changed,
            clock=surroundings.clock,
        )
        self._dtls = RTCDtlsTransport(self._ice, [surroundings.certificate])  # type: ignore[arg-type]
        self._dtls.on("statechange", self._dtls_changed)
        self._negotiation: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._heard_at = self._opened_at
        loop = asyncio.get_running_loop()
        self._deadlines = [
            loop.call_later(surroundings.times.negotiation_s, self._expire)
        ]
        surroundings.mux.register(self._ice)
        surroundings.peers.add(self)

    def _on_media(self, data: bytes) -> None:
        """Take one SRTP or SRTCP datagram. Must not raise."""
        raise AssertionError("a peer takes media in its own way")

    def _path_changed(self) -> None:
        """The client is reached at another address from now on."""

    def _secured(self) -> None:
        """DTLS is done: the keys are there."""
        raise AssertionError("a peer starts media in its own way")

    def report(self) -> None:
        """Send what this kind of peer reports. Called once a second; must not raise."""

    def _leave(self) -> None:
        """Let go of the stream, at once and without waiting."""
        raise AssertionError("a peer leaves its stream in its own way")

    @property
    def local_transport(self) -> LocalTransport:
        return LocalTransport(
            self._ice.local_ufrag,
            self._ice.local_pwd,
            self._around.certificate.fingerprint,
            self._around.mux.candidates,
        )

    @property
    def heard_at(self) -> float:
        """When the client was last heard: a check, a report or a packet that is its own."""
        return max(self._heard_at, self._ice.checked_at)

    def check_consent(self, now: float) -> None:
        """Close if the client has stopped to answer for itself."""
        if (
            self.state is PeerState.CONNECTED
            and now - self._ice.checked_at > self._around.times.consent_s
        ):
            self.start_closing("consent_expired")

    async def close(self, reason: str) -> None:
        """
        End the peer and wait until it has ended. Idempotent; the first reason counts.

        The closing goes on to its end even if the caller is cancelled.
        """
        await asyncio.shield(self.start_closing(reason))

    def start_closing(self, reason: str) -> asyncio.Task[None]:
        """Begin to end the peer; no packet goes in or out any more once this returns."""
        if self._closing is None:
            self._cancel_deadlines()
            self._ice.on_media = _discard
            self._leave()
            self._closing = asyncio.create_task(
                self._close(reason), name=f"close {self.role} peer"
            )
        return self._closing

    def _send_rtcp(self, data: bytes) -> None:
        if self._dtls._tx_srtp is not None and self._closing is None:
            self._ice.send(self._dtls._tx_srtp.protect_rtcp(data))

    def _read_rtcp(self, data: bytes) -> list[rtcp.RtcpPacket]:
        """Return what a compound packet says; nothing if it is not the client's."""
        counters = self._around.counters
        try:
            packets = rtcp.parse(self._dtls._rx_srtp.unprotect_rtcp(data))
        except pylibsrtp.Error:
            counters.media_unauthenticated += 1
        except ValueError:
            counters.rtcp_malformed += 1
        else:
            counters.rtcp_received += 1
            self._heard_at = self._around.clock()
            return packets
        return []

    def _reach(self, milestone: str) -> None:
        """Note how far the negotiation has come."""
        self._milestones.append((milestone, self._around.clock()))

    def _negotiate(self, remote: RemoteDescription) -> None:
        self._reach("answer")
        transport = asyncio.get_running_loop().call_later(
            self._around.times.transport_s, self._expire_unsecured
        )
        self._deadlines.append(transport)
        self._negotiation = asyncio.create_task(
            self._shake_hands(remote), name=f"negotiate {self.role} peer"
        )

    async def _shake_hands(self, remote: RemoteDescription) -> None:
        try:
            if remote.dtls.role == "server":
                self._dtls._set_role("client")
                await self._ice.heard.wait()
            else:
                self._dtls._set_role("server")
            await self._dtls.start(remote_dtls(remote))
            if self._dtls.state == "connected":
                self._reach("dtls")
                self._secured()
            else:
                self.start_closing("dtls_failed")
        except Exception:
            # The edge of this task: whatever a client's handshake provokes in the
            # libraries ends this one peer and nothing else.
            logger.exception("negotiation failed")
            self.start_closing("dtls_failed")

    def _connected(self) -> None:
        """Media flows: the deadline is met."""
        if self.state is PeerState.NEGOTIATING and self._closing is None:
            self._cancel_deadlines()
            self.state = PeerState.CONNECTED
            self._reach("first_packet")
            way, (_, now) = tuple(self._milestones), self._milestones[-1]
            self._around.events.publish(
                PeerConnected(self.role, now - self._opened_at, way)
            )
            self._notify(PeerState.CONNECTED, "")

    def _expire(self) -> None:
        self.start_closing("negotiation_timeout")

    def _expire_unsecured(self) -> None:
        if self._dtls.state != "connected":
            self._expire()

    def _cancel_deadlines(self) -> None:
        for deadline in self._deadlines:
            deadline.cancel()

    def _dtls_changed(self) -> None:
        if self._dtls.state == "closed":
            self.start_closing("closed_by_client")

    async def _close(self, reason: str) -> None:
        around = self._around
        try:
            async with asyncio.timeout(around.times.close_s):
                if self._negotiation is not None:
                    self._negotiation.cancel()
                    await asyncio.wait([self._negotiation])
                await self._dtls.stop()
        except TimeoutError:
            around.counters.closes_forced += 1
            logger.warning("%s peer had to be closed by force", self.role)
        except Exception:
            # The outer edge of this task: a close that fails on its way is a close.
            around.counters.closes_forced += 1
            logger.exception("%s peer failed to close and is cut off", self.role)
        finally:
            self._dtls.remove_all_listeners()
            around.mux.unregister(self._ice)
            self._ice.close()
            around.peers.discard(self)
            self.state = PeerState.CLOSED
            lifetime_s = around.clock() - self._opened_at
            around.events.publish(PeerClosed(self.role, reason, lifetime_s))
            self._notify(PeerState.CLOSED, reason)


def _discard(data: bytes) -> None:
    """What a peer that closes does with media."""
