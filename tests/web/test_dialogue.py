"""What a client says, and what becomes of it."""

import asyncio
from pathlib import Path

import pytest

from relay.analysis_settings import AnalysisMode
from relay.hub.stream import StreamState
from relay.web import dialogue
from relay.webrtc.peer import PeerState
from tests.consumers.found import frame_features
from tests.web.fakes import ANSWER
from tests.web.gate_house import gate_house
from tests.web.house import Client, House, description

# --- sending ----------------------------------------------------------------------------


async def test_greeting_lists_streams(house: House) -> None:
    """The first message on every connection lists the live streams, newest last."""
    older, newer = house.relay.publish(), house.relay.publish()
    client = await house.socket()
    assert await client.hear() == {
        "type": "available_streams",
        "streams": [older.id, newer.id],
    }


async def test_sending(house: House) -> None:
    """A sender is answered at once; everybody is told of its stream at the first packet."""
    listener, sender = await house.client(), await house.client()
    ready = await sender.ask("start_sending", name="Nursery phone")
    assert ready["type"] == "sender_ready"
    assert ready["name"] == "Nursery phone"
    assert ready["slug"] == "nursery-phone"
    assert ready["connection_id"]
    answer = await sender.ask("webrtc_offer", offer=description("offer"))
    assert ready["resume_token"]
    assert answer == {"type": "webrtc_answer", "answer": description("answer", ANSWER)}
    assert await listener.heard() == []

    stream = house.endpoint.sender.speak()
    assert stream is not None
    available = {
        "type": "stream_available",
        "stream_id": stream.id,
        "name": "Nursery phone",
        "slug": "nursery-phone",
    }
    assert await listener.hear() == available
    assert await sender.hear() == available


async def test_sending_without_a_name(house: House) -> None:
    """The messages of existing cards carry no name, and the stream has none then."""
    sender = await house.client()
    ready = await sender.ask("start_sending")
    assert ready["name"] is None
    assert ready["slug"] is None


async def test_bad_name(house: House) -> None:
    """A name that breaks the rules is refused, and what the client did before goes on."""
    sender, stream = await house.sender("Kitchen")
    refusal = await sender.ask("start_sending", name="latest")
    assert (refusal["code"], refusal["request"]) == ("bad_name", "start_sending")
    assert stream.state is StreamState.LIVE
    assert await sender.heard() == []


async def test_name_taken(house: House) -> None:
    """A name under which another device is live is refused."""
    await house.sender("Kitchen", device_id="phone")
    other = await house.client()
    refusal = await other.ask("start_sending", name="Kitchen", device_id="tablet")
    assert refusal["code"] == "name_taken"


async def test_name_taken_between_announcement_and_first_packet(house: House) -> None:
    """Of two senders that announce one name the first on air keeps it; the other is told."""
    slower = await house.client()
    await slower.ask("start_sending", name="Kitchen")
    await slower.ask("webrtc_offer", offer=description("offer"))
    slower_peer = house.endpoint.sender
    _, stream = await house.sender("Kitchen")
    slower_peer.speak()
    refusal = await slower.hear("error")
    assert refusal["code"] == "name_taken"
    assert house.relay.streams == [stream]


async def test_device_takes_its_name_over(house: House) -> None:
    """A device that comes back goes on with its stream; its former page is told."""
    first, stream = await house.sender("Kitchen", device_id="phone")
    receiver = await house.receiver(stream)
    again = await house.client()
    await again.ask("start_sending", name="Kitchen", device_id="phone")
    await again.ask("webrtc_offer", offer=description("offer"))
    assert house.endpoint.sender.speak() is stream
    assert house.relay.streams == [stream]
    assert (await first.hear("error"))["code"] == "replaced"
    await house.until(lambda: len(house.endpoint.peers) == 2)
    assert [m["type"] for m in await receiver.heard()] == []
    await first.leave()
    assert house.relay.streams == [stream]


async def test_new_peer_of_the_same_client_goes_on_with_its_stream(
    house: House,
) -> None:
    """A phone in another network negotiates anew on its socket; nobody hears an end."""
    sender, stream = await house.sender("Kitchen", device_id="phone")
    before = house.endpoint.sender
    await sender.ask("start_sending", name="Kitchen", device_id="phone")
    await house.until(lambda: before.state is PeerState.CLOSED)
    await sender.ask("webrtc_offer", offer=description("offer"))
    assert house.endpoint.sender.speak() is stream
    assert await sender.heard() == []


async def test_connection_that_ends_before_the_next_one_speaks(house: House) -> None:
    """A device that closes its old connection a moment too early goes on all the same."""
    sender, stream = await house.sender("Kitchen", device_id="phone")
    house.endpoint.sender.fail("closed_by_client")
    assert house.relay.streams == [stream]
    await sender.ask("start_sending", name="Kitchen", device_id="phone")
    await sender.ask("webrtc_offer", offer=description("offer"))
    assert house.endpoint.sender.speak() is stream
    assert await sender.heard() == []


@pytest.mark.parametrize("ends", ["goodbye", "lost"])
async def test_socket_that_ends_before_the_next_one_speaks(
    house: House, ends: str
) -> None:
    """A device that negotiates over another socket may close the old one at any time."""
    sender, stream = await house.sender("Kitchen", device_id="phone")
    receiver = await house.receiver(stream)
    again = await house.client()
    before = house.endpoint.sender
    await again.ask("start_sending", name="Kitchen", device_id="phone")
    if ends == "goodbye":
        await sender.leave()
    else:
        sender.drop()
        await house.until(lambda: house.lobby.connected_clients == 2)
        before.fail("closed_by_client")
    await house.until(lambda: len(house.lobby.connections) == 2)
    await again.ask("webrtc_offer", offer=description("offer"))
    assert house.endpoint.sender.speak() is stream
    assert await receiver.heard() == []


@pytest.mark.parametrize("how", ["stop_stream", "goodbye", "another name"])
async def test_stream_that_waits_is_ended_by_a_word(house: House, how: str) -> None:
    """Whoever says that it is over is not waited for."""
    sender, stream = await house.sender("Kitchen", device_id="phone")
    house.endpoint.sender.fail("closed_by_client")
    assert house.relay.streams == [stream]
    if how == "stop_stream":
        await sender.say("stop_stream")
    elif how == "goodbye":
        await sender.leave()
    else:
        await sender.say("start_sending", name="Attic", device_id="phone")
    await house.until(lambda: house.relay.streams == [])


async def test_stream_waits_only_for_the_same_device_and_name(house: House) -> None:
    """Whoever negotiates something else is no reason to wait."""
    sender, _ = await house.sender("Kitchen", device_id="phone")
    for name, device_id in [("Attic", "phone"), ("Hall", "tablet")]:
        other = await house.client()
        await other.ask("start_sending", name=name, device_id=device_id)
    await sender.leave()
    await house.until(lambda: house.relay.streams == [])


async def test_lost_socket_is_resumed(house: House) -> None:
    """A new socket goes on with peer, stream and order of the lost one."""
    sender = await house.client()
    ready = await sender.ask("start_sending", name="Kitchen")
    await sender.ask("webrtc_offer", offer=description("offer"))
    stream = house.endpoint.sender.speak()
    assert stream is not None
    sender.drop()
    await house.until(lambda: house.lobby.connected_clients == 0)
    again = await house.client()
    resumed = await again.ask("resume", token=ready["resume_token"])
    assert (resumed["type"], resumed["stream_id"]) == ("resumed", stream.id)
    assert resumed["resume_token"] != ready["resume_token"]
    await house.until(lambda: len(house.lobby.connections) == 1)
    await again.say("set_muted", muted=True)
    await house.until(lambda: stream.muted)
    await again.say("stop_stream")
    assert (await again.hear("stream_ended"))["stream_id"] == stream.id
    assert not house.endpoint.peers


async def test_receiver_resumes_although_its_old_socket_seems_alive(
    house: House,
) -> None:
    """The client knows better than the server that the old socket is of no use."""
    _, stream = await house.sender()
    receiver = await house.client()
    offer = await receiver.ask("start_receiving", stream_id=stream.id)
    await receiver.say("webrtc_answer", answer=description("answer"))
    await receiver.heard()
    peer = house.endpoint.latest
    again = await house.client()
    resumed = await again.ask("resume", token=offer["resume_token"])
    assert (resumed["type"], resumed["stream_id"]) == ("resumed", stream.id)
    await receiver.closed()
    assert peer.state is PeerState.CONNECTED
    peer.fail("consent_expired")
    assert (await again.hear("error"))["code"] == "peer_failed"


@pytest.mark.parametrize("why", ["never issued", "used", "left", "idle"])
async def test_nothing_to_resume(house: House, why: str) -> None:
    """A token opens one place, once, while there is media in it."""
    sender = await house.client()
    ready = await sender.ask("start_sending")
    token = ready["resume_token"]
    if why != "idle":
        await sender.ask("webrtc_offer", offer=description("offer"))
        house.endpoint.sender.speak()
    if why == "never issued":
        token = "guess"
    elif why == "left":
        await sender.leave()
        await house.until(lambda: not house.lobby.connections)
    elif why == "used":
        assert (await (await house.client()).ask("resume", token=token))[
            "type"
        ] == "resumed"
    refusal = await (await house.client()).ask("resume", token=token)
    assert refusal["code"] == "session_gone"


async def test_same_sender_starts_again_under_its_name(house: House) -> None:
    """A second start_sending ends the first stream, so its name is free again."""
    sender, old = await house.sender("Kitchen")
    await sender.say("start_sending", name="Kitchen")
    assert (await sender.hear("stream_ended"))["stream_id"] == old.id
    assert (await sender.hear("sender_ready"))["name"] == "Kitchen"


@pytest.mark.parametrize("muted", [True, False])
async def test_muted_from_the_start(house: House, muted: bool) -> None:
    """A stream may be announced as muted before it exists."""
    _, stream = await house.sender(muted=muted)
    assert stream.muted is muted


async def test_muting(house: House) -> None:
    """A sender mutes its stream before and after its first packet."""
    sender = await house.client()
    await sender.ask("start_sending")
    await sender.say("set_muted", muted=True)
    await sender.ask("webrtc_offer", offer=description("offer"))
    stream = house.endpoint.sender.speak()
    assert stream is not None
    assert stream.muted
    await sender.say("set_muted", muted=False)
    await sender.heard()
    assert not stream.muted


async def test_a_noise_gate_is_told(house: House) -> None:
    """What is silent because it is quiet there is not muted, and everybody can tell."""
    sender = await house.client()
    await sender.ask("start_sending", gated=True)
    await sender.ask("webrtc_offer", offer=description("offer"))
    stream = house.endpoint.sender.speak()
    assert stream is not None
    assert (stream.muted, stream.gated) == (False, True)
    await sender.say("set_muted", muted=False)
    await sender.heard()
    assert not stream.gated


async def test_stop_sending(house: House) -> None:
    """stop_stream ends the stream for everybody; the socket can be used again."""
    listener = await house.client()
    sender, stream = await house.sender()
    await listener.hear("stream_available")
    await sender.say("stop_stream")
    for client in (listener, sender):
        assert await client.hear() == {
            "type": "stream_ended",
            "stream_id": stream.id,
            "reason": "stopped",
        }
        assert await client.hear() == {"type": "available_streams", "streams": []}
    assert await listener.heard() == []
    assert (await sender.ask("start_sending"))["type"] == "sender_ready"
    await house.until(lambda: not house.endpoint.peers)


async def test_stop_then_receive(house: House) -> None:
    """Cards stop one stream and start another on the same socket."""
    _, first = await house.sender()
    _, second = await house.sender()
    card = await house.receiver(first)
    await card.say("stop_stream")
    offer = await card.ask("start_receiving", stream_id=second.id)
    assert (offer["type"], offer["stream_id"]) == ("webrtc_offer", second.id)
    await house.until(lambda: [p.stream for p in house.endpoint.receivers] == [second])


async def test_unusable_offer_may_be_followed_by_a_better_one(house: House) -> None:
    """An offer that cannot be used is refused with its code, and leaves nothing behind."""
    sender = await house.client()
    await sender.ask("start_sending")
    for sdp, code in (
        ("x", "bad_sdp"),
        ("v=0", "no_audio"),
        ("v=0 m=audio", "no_opus"),
    ):
        refusal = await sender.ask("webrtc_offer", offer=description("offer", sdp))
        assert (refusal["code"], refusal["request"]) == (code, "webrtc_offer")
    await house.until(lambda: not house.endpoint.peers)
    answer = await sender.ask("webrtc_offer", offer=description("offer"))
    assert answer["type"] == "webrtc_answer"


async def test_peer_that_fails_while_it_is_answered(house: House) -> None:
    """A peer that closes before its answer left is one error, and the sender may try again."""
    sender = await house.client()
    await sender.ask("start_sending")
    house.endpoint.may_negotiate.clear()
    await sender.say("webrtc_offer", offer=description("offer"))
    await house.until(lambda: bool(house.endpoint.peers))
    house.endpoint.sender.fail("dtls_failed")
    house.endpoint.may_negotiate.set()
    (refusal,) = await sender.heard()
    assert (refusal["code"], refusal["request"]) == ("peer_failed", "webrtc_offer")
    answer = await sender.ask("webrtc_offer", offer=description("offer"))
    assert answer["type"] == "webrtc_answer"


async def test_packet_of_a_replaced_peer(house: House) -> None:
    """A peer that was replaced cannot open a stream any more."""
    house.endpoint.may_close.clear()
    sender = await house.client()
    await sender.ask("start_sending")
    await sender.ask("webrtc_offer", offer=description("offer"))
    replaced = house.endpoint.sender
    await sender.ask("start_sending")
    assert replaced.speak() is None
    assert house.relay.streams == []
    house.endpoint.may_close.set()


# --- receiving --------------------------------------------------------------------------


async def test_receiving(house: House) -> None:
    """A receiver that names a stream is offered it at once."""
    _, stream = await house.sender("Kitchen")
    for address in ({"stream_id": stream.id}, {"name": "Kitchen"}, {"name": "kitchen"}):
        receiver = await house.client()
        offer = await receiver.ask("start_receiving", **address)
        assert offer.pop("resume_token")
        assert offer == {
            "type": "webrtc_offer",
            "offer": description("offer"),
            "stream_id": stream.id,
        }
        await receiver.say("webrtc_answer", answer=description("answer"))
        assert await receiver.heard() == []
        assert house.endpoint.latest.state is PeerState.CONNECTED


async def test_receiving_the_newest(house: House) -> None:
    """Without an address it is the newest stream, after a moment."""
    await house.sender()
    _, newest = await house.sender()
    receiver = await house.client()
    await receiver.say("start_receiving")
    assert await receiver.heard() == []
    assert (await receiver.hear())["stream_id"] == newest.id


async def test_two_requests_at_once_are_one_offer(house: House) -> None:
    """Cards ask without an id and, 8 ms later, with one: only the second is answered."""
    _, older = await house.sender()
    await house.sender()
    card = await house.client()
    await card.say("start_receiving")
    await asyncio.sleep(0.008)
    await card.say("start_receiving", stream_id=older.id)
    assert (await card.hear())["stream_id"] == older.id
    await card.say("webrtc_answer", answer=description("answer"))
    await asyncio.sleep(dialogue.HOLD_S * 1.5)
    assert await card.heard() == []
    assert len(house.endpoint.receivers) == 1


async def test_nothing_to_receive(house: House) -> None:
    """Nobody sends: an error, at once with an address and after the moment without."""
    receiver = await house.client()
    refusal = await receiver.ask("start_receiving", name="nobody")
    assert (refusal["code"], refusal["request"]) == (
        "stream_not_found",
        "start_receiving",
    )
    refusal = await receiver.ask("start_receiving")
    assert (refusal["code"], refusal["request"]) == (
        "stream_not_found",
        "start_receiving",
    )
    assert house.endpoint.made == []


async def test_stop_while_held(house: House) -> None:
    """A request that is held is forgotten when the client stops."""
    await house.sender()
    receiver = await house.client()
    await receiver.say("start_receiving")
    await receiver.say("stop_stream")
    await asyncio.sleep(dialogue.HOLD_S * 1.5)
    assert await receiver.heard() == []
    assert house.endpoint.receivers == []


async def test_answer_while_held(house: House) -> None:
    """An answer to an offer that was not made yet comes at the wrong moment."""
    await house.sender()
    receiver = await house.client()
    await receiver.say("start_receiving")
    refusal = await receiver.ask("webrtc_answer", answer=description("answer"))
    assert refusal["code"] == "unexpected_message"
    assert (await receiver.hear())["type"] == "webrtc_offer"


async def test_second_start_replaces_the_first(house: House) -> None:
    """Whoever starts anew has its first peer closed, whatever that was."""
    _, stream = await house.sender()
    client = await house.receiver(stream)
    first = house.endpoint.latest
    await client.ask("start_receiving", stream_id=stream.id)
    second = house.endpoint.latest
    await house.until(lambda: first.state is PeerState.CLOSED)
    assert first.reason == "replaced"
    await client.ask("start_sending")
    await house.until(lambda: second.state is PeerState.CLOSED)
    assert second.reason == "replaced"


async def test_offer_does_not_wait_for_the_peer_before(house: House) -> None:
    """A peer that is slow to close does not hold up the next one."""
    _, stream = await house.sender()
    client = await house.receiver(stream)
    house.endpoint.may_close.clear()
    offer = await client.ask("start_receiving", stream_id=stream.id)
    assert offer["type"] == "webrtc_offer"
    house.endpoint.may_close.set()


async def test_unusable_answer(house: House) -> None:
    """An answer that cannot be used is refused with its code."""
    _, stream = await house.sender()
    receiver = await house.client()
    await receiver.ask("start_receiving", stream_id=stream.id)
    refusal = await receiver.ask("webrtc_answer", answer=description("answer", "x"))
    assert (refusal["code"], refusal["request"]) == ("bad_sdp", "webrtc_answer")


async def test_stream_that_ends(house: House) -> None:
    """Its receivers are told once, their peers are closed, and they are free for another."""
    sender, stream = await house.sender()
    _, other = await house.sender()
    receiver = await house.receiver(stream)
    await sender.say("stop_stream")
    assert (await receiver.hear())["type"] == "stream_ended"
    assert await receiver.hear() == {
        "type": "available_streams",
        "streams": [other.id],
    }
    assert house.endpoint.receivers == []
    offer = await receiver.ask("start_receiving", stream_id=other.id)
    assert offer["stream_id"] == other.id


async def test_stream_that_ends_while_a_receiver_answers(house: House) -> None:
    """The answer to the offer of a stream that is over is refused in words."""
    sender, stream = await house.sender()
    receiver = await house.client()
    await receiver.ask("start_receiving", stream_id=stream.id)
    house.endpoint.may_negotiate.clear()
    await receiver.say("webrtc_answer", answer=description("answer"))
    await sender.say("stop_stream")
    await receiver.hear("stream_ended")
    house.endpoint.may_negotiate.set()
    assert (await receiver.hear("error"))["code"] == "stream_ended"


# --- peers that end by themselves -------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("negotiation_timeout", "negotiation_timeout"),
        ("stream_ended", "stream_ended"),
        ("dtls_failed", "peer_failed"),
        ("consent_expired", "peer_failed"),
    ],
)
async def test_peer_that_fails(house: House, reason: str, code: str) -> None:
    """A receiver is told why its media ended, and may start again."""
    _, stream = await house.sender()
    receiver = await house.receiver(stream)
    house.endpoint.latest.fail(reason)
    error = await receiver.hear()
    assert (error["type"], error["code"], error["request"]) == ("error", code, None)
    offer = await receiver.ask("start_receiving", stream_id=stream.id)
    assert offer["type"] == "webrtc_offer"


async def test_peer_that_its_client_closed(house: House) -> None:
    """Who closes its own peer connection need not be told."""
    _, stream = await house.sender()
    receiver = await house.receiver(stream)
    house.endpoint.latest.fail("closed_by_client")
    assert await receiver.heard() == []
    refusal = await receiver.ask("webrtc_answer", answer=description("answer"))
    assert refusal["code"] == "unexpected_message"


async def test_sender_peer_that_fails(house: House) -> None:
    """The stream of a sender whose media broke ends, with the reason."""
    sender, stream = await house.sender()
    receiver = await house.receiver(stream)
    house.endpoint.sender.fail("consent_expired")
    assert (await receiver.hear())["reason"] == "consent_expired"
    assert (await sender.hear("error"))["code"] == "peer_failed"
    assert house.relay.streams == []
    await house.until(lambda: not house.endpoint.peers)


async def test_stream_without_packets(house: House) -> None:
    """A stream that the relay gives up takes its sender's peer with it."""
    sender, stream = await house.sender()
    house.relay.end(stream, "no_media")
    assert (await sender.hear())["reason"] == "no_media"
    await house.until(lambda: not house.endpoint.peers)
    assert (await sender.hear())["type"] == "available_streams"
    assert (await sender.ask("start_sending"))["type"] == "sender_ready"


# --- lists, visualization, ping ---------------------------------------------------------


async def test_details(house: House) -> None:
    """Who asks for details gets them, then and ever after."""
    _, stream = await house.sender("Kitchen")
    client = await house.client()
    for request in ({"details": True}, {}):
        listing = await client.ask("get_available_streams", **request)
        (details,) = listing["details"]
        assert details["stream_id"] == stream.id
        assert details["name"] == "Kitchen"
        assert details["state"] == "live"
        assert listing["ice_servers"] == [{"urls": "stun:192.0.2.1:3478"}]


async def test_list_without_details(house: House) -> None:
    """Who does not ask for details gets what existing cards get."""
    client = await house.client()
    assert await client.ask("get_available_streams") == {
        "type": "available_streams",
        "streams": [],
    }


async def test_visualization(house: House) -> None:
    """Measurements of a stream go to those who asked, until they leave it or it ends."""
    sender, stream = await house.sender("Kitchen")
    watcher, other = await house.client(), await house.client()
    await watcher.say("subscribe_visualization", stream_id="kitchen")
    await watcher.say("subscribe_visualization", stream_id=stream.id)
    await watcher.heard()
    house.visualization.measure(stream.id, level_dbfs=-32.5)
    message = await watcher.hear()
    assert message == {
        "type": "audio_data",
        "stream_id": stream.id,
        "timestamp": 1790000000.12,
        "level_dbfs": -32.5,
        "peak_dbfs": -26.5,
        "voice": True,
        "bands": [-70.0] * 32,
    }
    assert await watcher.heard() == []
    assert await other.heard() == []
    await watcher.say("unsubscribe_visualization", stream_id="kitchen")
    await watcher.heard()
    assert house.visualization.watchers == []

    await watcher.say("subscribe_visualization")
    await watcher.heard()
    assert len(house.visualization.watchers) == 1
    await sender.say("stop_stream")
    await watcher.hear("stream_ended")
    assert house.visualization.watchers == []


async def test_leaving_all_visualizations(house: House) -> None:
    """Without an address all are left; leaving one that is not watched is no error."""
    for _ in range(3):
        _, stream = await house.sender()
    client = await house.client()
    for stream in house.relay.streams:
        await client.say("subscribe_visualization", stream_id=stream.id)
    await client.say("unsubscribe_visualization", stream_id="stream_of_yesterday")
    assert await client.heard() == []
    assert len(house.visualization.watchers) == 3
    await client.say("unsubscribe_visualization")
    await client.heard()
    assert house.visualization.watchers == []


async def test_features(house: House) -> None:
    """What is found in a stream goes to those who asked, until they leave it or it ends."""
    sender, stream = await house.sender("Kitchen")
    watcher, other = await house.client(), await house.client()
    for _ in range(2):
        await watcher.say("start_features", stream_id="kitchen")
    await watcher.heard()
    house.place.streams[stream.id].frame(frame_features())
    message = await watcher.hear()
    assert (message["type"], message["stream_id"]) == ("features", stream.id)
    assert message["level_dbfs"] == -32.5
    assert await watcher.heard() == []
    assert await other.heard() == []
    await watcher.say("stop_features", stream_id=stream.id)
    await watcher.heard()
    assert not house.place.streams

    await watcher.say("start_features", name="Kitchen")
    await watcher.heard()
    await watcher.say("stop_features")
    await watcher.heard()
    assert not house.place.streams

    await watcher.say("start_features")
    await watcher.heard()
    await sender.say("stop_stream")
    await watcher.hear("stream_ended")
    assert not house.place.streams


async def test_features_of_what_is_not_analysed(house: House) -> None:
    """The client is told that the house does not want it."""
    await house.sender("Kitchen")
    await house.analysis.choose("kitchen", AnalysisMode.OFF)
    client = await house.client()
    refusal = await client.ask("start_features", name="kitchen")
    assert (refusal["code"], refusal["request"]) == ("analysis_off", "start_features")


async def test_visualization_of_nothing(house: House) -> None:
    """Nobody sends: there is nothing to watch."""
    client = await house.client()
    refusal = await client.ask("subscribe_visualization")
    assert refusal["code"] == "stream_not_found"


@pytest.mark.parametrize("id_", ["a", 7, 2.5, None])
async def test_ping(house: House, id_: object) -> None:
    """A ping is answered with its id and the server's clock."""
    client = await house.client()
    pong = await client.ask("ping", id=id_)
    assert (pong["type"], pong["id"]) == ("pong", id_)
    assert pong["timestamp"] > 1_700_000_000


@pytest.mark.parametrize("type_", ["ice_candidate", "local_ip"])
async def test_what_older_clients_say(house: House, type_: str) -> None:
    """Candidates and addresses of older clients are ignored in silence."""
    client = await house.client()
    await client.say(type_, candidate={"candidate": "x"}, ip="192.0.2.1")
    assert await client.heard() == []


async def test_stream_that_waits_for_its_next_sender_ends_with_its_client(
    house: House,
) -> None:
    """Who announces to go on and leaves instead takes the stream along."""
    sender, _ = await house.sender("Kitchen", device_id="phone")
    await sender.ask("start_sending", name="Kitchen", device_id="phone")
    assert len(house.relay.streams) == 1
    await sender.leave()
    await house.until(lambda: not house.relay.streams)


# --- roles ------------------------------------------------------------------------------

ONLY = {
    "listen": {"start_sending"},
    "speak": {"start_receiving", "subscribe_visualization", "start_features"},
    "admin": set(),
}


@pytest.mark.parametrize("role", ONLY)
async def test_roles(tmp_path: Path, role: str) -> None:
    """A device may do what it was let in for; an admin may do all."""
    async with gate_house(tmp_path) as gates:
        stream = gates.house.relay.publish()
        tablet = await gates.member(await gates.admin(), roles=[role])
        client = Client(await tablet.session.ws_connect("/ws"))
        await client.hear()
        for type_ in (
            *("start_sending", "start_receiving"),
            *("subscribe_visualization", "start_features"),
        ):
            await client.say(type_, stream_id=stream.id)
            errors = [m["code"] for m in await client.heard() if m["type"] == "error"]
            assert errors == ["not_allowed"] * (type_ in ONLY[role])
        await client.leave()


async def test_who_may_not_hear_does_not_resume_what_another_heard(
    tmp_path: Path,
) -> None:
    """A token of the media is no way around the roles."""
    async with gate_house(tmp_path) as gates:
        stream, admin = gates.house.relay.publish(), await gates.admin()
        listener = Client(await admin.session.ws_connect("/ws"))
        await listener.hear()
        offer = await listener.ask("start_receiving", stream_id=stream.id)
        await listener.say("webrtc_answer", answer=description("answer"))
        await listener.heard()
        tablet = await gates.member(admin, roles=["speak"])
        client = Client(await tablet.session.ws_connect("/ws"))
        await client.hear()
        refusal = await client.ask("resume", token=offer["resume_token"])
        assert refusal["code"] == "not_allowed"
        await client.leave()
        await listener.leave()
