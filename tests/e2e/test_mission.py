"""The mission in one sentence: one speaks, many hear, and one watches."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.e2e.relay_process import RelayProcess
from tests.e2e.tones import pitch_of
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WHISTLE_HZ = 1000.0
NEAR_HZ = 5.0
RECEIVERS = 3
MESSAGES = 10
BAND_OF_THE_WHISTLE = 16
"""Of 32 logarithmic bands from 50 Hz to 16 kHz."""


async def test_one_sender_three_receivers_and_one_who_watches(relay: RelayProcess):
    """All of them at the same time get what the sender whistles, and only they do."""
    async with AsyncExitStack() as stack:
        sender, watcher, bystander, *receivers = [
            await stack.enter_async_context(wire_client(relay.websocket_url))
            for _ in range(3 + RECEIVERS)
        ]
        stream_id = await sender.send("Nursery", frequency_hz=WHISTLE_HZ)
        for receiver in receivers:
            assert await receiver.receive(name="Nursery") == stream_id
        await watcher.say("subscribe_visualization", stream_id=stream_id)

        sounds = await asyncio.gather(*(receiver.sound(1) for receiver in receivers))
        seen = [await watcher.hear("audio_data") for _ in range(MESSAGES)]
        (stream,) = await relay.streams()

        assert [pitch_of(sound) for sound in sounds] == [
            pytest.approx(WHISTLE_HZ, abs=NEAR_HZ)
        ] * RECEIVERS
        assert stream["receivers"] == RECEIVERS
        assert {message["stream_id"] for message in seen} == {stream_id}
        loudest = seen[-1]["bands"].index(max(seen[-1]["bands"]))
        assert loudest == BAND_OF_THE_WHISTLE
        times = [message["timestamp"] for message in seen]
        assert times == sorted(set(times))
        await bystander.say("ping")
        assert "audio_data" not in await bystander.types_until("pong")


async def test_nothing_is_decoded_for_receivers_alone(relay: RelayProcess):
    """Their packets pass as they came; the first who watches starts the decoder."""
    decoded = "voice_audio_chunks_total"
    async with wire_client(relay.websocket_url) as sender:
        stream_id = await sender.send("Nursery", frequency_hz=WHISTLE_HZ)
        before = (await relay.metrics())[decoded]
        async with wire_client(relay.websocket_url) as receiver:
            await receiver.receive(stream_id=stream_id)
            await receiver.sound(1)
            assert (await relay.metrics())[decoded] == before
            async with wire_client(relay.websocket_url) as watcher:
                await watcher.say("subscribe_visualization", stream_id=stream_id)
                await watcher.hear("audio_data")
            assert (await relay.metrics())[decoded] > before
