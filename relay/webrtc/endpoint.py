"""The media side of this server: one UDP port, one certificate, all peers."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from relay.errors import StreamEnded
from relay.events import EventBus
from relay.hub.stream import Stream, StreamState
from relay.rtp.packet import RtpPacket
from relay.webrtc import batch_slots, certificate, contract
from relay.webrtc.fanout import Fanout, Slots
from relay.webrtc.host_addresses import lan_addresses
from relay.webrtc.line import Line
from relay.webrtc.outbound import Form, Outbound
from relay.webrtc.peer import Notify, PeerTimes, Surroundings
from relay.webrtc.plain_slots import PlainSlots
from relay.webrtc.receiver_peer import ReceiverPeer
from relay.webrtc.receiver_quality import ReceiverQuality
from relay.webrtc.sender_peer import SenderPeer
from relay.webrtc.session_description import SenderWishes
from relay.webrtc.udp_mux import UdpMux

logger = logging.getLogger(__name__)

WATCH_INTERVAL_S = 1.0
# A new address (another Wi-Fi, a renewed lease) is offered after this long.
ADDRESSES_EVERY = 10


class WebRtcEndpoint:
    """
    Owner of the media sockets and of every peer.

    An async context manager; leaving it closes the peers, then the sockets.
    """

    def __init__(
        self,
        events: EventBus,
        *,
        port: int,
        addresses: Sequence[str] = (),
        data_dir: Path | None = None,
        wishes: SenderWishes = SenderWishes(),
        times: PeerTimes = PeerTimes(),
    ) -> None:
        """``addresses`` empty: the LAN addresses of this machine, followed as they change."""
        self._wishes = wishes
        self._port = port
        self._addresses = addresses
        self._data_dir = data_dir
        self._events = events
        self._times = times
        self._fanouts: dict[str, Fanout] = {}
        self._libc: Any = None
        self._watch_task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "WebRtcEndpoint":
        contract.check()
        self._around = Surroundings(
            UdpMux(),
            certificate.load_or_make(self._data_dir),
            self._events,
            self._times,
            wishes=self._wishes,
        )
        self._libc = _tested_libc()
        self._around.mux.open(self._addresses or lan_addresses(), self._port)
        self._around.sessions.start()
        self._watch_task = asyncio.create_task(self._watch(), name="watch peers")
        logger.info(
            "media on UDP port %d of %s, sent by %s",
            self.port,
            ", ".join(ip for ip, _ in self.candidates),
            self.backend,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        # Whoever leaves may be cancelled; the closing goes on to its end.
        await asyncio.shield(asyncio.create_task(self._close(), name="close endpoint"))

    async def _close(self) -> None:
        ending = [peer.start_closing("shutdown") for peer in tuple(self.peers)]
        if self._watch_task is not None:
            self._watch_task.cancel()
            ending.append(self._watch_task)
        try:
            if ending:
                await asyncio.wait(ending)
        finally:
            self._around.mux.close()
            self._around.sessions.close()

    def sender_peer(
        self, publish: Callable[[], Stream[RtpPacket]], notify: Notify
    ) -> SenderPeer:
        """Return a peer that awaits an offer; ``publish`` is called by its first packet."""
        return SenderPeer(self._around, publish, notify)

    def receiver_peer(self, stream: Stream[RtpPacket], notify: Notify) -> ReceiverPeer:
        """Return a peer that offers ``stream``."""
        return ReceiverPeer(self._around, self, stream, notify)

    def join(self, stream: Stream[RtpPacket], outbound: Outbound) -> None:
        if stream.state is StreamState.ENDED:
            raise StreamEnded(f"stream {stream.id} has ended")
        fanout = self._fanouts.get(stream.id)
        if fanout is None:
            fanout = self._fanouts[stream.id] = Fanout(
                stream, self._new_slots, self._around.fanout_counters
            )
        fanout.add(outbound, self._around.clock())

    def leave(self, stream: Stream[RtpPacket], outbound: Outbound) -> None:
        fanout = self._fanouts.get(stream.id)
        if fanout is None:
            return
        fanout.remove(outbound)
        if not len(fanout):
            fanout.close()
            del self._fanouts[stream.id]

    def of(self, stream: Stream[RtpPacket]) -> Fanout | None:
        return self._fanouts.get(stream.id)

    @property
    def peers(self) -> set[Any]:
        return self._around.peers

    def qualities(self, stream_id: str) -> list[ReceiverQuality]:
        """Return how well each receiver of a stream hears it, by its own reports."""
        return [
            peer.quality
            for peer in self.peers
            if isinstance(peer, ReceiverPeer) and peer.stream.id == stream_id
        ]

    def qualities_by_stream(self) -> dict[str, list[ReceiverQuality]]:
        """Return the same for all streams that have receivers, in one go."""
        qualities: dict[str, list[ReceiverQuality]] = {}
        for peer in self.peers:
            if isinstance(peer, ReceiverPeer):
                qualities.setdefault(peer.stream.id, []).append(peer.quality)
        return qualities

    def sender_lines(self) -> dict[str, Line]:
        """Return how the packets of each stream arrive here; of those that browsers send."""
        return {
            peer.stream.id: line
            for peer in self.peers
            if isinstance(peer, SenderPeer)
            and peer.stream is not None
            and peer.feedback is not None
            and (line := peer.feedback.line) is not None
        }

    @property
    def port(self) -> int:
        return self._around.mux.sockets[0].port

    @property
    def candidates(self) -> list[tuple[str, int]]:
        return self._around.mux.candidates

    @property
    def backend(self) -> str:
        """How packets are sent: ``sendmmsg`` or ``sendto``."""
        return self._new_slots().name

    @property
    def alive(self) -> bool:
        """Whether the sockets are open and the watch over the peers runs."""
        return (
            self._around.mux.alive
            and self._watch_task is not None
            and not self._watch_task.done()
        )

    @property
    def counters(self) -> dict[str, int]:
        """All counters of the media side, by name."""
        return {
            **vars(self._around.mux.counters),
            **vars(self._around.counters),
            **vars(self._around.fanout_counters),
        }

    def _new_slots(self, form: Form = Form.PLAIN) -> Slots:
        if self._libc is None:
            return PlainSlots(form, self._around.fanout_counters)
        return batch_slots.BatchSlots(form, self._around.fanout_counters, self._libc)

    async def _watch(self) -> None:
        turns = 0
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            turns += 1
            now = self._around.clock()
            for peer in tuple(self.peers):
                peer.check_consent(now)
                peer.report()
            if not self._addresses and turns % ADDRESSES_EVERY == 0:
                self._follow_addresses()

    def _follow_addresses(self) -> None:
        try:
            if self._around.mux.follow(lan_addresses()):
                logger.info("media addresses: %s", self.candidates)
        except OSError as error:
            logger.warning("the network interfaces cannot be listed: %s", error)


def _tested_libc() -> Any:
    """Return the C library if sending in batches works on this machine, else None."""
    try:
        libc = batch_slots.open_libc()
        return libc if batch_slots.self_test(libc) else None
    except (OSError, AttributeError) as error:
        logger.info("packets are sent one by one: %s", error)
        return None
