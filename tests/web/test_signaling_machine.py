"""
Any clients, any messages in any order, sockets and media that break at any moment:
when all of them are gone, nothing is left.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from relay.signaling.state import IDLE
from relay.web import dialogue
from tests.web.fakes import FakeReceiverPeer, FakeSenderPeer
from tests.web.house import Client, House, description

Result = TypeVar("Result")

PLACES = st.integers(min_value=0, max_value=3)
"""There are four clients at most, and many rules are about one of them."""

NAMES = st.sampled_from(["Kitchen", "Hall", None])
DEVICES = st.sampled_from(["phone", "tablet", None])
ADDRESSES = st.sampled_from(["", "Kitchen", "hall", "stream_of_yesterday"])
SDP = st.sampled_from(["offer", "answer", "v=0", "nonsense"])
PEER_REASONS = st.sampled_from(
    ["negotiation_timeout", "closed_by_client", "consent_expired", "dtls_failed"]
)


class Signaling(RuleBasedStateMachine):
    """Clients over real sockets against the real server; only the media is made up."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.left: set[object] = set()
        """Streams of senders that nothing was heard of any more."""
        self.clients: dict[int, Client] = {}
        self.hold_s = dialogue.HOLD_S
        dialogue.HOLD_S = 0.002

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(work)

    def do(self, act: Callable[[], object]) -> None:
        """Let something happen on the event loop, and give it a turn to take effect."""

        async def work() -> None:
            act()
            await asyncio.sleep(0)

        self.run(work())

    @initialize()
    def open_house(self) -> None:
        self.house = House()
        self.run(self.house.__aenter__())
        self.tasks_at_first = asyncio.all_tasks(self.loop)

    # --- clients come and go ------------------------------------------------------------

    @rule(place=PLACES, path=st.sampled_from(["/ws", "/"]))
    def come(self, place: int, path: str) -> None:
        self.connect(place, path)

    def connect(self, place: int, path: str) -> None:
        if place not in self.clients:
            self.clients[place] = self.run(self.house.client(path))

    @rule(place=PLACES)
    def leave(self, place: int) -> None:
        if client := self.clients.pop(place, None):
            self.run(client.leave())

    @rule(place=PLACES)
    def drop(self, place: int) -> None:
        if client := self.clients.pop(place, None):
            self.do(client.drop)

    @rule(place=PLACES, goodbye=st.booleans())
    def vanish_while_answered(self, place: int, goodbye: bool) -> None:
        """The client is gone before its offer was answered."""

        async def vanish(client: Client) -> None:
            gate = self.house.endpoint.may_negotiate
            gate.clear()
            with suppress(ConnectionError):  # its place may be another's by now
                await client.say("start_sending")
                await client.say("webrtc_offer", offer=description("offer"))
            await asyncio.sleep(0.002)
            if not goodbye:
                client.drop()
            leaving = asyncio.ensure_future(client.leave())
            await asyncio.sleep(0.002)
            gate.set()
            await leaving

        if client := self.clients.pop(place, None):
            self.run(vanish(client))

    # --- what they say ------------------------------------------------------------------

    def say(self, place: int, type_: str, **fields: object) -> None:
        """Say something, connected first if need be, and let the server answer."""

        async def say(client: Client) -> None:
            try:
                await client.say(type_, **fields)
                await client.heard()
            except (ConnectionError, TypeError):
                del self.clients[place]  # closed for its many faults

        self.connect(place, "/ws")
        self.run(say(self.clients[place]))

    @rule(place=PLACES, name=NAMES, device=DEVICES)
    def start_sending(self, place: int, name: str | None, device: str | None) -> None:
        self.say(place, "start_sending", name=name, device_id=device)

    @rule(place=PLACES, address=ADDRESSES)
    def start_receiving(self, place: int, address: str) -> None:
        self.say(place, "start_receiving", name=address)

    @rule(place=PLACES, number=st.integers(0, 3))
    def start_receiving_by_id(self, place: int, number: int) -> None:
        streams = self.house.relay.streams
        if streams:
            stream = streams[number % len(streams)]
            self.say(place, "start_receiving", stream_id=stream.id)

    @rule(place=PLACES, kind=st.sampled_from(["offer", "answer"]), sdp=SDP)
    def describe(self, place: int, kind: str, sdp: str) -> None:
        fields = description(kind) if sdp == kind else description(kind, sdp)
        self.say(place, f"webrtc_{kind}", **{kind: fields})

    @rule(place=PLACES)
    def send(self, place: int) -> None:
        """Go all the way to the first packet."""
        self.say(place, "start_sending")
        self.say(place, "webrtc_offer", offer=description("offer"))
        self.speak(0)

    @rule(place=PLACES, device=DEVICES)
    def send_anew(self, place: int, device: str | None) -> None:
        """Negotiate again under a name, as a phone in another network does."""
        self.say(place, "start_sending", name="Kitchen", device_id=device)
        self.say(place, "webrtc_offer", offer=description("offer"))
        self.speak(0)

    @rule(place=PLACES, number=st.integers(0, 3))
    def resume(self, place: int, number: int) -> None:
        """Go on where any connection is, lost or not."""
        tokens = sorted(self.house.media.sessions._owners)
        if tokens:
            self.say(place, "resume", token=tokens[number % len(tokens)])

    @rule(place=PLACES, keep=st.booleans())
    def receive(self, place: int, keep: bool) -> None:
        """Go all the way to hearing the newest stream."""
        streams = self.house.relay.streams
        if streams:
            self.say(place, "start_receiving", stream_id=streams[-1].id, keep=keep)
            self.say(place, "webrtc_answer", answer=description("answer"))

    @rule(place=PLACES, address=ADDRESSES)
    def move(self, place: int, address: str) -> None:
        """Go over to another stream, wherever one is, if it is there."""
        self.say(place, "move_to", name=address)

    @rule(place=PLACES, number=st.integers(0, 3), keep=st.booleans())
    def receive_and_move(self, place: int, number: int, keep: bool) -> None:
        """Hear the newest stream, and then another one, or the same."""
        self.receive(place, keep)
        streams = self.house.relay.streams
        if streams:
            stream = streams[number % len(streams)]
            self.say(place, "move_to", stream_id=stream.id)

    @rule(places=st.permutations(range(4)), vain=st.booleans())
    def outlive_a_stream(self, places: list[int], vain: bool) -> None:
        """The stream ends, its receiver stays, and perhaps there is another one for it."""
        sender, receiver, other, _ = places
        self.send(sender)
        self.receive(receiver, keep=True)
        self.stop(sender)
        if not vain:
            self.send(other)
            self.say(receiver, "move_to")

    @rule(place=PLACES)
    def stop(self, place: int) -> None:
        self.say(place, "stop_stream")

    @rule(place=PLACES, address=ADDRESSES)
    def watch(self, place: int, address: str) -> None:
        self.say(place, "subscribe_visualization", stream_id=address)

    @rule(place=PLACES, address=ADDRESSES)
    def unwatch(self, place: int, address: str) -> None:
        self.say(place, "unsubscribe_visualization", stream_id=address)

    @rule(place=PLACES)
    def ask_for_details(self, place: int) -> None:
        self.say(place, "get_available_streams", details=True)

    # --- what media does ----------------------------------------------------------------

    @rule(number=st.integers(0, 3))
    def speak(self, number: int) -> None:
        senders = [p for p in self.house.endpoint.made if isinstance(p, FakeSenderPeer)]
        if senders:
            self.do(senders[-1 - number % len(senders)].speak)

    @rule(number=st.integers(0, 3), reason=PEER_REASONS)
    def break_media(self, number: int, reason: str) -> None:
        peers = [p for p in self.house.endpoint.made if p in self.house.endpoint.peers]
        if peers:
            peer = peers[number % len(peers)]
            if reason == "consent_expired" and isinstance(peer, FakeSenderPeer):
                self.left.add(peer.stream)
            self.do(lambda: peer.fail(reason))

    @rule(number=st.integers(0, 3))
    def end_stream(self, number: int) -> None:
        streams = self.house.relay.streams
        if streams:
            stream = streams[number % len(streams)]
            self.do(lambda: self.house.relay.end(stream, "no_media"))

    @rule(number=st.integers(0, 3))
    def lose_patience(self, number: int) -> None:
        """A receiver has waited for its next stream long enough."""
        dialogues = [c._dialogue for c in self.house.lobby.connections]
        waiting = [d for d in dialogues if d._parked is not None]
        if waiting:
            self.do(waiting[number % len(waiting)]._waited_in_vain)

    @rule()
    def hold_closes(self) -> None:
        """Peers that are told to close take their time from now on."""
        self.do(self.house.endpoint.may_close.clear)

    @rule()
    def let_close(self) -> None:
        self.do(self.house.endpoint.may_close.set)

    @precondition(lambda self: self.house.lobby.connections)
    @rule()
    def rounds(self) -> None:
        self.do(self.house.housekeeping.make_rounds)
        assert self.house.housekeeping.found == 0

    # --- what always holds --------------------------------------------------------------

    @invariant()
    def at_most_one_peer_each(self) -> None:
        """Every peer in use is one connection's, and idle connections have none."""
        if not hasattr(self, "house"):
            return
        connections = self.house.lobby.connections
        peers = [c.peer for c in connections if c.peer is not None]
        assert len(set(peers)) == len(peers)
        for connection in connections:
            assert connection._dialogue.state is not IDLE or connection.peer is None
        for peer in peers:
            assert isinstance(peer, FakeSenderPeer | FakeReceiverPeer)

    @invariant()
    def receivers_have_streams(self) -> None:
        """Who hears has a stream that is on air, or waits for one and not for ever."""
        if not hasattr(self, "house"):
            return
        for connection in self.house.lobby.connections:
            spoken = connection._dialogue
            assert (spoken._parked is not None) == spoken._slot.parked
            if isinstance(spoken.peer, FakeReceiverPeer) and not spoken._slot.parked:
                assert spoken._slot.stream in self.house.relay.streams
                assert spoken.peer.stream is spoken._slot.stream

    @invariant()
    def streams_have_senders(self) -> None:
        """
        No stream is on air without its peer, a negotiation to go on, or a near end.

        But for a device that is out of reach: its stream waits for it a while.
        """
        if not hasattr(self, "house"):
            return
        sent = {
            p.stream
            for p in self.house.endpoint.peers
            if isinstance(p, FakeSenderPeer) and p.stream is not None
        }
        kept = {c._dialogue._slot.sent for c in self.house.lobby.connections}
        relay = self.house.relay
        parting = {s for s in relay.streams if s.id in relay._partings}
        waiting = {s for s in relay.streams if s.device_id} & self.left
        assert sent | kept | parting | waiting >= set(relay.streams)

    def teardown(self) -> None:
        try:
            self.run(self._everybody_leaves())
        finally:
            dialogue.HOLD_S = self.hold_s
            self.run(self.loop.shutdown_asyncgens())
            self.loop.close()

    async def _everybody_leaves(self) -> None:
        if not hasattr(self, "house"):
            return
        house = self.house
        house.endpoint.may_close.set()
        for client in self.clients.values():
            await client.leave()
        await house.until(lambda: house.lobby.connected_clients == 0)
        for peer in list(house.endpoint.peers):
            peer.fail("consent_expired")
        await house.is_empty()
        for stream in house.relay.streams:
            assert stream.id in house.relay._partings or stream.device_id
            house.relay.end(stream, "renewed_by_nobody")
        assert house.relay._partings == {}
        assert house.visualization.watchers == []
        assert house.lobby._changes == {}
        assert house.lobby._told_at == {}
        await house.__aexit__()
        await house.until(lambda: asyncio.all_tasks() <= {asyncio.current_task()})


Signaling.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestSignaling = Signaling.TestCase
