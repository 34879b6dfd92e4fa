"""A sender's packets become its stream, and nothing else does."""

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from relay.audio.codec import OpusDecoder
from relay.audio.telephone import TelephoneCodec
from relay.errors import BadSessionDescription, NameTaken, NoOpus
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.webrtc.peer import PeerState
from tests.audio.test_telephone import payloads
from tests.webrtc.studio import Ear, Mouth, Studio, settle, until


async def test_nothing_is_published_before_the_first_packet(studio: Studio) -> None:
    """A stream that is announced can be heard."""
    mouth = await studio.mouth()
    await settle()
    assert studio.relay.streams == []
    assert mouth.states == []
    await mouth.say(1)
    assert studio.relay.streams == [mouth.stream]
    assert mouth.states == [(PeerState.CONNECTED, "")]


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
    await until(lambda: states == [(PeerState.CLOSED, "name_taken")])


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
