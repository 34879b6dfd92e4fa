"""The one peer that a connection may have."""

import asyncio

import pytest

from relay.consumers.decoder import DecoderPool
from relay.consumers.media_worker import MediaWorker
from relay.errors import NameTaken, PeerFailed, StreamEnded, UnexpectedMessage
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.background import Background
from relay.web.media import Media
from relay.web.peer_slot import Announcement, PeerSlot
from relay.web.socket_media import SocketMedia
from relay.webrtc.peer import PeerState
from tests.web.fakes import ANSWER, OFFER, FakeEndpoint, FakeVisualization


class Room:
    """A slot and what it lives in."""

    def __init__(self) -> None:
        events = EventBus()
        self.relay = MediaRelay[RtpPacket](events)
        self.endpoint = FakeEndpoint()
        self.background = Background()
        self.closed: list[str] = []
        self.slot = PeerSlot(
            Media(
                self.relay,
                self.endpoint,
                FakeVisualization(),
                SocketMedia(
                    DecoderPool(self.relay, MediaWorker(), events), MediaWorker()
                ),
            ),
            self.background,
            self.closed.append,
        )


@pytest.fixture
async def room() -> Room:
    return Room()


async def test_sender(room: Room) -> None:
    """A sender's stream is opened by its first packet, as it was announced."""
    room.slot.announce(Announcement(StreamName.parse("Hall"), "phone"), muted=True)
    assert await room.slot.answer(OFFER) == ANSWER
    assert room.slot.sends
    assert room.slot.stream is None
    stream = room.endpoint.sender.speak()
    assert stream is not None
    assert room.slot.stream is stream
    assert (stream.slug, stream.device_id, stream.muted) == ("hall", "phone", True)


async def test_receiver(room: Room) -> None:
    """A receiver hears the stream that it was let in for."""
    stream = room.relay.publish()
    assert room.slot.offer(stream) == OFFER
    assert not room.slot.sends
    assert room.slot.stream is stream
    await room.slot.accept(ANSWER)


async def test_accept_without_offer(room: Room) -> None:
    """There is nothing to accept before something was offered."""
    with pytest.raises(UnexpectedMessage):
        await room.slot.accept(ANSWER)
    await room.slot.answer(OFFER)
    with pytest.raises(UnexpectedMessage):
        await room.slot.accept(ANSWER)


async def test_offer_of_a_stream_that_ended(room: Room) -> None:
    """Nobody is let in for a stream that is over."""
    stream = room.relay.publish()
    room.relay.end(stream, "stopped")
    with pytest.raises(StreamEnded):
        room.slot.offer(stream)
    assert room.endpoint.made == []


async def test_announcement_of_a_name_that_is_taken(room: Room) -> None:
    """A name of another device cannot be announced."""
    name = StreamName.parse("Hall")
    room.relay.publish(name, device_id="tablet")
    with pytest.raises(NameTaken):
        room.slot.announce(Announcement(name, "phone"), muted=False)


async def test_vacate_ends_what_was_sent(room: Room) -> None:
    """A sender that is moved out takes its stream along at once, and closes by and by."""
    room.endpoint.may_close.clear()
    await room.slot.answer(OFFER)
    room.endpoint.sender.speak()
    room.slot.vacate("stopped")
    assert room.relay.streams == []
    assert room.slot.peer is None
    assert len(room.endpoint.peers) == 1
    room.endpoint.may_close.set()
    await room.background.finished()
    assert room.endpoint.peers == set()
    assert room.endpoint.sender.reason == "stopped"
    assert room.closed == []


async def test_vacate_leaves_what_was_heard(room: Room) -> None:
    """A receiver that is moved out leaves the stream on air."""
    stream = room.relay.publish()
    room.slot.offer(stream)
    room.slot.vacate("stopped")
    await room.background.finished()
    assert room.relay.streams == [stream]
    assert room.endpoint.peers == set()


async def test_peer_that_closes_by_itself(room: Room) -> None:
    """The slot is free again, the stream is over, and the owner is told why."""
    await room.slot.answer(OFFER)
    room.endpoint.sender.speak()
    room.endpoint.sender.fail("consent_expired")
    assert room.closed == ["consent_expired"]
    assert room.slot.peer is None
    assert room.relay.streams == []
    await room.background.finished()


async def test_stream_of_a_device_waits_for_it(room: Room) -> None:
    """It is over soon, or at once if the slot is told to end it."""
    room.slot.announce(Announcement(None, "phone"), muted=False)
    await room.slot.answer(OFFER)
    stream = room.endpoint.sender.speak()
    room.endpoint.sender.fail("closed_by_client")
    assert room.slot.sent is stream
    assert room.slot.peer is None
    assert room.relay.streams == [stream]
    assert room.slot.continues(Announcement(None, "phone"))
    assert not room.slot.continues(Announcement(None, "tablet"))
    room.slot.vacate("stopped")
    assert room.relay.streams == []
    assert room.slot.sent is None


async def test_failed_negotiation_ends_the_stream_that_waited_for_it(
    room: Room,
) -> None:
    """The next sender that was to go on with it never comes."""
    room.slot.announce(Announcement(None, "phone"), muted=False)
    await room.slot.answer(OFFER)
    room.endpoint.sender.speak()
    await room.slot.answer(OFFER)
    assert len(room.relay.streams) == 1
    room.endpoint.sender.fail("negotiation_timeout")
    assert room.relay.streams == []
    await room.background.finished()


async def test_a_device_out_of_reach_finds_its_stream_again(room: Room) -> None:
    """Its peer is closed, but its stream waits, and goes on with the next peer."""
    for turn in range(2):
        room.slot.announce(Announcement(StreamName.parse("Hall"), "phone"), muted=False)
        await room.slot.answer(OFFER)
        stream = room.endpoint.sender.speak()
        assert room.relay.streams == [stream]
        room.endpoint.sender.fail("consent_expired")
        assert room.closed == ["consent_expired"] * (turn + 1)
        assert room.slot.peer is None
        assert room.relay.streams == [stream]
    room.slot.vacate("stopped")
    assert room.relay.streams == [stream]
    await room.background.finished()


async def test_peer_that_closes_while_it_is_negotiated(room: Room) -> None:
    """Then the one who negotiates is told by an error, and nobody twice."""
    room.endpoint.may_negotiate.clear()
    room.background.run(_expect_failure(room), "answering")
    while not room.endpoint.made:  # noqa: ASYNC110 - the fake tells nobody
        await asyncio.sleep(0)
    room.endpoint.sender.fail("dtls_failed")
    room.endpoint.may_negotiate.set()
    await room.background.finished()
    assert room.closed == []
    assert room.slot.peer is None


async def _expect_failure(room: Room) -> None:
    with pytest.raises(PeerFailed):
        await room.slot.answer(OFFER)


async def test_mute(room: Room) -> None:
    """Muting reaches the stream that is sent, never one that is heard."""
    heard = room.relay.publish()
    room.slot.offer(heard)
    room.slot.set_muted(True)
    assert not heard.muted
    await room.slot.answer(OFFER)
    sent = room.endpoint.sender.speak()
    assert sent is not None
    assert sent.muted
    room.slot.set_muted(False)
    assert not sent.muted
    await room.background.finished()


async def test_late_packet(room: Room) -> None:
    """A peer that was moved out before its first packet opens no stream."""
    room.endpoint.may_close.clear()
    await room.slot.answer(OFFER)
    peer = room.endpoint.sender
    room.slot.vacate("stopped")
    assert peer.speak() is None
    assert peer.state is PeerState.CLOSED
    assert room.closed == []
    room.endpoint.may_close.set()
    await room.background.finished()
