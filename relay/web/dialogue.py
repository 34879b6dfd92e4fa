"""
What one client says, and what becomes of it.

Rule 1: whether a message may come now is the business of `relay.signaling.state` alone.
Rule 2: a message does all that it means, or is refused with an error.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from relay.errors import RelayError, SessionGone
from relay.hub.identity import StreamName
from relay.signaling import client_messages as client
from relay.signaling import server_messages as server
from relay.signaling.messages import encode
from relay.signaling.state import (
    AWAITING_ANSWER,
    AWAITING_OFFER,
    IDLE,
    RECEIVING,
    SENDING,
    SignalingState,
    advance,
)
from relay.web.background import Background
from relay.web.frame_gate import FrameGate
from relay.web.guest import Guest
from relay.web.media import Media, PacketStream, Peer
from relay.web.outbox import Outbox
from relay.web.own_audience import OwnAudience
from relay.web.peer_errors import error_for
from relay.web.peer_slot import Announcement, PeerSlot
from relay.web.roll import Roll
from relay.web.sound_line import SoundLine
from relay.web.stream_list import StreamList
from relay.web.tally import MOVED, PARKED, PARKED_IN_VAIN, Tally
from relay.web.trust import Need, Role
from relay.web.visualization import StartWatching, StopWatching, Watching

logger = logging.getLogger(__name__)

SECONDS = 1.0

# Existing dashboard cards follow a request without an id with one that has an id, some
# 8 ms later; two offers for one of their peer connections would break it.
HOLD_S = 0.15 * SECONDS

# A sender that starts anew is back long before, and its receivers hear its first packet.
PARK_S = 60 * SECONDS


class Dialogue:
    """A client's place in the protocol, its peer, and the sound it watches."""

    def __init__(
        self,
        connection_id: str,
        guest: Guest,
        roll: Roll,
        media: Media,
        stream_list: StreamList,
        outbox: Outbox,
        background: Background,
        tally: Tally,
        line: SoundLine,
        *,
        refuse: Callable[[RelayError, str | None], None],
        media_ended: Callable[[], None],
        resumed: Callable[[], None],
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """
        ``refuse`` tells the client of an error that answers no message at hand;
        ``media_ended`` is called when the peer or its stream ended by itself, and
        ``resumed`` when they went over to another connection of the same client.
        """
        self.state = IDLE
        self.wants_details = False
        """Whether the client asked for details, and so is told of changes."""
        self._connection_id = connection_id
        self._guest = guest
        self._media = media
        self._stream_list = stream_list
        self._outbox = outbox
        self._line = line
        self._refuse = refuse
        self._media_ended = media_ended
        self._resumed = resumed
        self._wall_clock = wall_clock
        self._watching = Watching(media, outbox)
        self._attendance = roll.join(
            guest, roll.limits.peers, self.send_away, by="webrtc"
        )
        self._audience = OwnAudience(guest, roll, media.relay, outbox)
        self._background = background
        self._slot = PeerSlot(media, background, self._peer_closed)
        self._tally = tally
        self._frames = FrameGate(media.sockets.counters)
        self._held: asyncio.TimerHandle | None = None
        self._parked: asyncio.TimerHandle | None = None

    @property
    def peer(self) -> Peer | None:
        return self._slot.peer

    @property
    def sends(self) -> bool:
        return self._slot.sends

    @property
    def media_flows(self) -> bool:
        """Whether there is a peer that was negotiated."""
        return self.peer is not None and self.state in (SENDING, RECEIVING)

    def greet(self) -> None:
        """Say what a client is told before anything else."""
        self._say(self._stream_list.message(detailed=False))

    async def take(self, message: client.ClientMessage) -> None:
        """Do what the client says. Raises a `RelayError`, which is the answer then."""
        self._guest.check(NEEDS.get(type(message), Need.NOTHING))
        after = advance(self.state, message)
        taken_over = await HANDLERS[type(message)](self, message)
        self._enter(taken_over or after)

    def take_frame(self, data: bytes) -> None:
        """Take sound, or the answer to it. Raises `BadFrame`, once for each start."""
        self._frames.pass_on(data, self._slot.socket_peer)

    def stream_ended(self, stream_id: str) -> None:
        """Let go of a stream that is over."""
        self._watching.leave(stream_id)
        if self._slot.stream is None or self._slot.stream.id != stream_id:
            return
        if self.state is RECEIVING and self._slot.park():
            self._tally.moves[PARKED] += 1
            self._await_next_stream()
            self._note()
        else:
            self._end_media("stream_ended")
            self._media_ended()

    def sweep(self) -> None:
        """Note what came about by itself, and tell of it. Call often."""
        self._note()
        self._attendance.check_role()
        if not self._guest.may(Role.LISTEN):
            self.stop_watching()
        if self.wants_details:
            self._audience.tell(self._slot.stream if self.sends else None)

    def send_away(self, error: RelayError) -> None:
        """End what the client hears or sends: its sender, or the house, does not want it."""
        self._end_media("sent_away")
        self._refuse(error, None)
        self._media_ended()

    def stop_watching(self) -> None:
        self._watching.close()

    def end(self, reason: str) -> None:
        """Let go of everything; peers close in the background. Idempotent."""
        self.stop_watching()
        self._media.sessions.revoke(self)
        sent = self._slot.sent
        renewed = sent is not None and self._is_renewed(sent)
        self._end_media(reason, keep_stream=renewed)
        if sent is not None and renewed:
            self._media.relay.let_go(sent, reason)

    def _is_renewed(self, sent: PacketStream) -> bool:
        """Whether the same device negotiates the stream anew, over another socket."""
        return any(d.will_continue(sent) for d in self._media.sessions.owners)

    def will_continue(self, stream: PacketStream) -> bool:
        """Whether a sender is negotiated here that would go on with a stream."""
        negotiating = self.state in (AWAITING_OFFER, SENDING)
        return negotiating and self._slot.will_continue(stream)

    def _say(self, message: server.ServerMessage) -> None:
        self._outbox.put(encode(message))

    def _enter(self, state: SignalingState) -> None:
        if state is not self.state:
            logger.debug("%s -> %s", self.state.value, state.value)
            self.state = state
        self._note()

    def _note(self) -> None:
        """Keep the roll: what is done here now, and with which stream."""
        stream = self._slot.stream
        self._attendance.by = "websocket" if self._slot.socket_peer else "webrtc"
        if self.state in (AWAITING_OFFER, SENDING):
            self._attendance.note(Role.SPEAK, stream if self.sends else None)
        elif self.state in (AWAITING_ANSWER, RECEIVING):
            heard = stream if self.state is RECEIVING else None
            self._attendance.note(Role.LISTEN, heard)
        else:
            self._attendance.note(None)

    async def _start_sending(self, message: client.StartSending) -> None:
        name = StreamName.parse(message.name) if message.name is not None else None
        announcement = Announcement(name, message.device_id)
        text, slug = (name.text, name.slug) if name else (None, None)
        self._attendance.ask(Role.SPEAK, slug or self._connection_id, slug)
        # A phone that changed its network negotiates anew; who hears it hears no end.
        self._end_media("replaced", keep_stream=self._slot.continues(announcement))
        self._slot.announce(announcement, message.muted, gated=message.gated)
        chosen: str | server.Omitted = server.OMITTED
        if isinstance(message, client.StartSendingFrames):
            self._slot.take_frames(message.format, self._line)
            chosen = message.format.value
        token = self._media.sessions.issue(self)
        self._say(server.SenderReady(self._connection_id, text, slug, token, chosen))

    async def _start_receiving(self, message: client.StartReceiving) -> None:
        self._end_media("replaced")
        if message.address or isinstance(message, client.StartReceivingFrames):
            self._offer_stream(message)
        else:
            self._attendance.find_place()
            loop = asyncio.get_running_loop()
            self._held = loop.call_later(HOLD_S, self._offer_newest, message)

    def _offer_stream(self, message: client.StartReceiving) -> None:
        stream = self._media.relay.find(message.address)
        self._attendance.ask_to_hear(stream)
        if isinstance(message, client.StartReceivingFrames):
            chosen = message.format
            self._slot.give_frames(stream, chosen, self._line, keep=message.keep)
            token = self._media.sessions.issue(self)
            self._say(server.ReceiverReady(stream.id, chosen.value, token))
        else:
            sdp = self._slot.offer(stream, keep=message.keep)
            offer = server.SessionDescription("offer", sdp)
            token = self._media.sessions.issue(self)
            self._say(server.ServerOffer(offer, stream.id, token))

    def _offer_newest(self, message: client.StartReceiving) -> None:
        """client.Answer a `start_receiving` that was held and that no other has followed."""
        self._held = None
        try:
            self._offer_stream(message)
        except RelayError as error:
            self._end_media("failed")
            self._refuse(error, client.StartReceiving.type)

    async def _offer(self, message: client.Offer) -> None:
        answer = server.SessionDescription(
            "answer", await self._slot.answer(message.sdp)
        )
        self._say(server.ServerAnswer(answer))

    async def _answer(self, message: client.Answer) -> None:
        await self._slot.accept(message.sdp)

    async def _move(self, message: client.MoveTo) -> None:
        """Hear another stream over the same peer; refused, the client hears what it heard."""
        stream = self._media.relay.find(message.address)
        self._attendance.ask_to_hear(stream)
        self._slot.hear(stream)
        self._stop_waiting()
        self._tally.moves[MOVED] += 1
        self._say(server.Moved(stream.id))

    def _await_next_stream(self) -> None:
        """Keep a receiver that has no stream for a while, and no longer."""
        loop = asyncio.get_running_loop()
        self._parked = loop.call_later(PARK_S, self._waited_in_vain)

    def _waited_in_vain(self) -> None:
        self._tally.moves[PARKED_IN_VAIN] += 1
        self._end_media("stream_ended")
        self._media_ended()

    async def _set_muted(self, message: client.SetMuted) -> None:
        self._slot.set_muted(message.muted, gated=message.gated)

    async def _set_lookback(self, message: client.SetLookback) -> None:
        self._media.set_lookback(self._slot.sent, message.enabled)

    async def _stop_stream(self, _: client.StopStream) -> None:
        self._end_media("stopped")

    async def _list_streams(self, message: client.GetAvailableStreams) -> None:
        self.wants_details |= message.details
        self._say(self._stream_list.message(detailed=self.wants_details))

    async def _watch(self, message: StartWatching) -> None:
        stream = self._media.relay.find(message.address)
        if stream is not self._slot.sent:
            self._attendance.ask_to_hear(stream)
        self._watching.start(message, stream)

    async def _unwatch(self, message: StopWatching) -> None:
        self._watching.stop(message)

    async def _ping(self, message: client.Ping) -> None:
        self._say(server.Pong(message.id, self._wall_clock()))

    async def _resume(self, message: client.Resume) -> SignalingState:
        """Go on where a lost connection of this client was. Raises `SessionGone`."""
        before = self._media.sessions.owner(message.token)
        if before is self or not before.media_flows:
            raise SessionGone("nothing is left to resume; start again")
        self._guest.check(Need.SPEAK if before.sends else Need.LISTEN)
        state: SignalingState = before.state
        self._slot = before.hand_over()
        self._slot.move_to(self._background, self._peer_closed, self._line)
        if self._slot.parked:
            self._await_next_stream()
        stream = self._slot.stream
        token = self._media.sessions.issue(self)
        self._say(server.Resumed(stream.id if stream else None, token))
        return state

    def hand_over(self) -> PeerSlot:
        """Give the media away to the connection that resumes it."""
        slot = self._slot
        self._stop_waiting()
        self._slot = PeerSlot(self._media, self._background, self._peer_closed)
        self._media.sessions.revoke(self)
        self._enter(IDLE)
        self._resumed()
        return slot

    async def _hush(self, message: client.Hush) -> None:
        self._audience.hush(message.address, message.who, self._slot.sent)

    async def _unhush(self, message: client.Unhush) -> None:
        self._audience.unhush(message.address, self._slot.sent)

    async def _ignore(self, _: client.ClientMessage) -> None:
        """Do nothing."""

    def _stop_waiting(self) -> None:
        """Wait neither for a second request nor for the next stream."""
        for timer in (self._held, self._parked):
            if timer is not None:
                timer.cancel()
        self._held = self._parked = None

    def _end_media(self, reason: str, *, keep_stream: bool = False) -> None:
        """End what the client sends or receives; it is idle then."""
        self._stop_waiting()
        self._note()
        self._slot.vacate(reason, keep_stream=keep_stream)
        self._enter(IDLE)

    def _peer_closed(self, reason: str) -> None:
        """The peer closed by itself: tell the client, unless that did it."""
        self._stop_waiting()
        self._enter(IDLE)
        if reason != "closed_by_client":
            self._refuse(error_for(reason), None)
        self._media_ended()


# What a client must be allowed to say it; levels tell who is at home.
NEEDS: dict[type[client.ClientMessage], Need] = {
    client.StartSending: Need.SPEAK,
    client.StartReceiving: Need.LISTEN,
    client.StartSendingFrames: Need.SPEAK,
    client.StartReceivingFrames: Need.LISTEN,
    client.MoveTo: Need.LISTEN,
    client.SubscribeVisualization: Need.LISTEN,
    client.StartFeatures: Need.LISTEN,
}

Handler = Callable[[Dialogue, Any], Awaitable[SignalingState | None]]

# What each message does.
HANDLERS: dict[type[client.ClientMessage], Handler] = {
    client.StartSending: Dialogue._start_sending,
    client.StartReceiving: Dialogue._start_receiving,
    client.StartSendingFrames: Dialogue._start_sending,
    client.StartReceivingFrames: Dialogue._start_receiving,
    client.MoveTo: Dialogue._move,
    client.Offer: Dialogue._offer,
    client.Answer: Dialogue._answer,
    client.SetMuted: Dialogue._set_muted,
    client.SetLookback: Dialogue._set_lookback,
    client.StopStream: Dialogue._stop_stream,
    client.GetAvailableStreams: Dialogue._list_streams,
    client.SubscribeVisualization: Dialogue._watch,
    client.UnsubscribeVisualization: Dialogue._unwatch,
    client.StartFeatures: Dialogue._watch,
    client.StopFeatures: Dialogue._unwatch,
    client.Ping: Dialogue._ping,
    client.Resume: Dialogue._resume,
    client.Hush: Dialogue._hush,
    client.Unhush: Dialogue._unhush,
    client.Ignored: Dialogue._ignore,
}
