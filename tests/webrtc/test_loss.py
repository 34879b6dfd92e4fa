"""What is lost on the way is asked for, sent again, or was sent twice."""

import asyncio

from bench.light_client import LightClient
from relay.events import EventBus
from relay.rtp import red, rtcp
from relay.rtp.packet import RtpPacket
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.receiver_quality import CALM_REPORTS
from relay.webrtc.session_description import SenderWishes
from tests.webrtc.studio import OPUS, Ear, Mouth, Studio, settle, until

NACK = ("a=rtcp-fb:111 nack",)
RED = ("a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111")


def reports(client: LightClient, datagrams: list[bytes]) -> list[rtcp.RtcpPacket]:
    """The RTCP packets among what a client got."""
    return [
        packet
        for data in datagrams
        if rtcp.is_rtcp(data)
        for packet in rtcp.parse(client.unprotect_rtcp(data))
    ]


async def mouth_with(
    studio: Studio, formats: tuple[str, ...]
) -> tuple[Mouth, list[bytes], str]:
    """A sender that speaks more than plain Opus, what it is told, and our answer."""
    told: list[bytes] = []
    client = studio.client(told)
    client.formats = formats
    peer = studio.endpoint.sender_peer(studio.relay.publish, lambda *_: None)
    answer = await peer.answer(client.offer())
    client.take_answer(answer)
    await asyncio.wait_for(client.connected.wait(), 5)
    return Mouth(client, peer, []), told, answer


async def ear_with(studio: Studio, mouth: Mouth, formats: tuple[str, ...]) -> Ear:
    datagrams: list[bytes] = []
    client = studio.client(datagrams)
    client.formats = formats
    peer = studio.endpoint.receiver_peer(mouth.stream, lambda *_: None)
    await peer.accept(client.answer(peer.offer()))
    await asyncio.wait_for(client.connected.wait(), 5)
    await until(lambda: mouth.stream.receivers)
    return Ear(client, peer, datagrams, [])


async def test_the_sender_is_asked_for_what_is_missing(studio: Studio) -> None:
    """A hole is requested at once, and its packets take their places when they come."""
    mouth, told, answer = await mouth_with(studio, NACK)
    assert "a=rtcp-fb:111 nack" in answer
    await mouth.say(1)
    ear = await ear_with(studio, mouth, ())
    first = mouth.sequence
    await mouth.say(6, lost=(2, 3))
    await settle()
    request = next(r for r in reports(mouth.client, told) if isinstance(r, rtcp.Nack))
    assert request.media_ssrc == mouth.ssrc
    assert request.sequences == (first + 2 & 0xFFFF, first + 3 & 0xFFFF)
    for n in (2, 3):
        again = RtpPacket(
            OPUS, first + n & 0xFFFF, n * 960, mouth.ssrc, False, mouth.said[1 + n]
        )
        await mouth.client.send_rtp(bytes(again))
    await settle()
    heard = {p.sequence: p.payload for p in ear.packets()}
    assert [heard[n] for n in sorted(heard)][-6:] == mouth.said[-6:]
    feedback = mouth.peer.feedback
    assert feedback is not None
    assert feedback.missing.recovered == 2
    assert len(feedback.missing) == 0


async def test_a_sender_that_knows_no_requests_is_not_asked(studio: Studio) -> None:
    """Without the feedback line in its offer a sender is left alone."""
    mouth, told, answer = await mouth_with(studio, ())
    assert "nack" not in answer
    await mouth.say(6, lost=(2, 3))
    await settle()
    assert reports(mouth.client, told) == []


async def test_requests_stop_when_the_peer_closes(studio: Studio) -> None:
    """No timer asks in the name of a peer that is gone."""
    mouth, told, _ = await mouth_with(studio, NACK)
    await mouth.say(6, lost=(2, 3))
    await mouth.peer.close("stopped")
    count = len(told)
    await asyncio.sleep(0.1)
    assert len(told) == count


async def test_a_receiver_gets_again_what_it_asks_for(studio: Studio) -> None:
    """The same packet comes once more, and SRTP accepts it under its old number."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await ear_with(studio, mouth, NACK)
    await mouth.say(5)
    lost = ear.packets()[2]
    size = len(ear.datagrams)
    request = rtcp.nack(1, lost.ssrc, [lost.sequence])
    await ear.client.send_rtp(rtcp.receiver_report(rtcp.ReceiverReport(1)) + request)
    await until(lambda: len(ear.datagrams) > size)
    assert ear.datagrams[-1] in ear.datagrams[:size]
    assert studio.endpoint.counters["packets_resent"] == 1


async def test_a_receiver_that_reports_loss_gets_its_sound_twice(
    studio: Studio,
) -> None:
    """From 2 % on redundancy is added, and it ends when all is well for a while."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await ear_with(studio, mouth, RED)
    await mouth.say(2)
    ssrc = ear.packets()[0].ssrc

    async def report(fraction_lost: int) -> None:
        block = rtcp.ReportBlock(ssrc, fraction_lost, 1, 1, 480, 0, 0)
        await ear.client.send_rtp(
            rtcp.receiver_report(rtcp.ReceiverReport(1, (block,)))
        )
        await settle()

    await report(13)
    quality = ear.peer.quality
    assert quality.fraction_lost == 13 / 256
    assert quality.jitter_s == 0.01
    await mouth.say(2)
    packed = ear.packets()[-1]
    assert packed.payload_type == 63
    assert [b.payload for b in red.parse(packed.payload)] == mouth.said[-2:]
    for _ in range(CALM_REPORTS):
        await report(0)
    await mouth.say(1)
    assert ear.packets()[-1].payload == mouth.said[-1]


async def test_a_receiver_without_red_that_loses_much_gets_packets_twice(
    studio: Studio,
) -> None:
    """The same packet, behind its successor; what arrived already is a replay to it."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await ear_with(studio, mouth, ())
    await mouth.say(1)
    block = rtcp.ReportBlock(ear.packets()[0].ssrc, 255, 1, 1, 0, 0, 0)
    await ear.client.send_rtp(rtcp.receiver_report(rtcp.ReceiverReport(1, (block,))))
    await settle()
    before = len(ear.datagrams)
    await mouth.say(3)
    one, two, again, three, two_again = ear.datagrams[before:]
    assert (one, two) == (again, two_again)
    packet = RtpPacket.parse(ear.client.unprotect(three))
    assert packet.payload == mouth.said[-1]


async def test_both_sides_are_told_how_it_goes(studio: Studio) -> None:
    """Once a second the sender hears of its losses; the receiver hears of the capture time."""
    mouth, told, _ = await mouth_with(studio, ())
    await mouth.say(1)
    ear = await ear_with(studio, mouth, ())
    sent = rtcp.SenderReport(mouth.ssrc, rtcp.ntp_time(1.79e9), 0, 1, 1)
    await mouth.client.send_rtp(rtcp.sender_report(sent))
    await mouth.say(4, lost=(1,))
    for peer in tuple(studio.endpoint.peers):
        peer.report()
        peer.report()
    await settle()
    blocks = [
        block
        for report in reports(mouth.client, told)
        if isinstance(report, rtcp.ReceiverReport)
        for block in report.blocks
    ]
    assert blocks[0].packets_lost == 1
    assert blocks[0].last_sr == rtcp.middle(sent.ntp_time)
    (told_ear,) = [
        r
        for r in reports(ear.client, ear.datagrams)
        if isinstance(r, rtcp.SenderReport)
    ]
    newest = ear.packets()[-1]
    assert (told_ear.ssrc, told_ear.rtp_timestamp) == (newest.ssrc, newest.timestamp)
    age_s = studio.endpoint._around.wall_clock() - rtcp.unix_time(told_ear.ntp_time)
    assert 0 <= age_s < 10


async def test_garbage_as_rtcp_is_counted(studio: Studio) -> None:
    """A report that does not parse, or is not the client's, changes nothing."""
    mouth = await studio.mouth()
    await mouth.say(1)
    await mouth.client.send_rtp(b"\x80\xc9\x00\x09" + bytes(4))
    mouth.client.send_raw(b"\x80\xc9\x00\x01" + bytes(40))
    await settle()
    counters = studio.endpoint.counters
    assert counters["rtcp_malformed"] == counters["media_unauthenticated"] == 1


async def test_senders_may_be_asked_to_send_everything_twice() -> None:
    """With the option, RED comes first in the answer, and it fills the holes by itself."""
    events = EventBus()
    async with WebRtcEndpoint(
        events, port=0, addresses=["127.0.0.1"], wishes=SenderWishes(red=True)
    ) as endpoint:
        studio = Studio(events, endpoint)
        mouth, told, answer = await mouth_with(studio, (*RED, *NACK))
        assert "SAVPF 63 111" in answer
        await mouth.say(1)
        ear = await studio.ear(mouth.stream)
        before = mouth.said[-1]
        for n in range(1, 6):
            said = b"red %d" % n
            payload = red.build(OPUS, said, (red.Block(OPUS, 960, before),))
            if n != 3:
                packet = RtpPacket(
                    63, mouth.sequence, mouth.timestamp, mouth.ssrc, False, payload
                )
                await mouth.client.send_rtp(bytes(packet))
            before = said
            mouth.sequence = mouth.sequence + 1 & 0xFFFF
            mouth.timestamp = mouth.timestamp + 960 & 0xFFFFFFFF
        await settle()
        packets = ear.packets()[-5:]
        assert [p.payload for p in packets] == [b"red %d" % n for n in range(1, 6)]
        assert len({p.sequence for p in packets}) == 5
        assert endpoint.counters["packets_recovered"] == 1
        assert not [r for r in reports(mouth.client, told) if isinstance(r, rtcp.Nack)]
        await studio.clear()
