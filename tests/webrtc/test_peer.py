"""Senders and receivers, from the first description to the end."""

import asyncio

import pytest

from bench.light_client import LightClient
from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.peer import PeerState, PeerTimes
from tests.webrtc.studio import Studio, until

CLOSED = PeerState.CLOSED


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


async def test_a_client_without_a_way_is_given_up_before_one_without_media() -> None:
    """No check, or no handshake: that is told soon. Media may take its time."""
    events = EventBus()
    relay = MediaRelay[RtpPacket](events)
    times = PeerTimes(negotiation_s=60, transport_s=0.2)
    async with WebRtcEndpoint(
        events, port=0, addresses=["127.0.0.1"], times=times
    ) as endpoint:
        studio = Studio(events, endpoint)
        quiet = await studio.mouth()
        absent = endpoint.sender_peer(relay.publish, lambda *s: None)
        await absent.answer(LightClient().offer())
        await until(lambda: absent.state is CLOSED)
        await asyncio.sleep(0.2)
        assert [c.reason for c in studio.closed] == ["negotiation_timeout"]
        await quiet.say(1)
        assert quiet.peer.state is PeerState.CONNECTED
        await studio.clear()


async def test_whatever_is_the_clients_own_is_a_sign_of_life(studio: Studio) -> None:
    """A packet and a report count as a check does; what cannot be decrypted does not."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    for peer, speak in [
        (mouth.peer, lambda: mouth.say(1)),
        (ear.peer, ear.client.send_report),
    ]:
        before = peer.heard_at
        peer._on_media(b"\x80\xc9" + bytes(40))
        assert peer.heard_at == before
        await speak()
        await until(lambda peer=peer, before=before: peer.heard_at > before)


async def test_a_close_that_fails_on_its_way_is_a_close(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged and counted, and nothing of the peer stays."""
    mouth = await studio.mouth()

    async def stumble() -> None:
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(mouth.peer._dtls, "stop", stumble)
    await mouth.peer.close("stopped")
    assert mouth.states == [(CLOSED, "stopped")]
    assert not studio.endpoint.peers
    assert studio.endpoint.counters["closes_forced"] == 1
    assert "nobody thought of this" in caplog.text


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
