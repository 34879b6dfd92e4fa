"""The move between streams, packet by packet: for the receiver it is one stream that goes on."""

import itertools
import time

import pytest

from relay.errors import StreamEnded
from relay.rtp import rtcp
from relay.rtp.packet import RtpPacket
from tests.webrtc.studio import Ear, Mouth, Studio, settle

FRAME = 960
PACKET_S = FRAME / 48_000


@pytest.fixture
async def pair(studio: Studio) -> tuple[Mouth, Mouth]:
    """Two senders on air, whose SSRCs, numbers and timestamps have nothing in common."""
    one, two = await studio.mouth(), await studio.mouth()
    two.ssrc, two.sequence, two.timestamp = 88, 17, 12_345_678
    await one.say(2)
    await two.say(2)
    return one, two


def sound_of(ear: Ear, mouth: Mouth) -> list[RtpPacket]:
    return [p for p in ear.packets() if p.payload in mouth.said]


def reports(ear: Ear) -> list[rtcp.SenderReport]:
    """What the receiver was told of the moment its packets belong to; read once."""
    told = [data for data in ear.datagrams if rtcp.is_rtcp(data)]
    ear.datagrams[:] = [data for data in ear.datagrams if not rtcp.is_rtcp(data)]
    return [
        packet
        for data in told
        for packet in rtcp.parse(ear.client.unprotect_rtcp(data))
        if isinstance(packet, rtcp.SenderReport)
    ]


async def test_numbers_timestamps_and_ssrc_go_on(
    studio: Studio, pair: tuple[Mouth, Mouth], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There and back again, time after time, nothing is missing and nothing leaps."""
    one, two = pair
    now = itertools.count(time.monotonic(), PACKET_S)
    ear = await studio.ear(one.stream)
    for mouth in (one, two, one, two):
        ear.peer.move_to(mouth.stream)
        for _ in range(3):
            # Time passes from packet to packet, however busy the machine is.
            moment = next(now)
            monkeypatch.setattr(studio.endpoint._around, "clock", lambda at=moment: at)
            await mouth.say(1)
    packets = ear.packets()
    assert len({p.ssrc for p in packets}) == 1
    for before, after in itertools.pairwise(packets):
        assert (after.sequence - before.sequence) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == FRAME
    assert (one.stream.receivers, two.stream.receivers) == (0, 1)


async def test_the_newest_sound_is_there_at_once(
    studio: Studio, pair: tuple[Mouth, Mouth]
) -> None:
    """Where somebody hears already, nobody waits for the next packet."""
    one, two = pair
    ear = await studio.ear(one.stream)
    await studio.ear(two.stream)
    await two.say(1)
    ear.peer.move_to(two.stream)
    await one.say(1)
    assert [p.payload for p in sound_of(ear, two)] == two.said[-1:]


async def test_time_passes_for_a_receiver_whose_stream_has_ended(
    studio: Studio, pair: tuple[Mouth, Mouth], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next stream begins as much later as it was silent: no packet seems to be late."""
    one, two = pair
    ear = await studio.ear(one.stream)
    await one.say(2)
    before = ear.packets()[-1]
    studio.relay.end(one.stream, "stopped")
    pause_s = 30.0
    monkeypatch.setattr(
        studio.endpoint._around, "clock", lambda: time.monotonic() + pause_s
    )
    ear.peer.move_to(two.stream)
    await two.say(2)
    after = sound_of(ear, two)[0]
    assert (after.sequence - before.sequence) & 0xFFFF == 1
    passed_s = ((after.timestamp - before.timestamp) & 0xFFFFFFFF) / 48_000
    assert passed_s == pytest.approx(pause_s, abs=1)


async def test_the_counts_of_the_reports_go_on(
    studio: Studio, pair: tuple[Mouth, Mouth]
) -> None:
    """A receiver that compares them with what it got sees no loss (RFC 3550, section 6.4.1)."""
    one, two = pair
    ear = await studio.ear(one.stream)
    for mouth, count in ((one, 4), (two, 3), (one, 2)):
        ear.peer.move_to(mouth.stream)
        await mouth.say(count)
    for _ in range(2):
        ear.peer.report()
    await settle()
    (report,) = reports(ear)
    packets = ear.packets()
    assert report.packet_count == len(packets)
    assert report.octet_count == sum(len(p.payload) for p in packets)
    assert report.rtp_timestamp == packets[-1].timestamp


async def test_what_was_sent_on_another_stream_is_not_sent_again(
    studio: Studio, pair: tuple[Mouth, Mouth]
) -> None:
    """A number stands for one sound; that of the stream before is not there any more."""
    one, two = pair
    ear = await studio.ear(one.stream)
    await one.say(4)
    asked_for = ear.packets()[-1].sequence
    ear.peer.move_to(two.stream)
    await two.say(2)
    heard = len(ear.packets())
    request = rtcp.nack(1, ear.peer._ssrc, [asked_for])
    await ear.client.send_rtp(rtcp.receiver_report(rtcp.ReceiverReport(1)) + request)
    await two.say(1)
    assert len(ear.packets()) == heard + 1
    assert studio.endpoint.counters["resends_refused"] == 1


async def test_a_move_to_an_ended_stream_leaves_a_receiver_where_it_is(
    studio: Studio, pair: tuple[Mouth, Mouth]
) -> None:
    """It hears on, and nothing leaps."""
    one, two = pair
    ear = await studio.ear(one.stream)
    gone = two.stream
    studio.relay.end(gone, "stopped")
    with pytest.raises(StreamEnded):
        ear.peer.move_to(gone)
    await one.say(2)
    assert [p.payload for p in ear.packets()][-2:] == one.said[-2:]
    assert ear.peer.stream is one.stream


async def test_a_receiver_that_moves_before_it_is_connected_hears_the_new_stream(
    studio: Studio, pair: tuple[Mouth, Mouth]
) -> None:
    """The keys are still to come, and it never hears the stream it was offered."""
    one, two = pair
    datagrams: list[bytes] = []
    client = studio.client(datagrams)
    peer = studio.endpoint.receiver_peer(one.stream, lambda *_: None)
    answer = client.answer(peer.offer())
    peer.move_to(two.stream)
    await peer.accept(answer)
    await client.connected.wait()
    ear = Ear(client, peer, datagrams, [])
    await one.say(1)
    await two.say(1)
    assert sound_of(ear, one) == []
    assert sound_of(ear, two)[-1].payload == two.said[-1]
