"""Senders and receivers, from the first description to the end."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from bench.light_client import LightClient
from relay.audio.codec import OpusDecoder
from relay.audio.telephone import TelephoneCodec
from relay.errors import BadSessionDescription, NameTaken, NoOpus
from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.peer import PeerState, PeerTimes
from tests.audio.test_telephone import payloads
from tests.webrtc.studio import Ear, Mouth, Studio, settle, until

CLOSED = PeerState.CLOSED


async def test_what_is_said_is_heard(studio: Studio) -> None:
    """A packet's payload arrives as it was sent, at every receiver."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ears = [await studio.ear(mouth.stream) for _ in range(3)]
    await mouth.say(20)
    for ear in ears:
        assert [p.payload for p in ear.packets()][-20:] == mouth.said[-20:]


async def test_a_hole_stays_a_hole(studio: Studio) -> None:
    """Lost packets are not hidden: the receiver's own concealment knows best."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    await mouth.say(10, lost=(3, 4))
    numbers = [p.sequence for p in ear.packets()][-8:]
    assert [n - numbers[0] for n in numbers] == [0, 1, 2, 5, 6, 7, 8, 9]


async def test_nothing_is_published_before_the_first_packet(studio: Studio) -> None:
    """A stream that is announced can be heard."""
    mouth = await studio.mouth()
    await settle()
    assert studio.relay.streams == []
    assert mouth.states == []
    await mouth.say(1)
    assert studio.relay.streams == [mouth.stream]
    assert mouth.states == [(PeerState.CONNECTED, "")]


async def test_a_sender_that_changes_its_ssrc_is_heard_on(studio: Studio) -> None:
    """The receiver's numbers go on by one when a browser restarts its track."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    await mouth.say(3)
    mouth.ssrc, mouth.sequence, mouth.timestamp = 5, 9, 9
    await mouth.say(3)
    packets = ear.packets()[-6:]
    assert [p.payload for p in packets] == mouth.said[-6:]
    assert [p.sequence - packets[0].sequence for p in packets] == list(range(6))
    assert len({p.ssrc for p in packets}) == 1


async def test_foreign_media_is_counted_and_ignored(studio: Studio) -> None:
    """Other payload types, wrong keys and replays go no further."""
    mouth = await studio.mouth()
    await mouth.say(1)
    await mouth.client.send_rtp(bytes(RtpPacket(96, 1, 1, 77, False, b"video")))
    await mouth.client.send_rtp(bytes(RtpPacket(111, 2, 1, 77, False, b"")))
    mouth.client.send_raw(bytes(RtpPacket(111, 3, 1, 77, False, b"not protected")))
    mouth.client.send_raw(b"\x80" + bytes(1900))
    mouth.client.send_raw(b"\x80" + bytes(5))
    await settle()
    counters = studio.endpoint.counters
    assert mouth.stream.frames_pushed == 1
    assert counters["media_unwanted"] == 2
    assert counters["media_unauthenticated"] + counters["media_malformed"] == 3


async def test_rtcp_is_not_media(studio: Studio) -> None:
    """Reports are told apart from sound (RFC 5761) on both sides."""
    mouth = await studio.mouth()
    await mouth.say(1)
    report = bytes.fromhex("80c90001") + (77).to_bytes(4, "big")
    await mouth.client.send_rtp(report)
    ear = await studio.ear(mouth.stream)
    await ear.client.send_rtp(report)
    await until(lambda: studio.endpoint.counters["rtcp_received"] == 2)
    assert mouth.stream.frames_pushed == 1


async def test_a_receiver_that_says_goodbye_is_gone_at_once(studio: Studio) -> None:
    """DTLS close_notify ends the peer, and the stream counts one less."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    assert mouth.stream.receivers == 1
    await ear.client.close()
    await until(lambda: ear.states[-1] == (CLOSED, "closed_by_client"))
    assert mouth.stream.receivers == 0
    assert not mouth.stream.demanded


async def test_closing_tells_the_client(studio: Studio) -> None:
    """When we end a peer its client hears of it through DTLS."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    await ear.peer.close("stopped")
    await asyncio.wait_for(ear.client.lost.wait(), 5)
    assert ear.states[-1] == (CLOSED, "stopped")


async def test_close_is_idempotent_and_the_first_reason_counts(studio: Studio) -> None:
    """Whoever closes a peer again waits for the same end."""
    mouth = await studio.mouth()
    await asyncio.gather(mouth.peer.close("first"), mouth.peer.close("second"))
    await mouth.peer.close("third")
    assert mouth.states == [(CLOSED, "first")]
    assert [c.reason for c in studio.closed] == ["first"]


async def test_a_close_is_never_cancelled_half_way(studio: Studio) -> None:
    """Cancelling who waits for a close does not stop the close."""
    mouth = await studio.mouth()
    waiting = asyncio.create_task(mouth.peer.close("stopped"))
    await asyncio.sleep(0)
    waiting.cancel()
    await until(lambda: mouth.states == [(CLOSED, "stopped")])
    assert not studio.endpoint.peers


async def test_a_receiver_moves_without_a_new_negotiation(studio: Studio) -> None:
    """The same peer hears another stream, its numbers going on."""
    one, two = await studio.mouth(), await studio.mouth()
    two.ssrc = 88
    await one.say(1)
    await two.say(1)
    ear = await studio.ear(one.stream)
    await one.say(2)
    ear.peer.move_to(two.stream)
    await one.say(2)
    await two.say(2)
    packets = ear.packets()
    assert [p.payload for p in packets][-2:] == two.said[-2:]
    assert one.said[-1] not in [p.payload for p in packets]
    numbers = [p.sequence for p in packets]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert (one.stream.receivers, two.stream.receivers) == (0, 1)


async def test_a_stream_that_ended_meanwhile_closes_its_newcomer(
    studio: Studio,
) -> None:
    """Between the offer and the keys the stream may end; the receiver is told why."""
    mouth = await studio.mouth()
    await mouth.say(1)
    client = studio.client()
    states: list[tuple[PeerState, str]] = []
    peer = studio.endpoint.receiver_peer(mouth.stream, lambda *s: states.append(s))
    answer = client.answer(peer.offer())
    studio.relay.end(mouth.stream, "stopped")
    await peer.accept(answer)
    await until(lambda: states == [(CLOSED, "stream_ended")])


async def test_a_name_that_was_taken_meanwhile_closes_the_sender(
    studio: Studio,
) -> None:
    """Publishing may be refused at the first packet; the reason is the error's code."""

    def refuse() -> Stream[RtpPacket]:
        raise NameTaken("somebody was faster")

    client, states = studio.client(), list[tuple[PeerState, str]]()
    peer = studio.endpoint.sender_peer(refuse, lambda *s: states.append(s))
    client.take_answer(await peer.answer(client.offer()))
    await asyncio.wait_for(client.connected.wait(), 5)
    await Mouth(client, peer, states).say(1)
    await until(lambda: states == [(CLOSED, "name_taken")])


async def test_a_bad_description_is_an_error_and_not_the_end_of_the_world(
    studio: Studio,
) -> None:
    """The peer can be closed as any other after a description that is of no use."""
    peer = studio.endpoint.sender_peer(studio.relay.publish, lambda *_: None)
    with pytest.raises(BadSessionDescription):
        await peer.answer("hello")
    with pytest.raises(NoOpus):
        await peer.answer(studio.client().offer("speex/16000"))
    await peer.close("bad_sdp")


@pytest.fixture
def quick_times() -> PeerTimes:
    return PeerTimes(negotiation_s=0.2, consent_s=0.3, close_s=1.0)


async def test_a_client_that_never_comes_is_given_up(quick_times: PeerTimes) -> None:
    """Without ICE, without DTLS or without media the deadline ends the negotiation."""
    events = EventBus()
    relay = MediaRelay[RtpPacket](events)
    ends: dict[str, tuple[PeerState, str]] = {}
    async with WebRtcEndpoint(
        events, port=0, addresses=["127.0.0.1"], times=quick_times
    ) as endpoint:
        absent = endpoint.sender_peer(relay.publish, lambda *s: ends.update(absent=s))
        await absent.answer(LightClient().offer())
        no_dtls = endpoint.sender_peer(relay.publish, lambda *s: ends.update(no_dtls=s))
        deaf = LightClient()
        await no_dtls.answer(deaf.offer())
        silent = LightClient()
        no_media = endpoint.sender_peer(
            relay.publish, lambda *s: ends.update(no_media=s)
        )
        silent.take_answer(await no_media.answer(silent.offer()))
        await asyncio.wait_for(silent.connected.wait(), 5)
        await until(lambda: len(ends) == 3)
        assert set(ends.values()) == {(CLOSED, "negotiation_timeout")}
        assert not endpoint.peers
        await silent.close()


async def test_a_client_that_vanishes_loses_its_consent(quick_times: PeerTimes) -> None:
    """A receiver without power is gone when its checks stop."""
    events = EventBus()
    async with WebRtcEndpoint(
        events, port=0, addresses=["127.0.0.1"], times=quick_times
    ) as endpoint:
        studio = Studio(events, endpoint)
        mouth = await studio.mouth()
        await mouth.say(1)
        ear = await studio.ear(mouth.stream)
        mouth.client.vanish()
        ear.client.vanish()
        await until(lambda: not endpoint.peers)
        assert {c.reason for c in studio.closed} == {"consent_expired"}
        await studio.clear()


@pytest.mark.parametrize("codec", list(TelephoneCodec))
async def test_a_telephone_is_heard_by_everybody(
    studio: Studio, codec: TelephoneCodec
) -> None:
    """A sender without Opus is encoded once; its receivers get Opus with its pitch."""
    client = studio.client()
    peer = studio.endpoint.sender_peer(studio.relay.publish, lambda *_: None)
    answer = await peer.answer(client.offer(f"{codec.value}/8000"))
    assert f"a=rtpmap:111 {codec.value}/8000" in answer
    client.take_answer(answer)
    await asyncio.wait_for(client.connected.wait(), 5)
    ear: Ear | None = None
    for n, payload in enumerate(payloads(codec, 1000, 1.0)):
        packet = RtpPacket(111, 65_530 + n & 0xFFFF, n * 160, 7, False, payload)
        await client.send_rtp(bytes(packet))
        if ear is None:
            await until(lambda: peer.stream is not None)
            assert peer.stream is not None
            ear = await studio.ear(peer.stream)
    assert ear is not None
    heard = ear
    await until(lambda: len(heard.packets()) >= 49)
    decoder = OpusDecoder()
    sound = np.concatenate([decoder.decode(p.payload) for p in heard.packets()])
    spectrum = np.abs(np.fft.rfft(sound[-24_000:]))
    assert abs(int(spectrum.argmax()) * 2 - 1000) <= 4
    steps = {
        b.timestamp - a.timestamp & 0xFFFFFFFF for a, b in pairwise(heard.packets())
    }
    assert steps == {960}
