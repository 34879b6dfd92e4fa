"""Sending and hearing over the socket itself: the same house, the same manners."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import WSMsgType

from relay.hub.stream import Stream, StreamState
from relay.rtp.packet import RtpPacket
from relay.signaling.sound_frame import SoundFormat, SoundFrame, heard
from relay.web.house_rules import HouseRules, Rule
from tests.fakes import PACKET_S, FakeSender
from tests.web.fakes import OFFER
from tests.web.house import PATIENCE_S, Client, House

Message = dict[str, Any]
FORMATS = ["opus", "pcm_24000"]


class SoundClient(Client):
    """A page without UDP: it answers frames as it gets them."""

    def __init__(self, client: Client) -> None:
        super().__init__(client.socket)
        self.frames: list[SoundFrame] = []
        self.format = SoundFormat.OPUS
        self.sound = FakeSender(sequence=0, timestamp=0)

    async def hear(self, *types: str) -> Message:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = await self.socket.receive()
                if frame.type is WSMsgType.BINARY:
                    await self._take(frame.data)
                    continue
                assert frame.type is WSMsgType.TEXT, frame
                message: Message = json.loads(frame.data)
                if not types or message["type"] in types:
                    return message

    async def _take(self, data: bytes) -> None:
        if data[0] == 1:
            frame = SoundFrame.parse(data, self.format)
            self.frames.append(frame)
            if frame.wants_answer:
                await self.socket.send_bytes(heard(frame.sequence))

    async def whistle(self, frames: int = 1) -> None:
        """Send frames, a few at a time: who hears them has room for ten."""
        for number in range(frames):
            if number % 5 == 4:
                await self.heard()
            packet = self.sound.packet()
            frame = SoundFrame(packet.sequence, packet.timestamp, packet.payload)
            await self.socket.send_bytes(bytes(frame))

    async def until_heard(self, frames: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.frames) < frames:
                await self.heard()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with House(sound=True) as house:
        yield house


async def page(house: House) -> SoundClient:
    return SoundClient(await house.client())


async def sender(
    house: House, **fields: Any
) -> tuple[SoundClient, Stream[RtpPacket], str]:
    """Return a client that sends frames, its stream, and its token."""
    client = await page(house)
    ready = await client.ask(
        "start_sending", transport="websocket", formats=FORMATS, **fields
    )
    assert ready["format"] == "opus"
    await client.whistle()
    available = await client.hear("stream_available")
    return client, house.relay.find(available["stream_id"]), ready["resume_token"]


async def receiver(house: House, **fields: Any) -> tuple[SoundClient, Message]:
    client = await page(house)
    ready = await client.ask(
        "start_receiving", transport="websocket", formats=FORMATS, **fields
    )
    assert ready["type"] == "receiver_ready", ready
    assert ready["format"] == "opus"
    return client, ready


async def test_what_one_socket_sends_another_hears(house: House) -> None:
    """Without a negotiation; the stream begins with the first frame."""
    speaker, stream, _ = await sender(house, name="Nursery")
    listener, ready = await receiver(house, name="nursery")
    assert ready["stream_id"] == stream.id
    twin = FakeSender()
    payloads = [twin.packet().payload for _ in range(6)][1:]
    await speaker.whistle(5)
    await listener.until_heard(5)
    assert [f.payload for f in listener.frames] == payloads
    assert house.relay.streams == [stream]
    assert stream.name is not None
    assert stream.name.text == "Nursery"


async def test_either_way_reaches_the_other(house: House) -> None:
    """A stream does not know how its packets came, nor how they go."""
    speaker, stream, _ = await sender(house)
    over_udp = await house.receiver(stream)
    heard_there: list[RtpPacket] = []
    stream.attach(heard_there.append)
    await speaker.whistle(3)
    await house.until(lambda: len(heard_there) == 3)
    _, other = await house.sender("Kitchen")
    listener, _ = await receiver(house, stream_id=other.id)
    FakeSender(other).send(3)
    await listener.until_heard(3)
    await over_udp.leave()


async def test_without_an_address_the_newest_is_heard_at_once(house: House) -> None:
    """Nothing has to be held back: no card asks twice this way."""
    _, stream, _ = await sender(house)
    _, ready = await receiver(house)
    assert ready["stream_id"] == stream.id


async def test_a_format_that_nobody_knows_is_refused(house: House) -> None:
    """And so is a way that there is not."""
    client = await page(house)
    answer = await client.ask(
        "start_sending", transport="websocket", formats=["speex", 7]
    )
    assert (answer["code"], answer["request"]) == ("no_format", "start_sending")
    for fields in ({"transport": "pigeon"}, {"formats": "opus"}):
        fields = {"transport": "websocket", **fields}
        answer = await client.ask("start_receiving", **fields)
        assert answer["code"] == "malformed_message"


async def test_the_first_known_format_is_taken(house: House) -> None:
    """The client's own order counts."""
    _, stream, _ = await sender(house)
    client = await page(house)
    ready = await client.ask(
        "start_receiving",
        transport="websocket",
        formats=["speex", "pcm_24000", "opus"],
        stream_id=stream.id,
    )
    assert ready["format"] == "pcm_24000"
    client.format = SoundFormat.PCM_24000
    FakeSender(stream, sequence=50, timestamp=48_000).send(1)
    for number in range(20):
        FakeSender(stream, sequence=51 + number, timestamp=48_000).send(1)
        await asyncio.sleep(PACKET_S)
        await client.heard()
        if client.frames:
            break
    assert len(client.frames[0].payload) == 960


async def test_who_hears_is_on_the_roll_and_may_be_sent_away(house: House) -> None:
    """With the way in which it hears."""
    speaker, stream, _ = await sender(house, name="Nursery")
    await speaker.say("get_available_streams", details=True)
    listener, _ = await receiver(house, name="nursery")
    house.lobby.sweep()
    audience = await speaker.hear("audience")
    assert audience["hearers"][0]["by"] == "websocket"
    (details,) = house.stream_list.details()
    assert details.receivers == 1
    await speaker.say("hush")
    assert (await listener.hear("error"))["code"] == "hushed"
    await house.until(lambda: stream.all_receivers == 0)
    again = await listener.ask("start_receiving", transport="websocket")
    assert again["code"] == "hushed"


async def test_a_rule_of_the_house_holds_here_too() -> None:
    """Whatever way the sound would take."""
    fields = {"who": "somebody else", "may": "both", "streams": "*"}
    rules = HouseRules([Rule.parse(fields, "rules[0]")])
    async with House(rules=rules) as house:
        house.relay.publish()
        client = await page(house)
        for start in ("start_sending", "start_receiving"):
            answer = await client.ask(start, transport="websocket")
            assert (answer["code"], answer["request"]) == ("not_allowed", start)


async def test_a_second_start_takes_the_place_of_the_first(house: House) -> None:
    """From UDP to the socket, under the same name: nobody hears an end."""
    client = SoundClient(await house.client())
    await client.ask("start_sending", name="Hall", device_id="phone")
    await client.ask("webrtc_offer", offer={"type": "offer", "sdp": OFFER})
    stream = house.endpoint.sender.speak()
    assert stream is not None
    await client.hear("stream_available")
    ready = await client.ask(
        "start_sending", name="Hall", device_id="phone", transport="websocket"
    )
    assert ready["type"] == "sender_ready"
    pushed = stream.frames_pushed
    await client.whistle(3)
    await house.until(lambda: stream.frames_pushed == pushed + 3)
    assert stream.state is StreamState.LIVE
    assert house.relay.streams == [stream]
    await house.until(lambda: not house.endpoint.peers)


async def test_a_lost_sender_goes_on_over_its_next_socket(house: House) -> None:
    """Same stream, same numbers."""
    speaker, stream, token = await sender(house, name="Nursery", device_id="phone")
    await speaker.whistle(4)
    await house.until(lambda: stream.frames_pushed == 5)
    speaker.drop()
    await house.until(lambda: house.lobby.connections[0].detached)
    again = await page(house)
    resumed = await again.ask("resume", token=token)
    assert (resumed["type"], resumed["stream_id"]) == ("resumed", stream.id)
    again.sound = speaker.sound
    await again.whistle(5)
    await house.until(lambda: stream.frames_pushed == 10)
    await again.say("stop_stream")
    await house.until(lambda: stream.state is StreamState.ENDED)


async def test_a_lost_receiver_goes_on_over_its_next_socket(house: House) -> None:
    """And hears what is live then."""
    speaker, stream, _ = await sender(house)
    listener, ready = await receiver(house, stream_id=stream.id)
    await speaker.whistle(12)
    await listener.until_heard(12)
    listener.drop()
    await house.until(lambda: any(c.detached for c in house.lobby.connections))
    await speaker.whistle(3)
    again = await page(house)
    resumed = await again.ask("resume", token=ready["resume_token"])
    assert (resumed["type"], resumed["stream_id"]) == ("resumed", stream.id)
    await speaker.whistle(3)
    await again.until_heard(3)
    assert again.frames[-1].payload == listener_payload(speaker)
    assert stream.all_receivers == 1


def listener_payload(speaker: SoundClient) -> bytes:
    """Return what a sender sent last."""
    twin = FakeSender(sequence=0, timestamp=0)
    return [twin.packet().payload for _ in range(speaker.sound.sequence)][-1]


async def test_moving_and_waiting_for_another_stream(house: House) -> None:
    """As over UDP: nothing is negotiated, the epoch tells where one ends."""
    speaker, first, _ = await sender(house)
    _, second = await house.sender("Kitchen")
    listener, _ = await receiver(house, stream_id=first.id, keep=True)
    await speaker.whistle(2)
    await listener.until_heard(2)
    moved = await listener.ask("move_to", stream_id=second.id)
    assert moved == {"type": "moved", "stream_id": second.id}
    FakeSender(second).send(2)
    await listener.until_heard(4)
    assert [f.epoch for f in listener.frames] == [1, 1, 2, 2]
    house.relay.end(second, "stopped")
    await listener.hear("stream_ended")
    assert (await listener.ask("ping", id=1))["type"] != "error"
    await listener.say("move_to", stream_id=first.id)
    await listener.hear("moved")
    await speaker.whistle(1)
    await listener.until_heard(5)


async def test_a_bad_frame_is_answered_once(house: House) -> None:
    """The socket stays; what nobody asked for is not answered at all."""
    speaker, _, _ = await sender(house)
    for _ in range(30):
        await speaker.socket.send_bytes(b"\x01nonsense")
    error = await speaker.hear("error")
    assert (error["code"], error["request"]) == ("bad_frame", None)
    assert [m["type"] for m in await speaker.heard()] == []
    idle = await page(house)
    await idle.socket.send_bytes(b"\x01nonsense")
    assert await idle.heard() == []
    frames = house.media.sockets.counters
    assert (frames.frames_malformed, frames.frames_unwanted) == (30, 1)


async def test_sound_and_messages_do_not_wait_for_each_other(house: House) -> None:
    """A client that does not read for a while misses sound, and no message."""
    speaker, stream, _ = await sender(house)
    listener, _ = await receiver(house, stream_id=stream.id)
    connection = listener.transport.get_extra_info("socket")
    connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    listener.transport.pause_reading()
    for _ in range(100):
        await speaker.whistle(2)
        await speaker.heard()
    for number in range(20):
        await listener.say("ping", id=number)
    await asyncio.sleep(0.05)
    listener.transport.resume_reading()
    pongs = [(await listener.hear("pong"))["id"] for _ in range(20)]
    assert pongs == list(range(20))
    assert len(listener.frames) < 100
    await speaker.whistle(1)
    async with asyncio.timeout(PATIENCE_S):
        while listener.frames[-1].timestamp != speaker.sound.timestamp - 960:
            await listener.until_heard(len(listener.frames) + 1)


async def test_nothing_is_left_of_anybody(house: House) -> None:
    """A goodbye ends what hung on the socket."""
    speaker, stream, _ = await sender(house)
    listener, _ = await receiver(house, stream_id=stream.id)
    await listener.leave()
    await speaker.leave()
    await house.is_empty()
    media = house.media.sockets
    assert (media.senders, media.receivers) == (set(), set())
    assert stream.state is StreamState.ENDED
