"""Tests of relay/web/looking_back.py: the past over HTTP, for whom may hear it."""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from datetime import datetime

import av
import numpy as np
import pytest
import pytest_asyncio

from relay.hub.identity import StreamName
from relay.web.house_rules import HouseRules, Rule
from tests.audio_house import House, Player, playing
from tests.fakes import PACKET_S, FakeSender, pitch
from tests.sound_room import until

NURSERY = StreamName.parse("Nursery")


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    async with House(lookback_s=60.0) as house:
        yield house
        await until(lambda: house.past.replays == 0)


def remember(house: House, seconds: float, frequency_hz: float = 440.0) -> FakeSender:
    """Return a sender that has sent for so long, as the house remembers it."""
    now = [time.monotonic() - seconds]
    sender = FakeSender(
        house.relay.by_slug("nursery") or house.relay.publish(NURSERY),
        frequency_hz=frequency_hz,
        clock=lambda: now[0],
    )
    for number in range(round(seconds / PACKET_S)):
        now[0] += PACKET_S
        sender.send()
        if number % 500 == 499:
            house.lookback.collect()
    house.lookback.collect()
    sender._clock = time.monotonic
    return sender


async def heard(player: Player, least_bytes: int) -> bytes:
    """Return what comes at once."""
    data = b""
    async with asyncio.timeout(5):
        while len(data) < least_bytes:
            data += await player.reader.read(65_536)
    return data


def decoded(data: bytes) -> np.ndarray:
    """Return the sound on one ear."""
    with av.open(io.BytesIO(data)) as container:
        return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])


@pytest.mark.parametrize("extension", ["ogg", "mp3"])
async def test_a_player_begins_so_far_back(house: House, extension: str) -> None:
    """It has ten seconds at once, and what is live follows."""
    sender = remember(house, 20.0)
    async with playing(sender), house.player() as player:
        await player.play(f"nursery.{extension}?back=10")
        data = await heard(player, 60_000 if extension == "ogg" else 100_000)
        assert house.past.replays_total == 1
        assert sender.stream.replays == 1
        (hearer,) = house.roll.audience(sender.stream).hearers
        assert hearer.by == "http"
        sender.frequency_hz = 880.0
        more = b""
        async with asyncio.timeout(5):
            while pitch(decoded(data + more)[-24_000:]) < 870:
                more += await player.reader.read(65_536)
    pcm = decoded(data + more)
    assert pitch(pcm[48_000:96_000]) == pytest.approx(440, abs=8)
    assert 9.0 < len(pcm) / 48_000 < 20.0
    await until(lambda: sender.stream.replays == 0)


async def test_who_asks_for_more_than_is_kept_gets_all_of_it(house: House) -> None:
    """And who asks where nothing is kept, what is live."""
    remember(house, 3.0)
    async with house.player() as player:
        await player.play("nursery.ogg?back=3600")
        data = await heard(player, 15_000)
        # With what is live since: less than a busy machine may need to hand it over.
        assert 2.4 < len(decoded(data)) / 48_000 < 10
    house.lookback.switch("nursery", False)
    async with house.player() as player:
        await player.play("nursery.ogg?back=10")
        assert house.broadcasts.listeners == 1
    await until(lambda: house.broadcasts.broadcasts == 0)


async def test_what_was_sent_is_heard_although_the_sender_has_left(
    house: House,
) -> None:
    """What did I just miss."""
    sender = remember(house, 10.0)
    house.relay.end(sender.stream, "stopped")
    async with house.player() as player:
        await player.play("nursery.ogg?back=8")
        pcm = decoded(await heard(player, 40_000))
    assert pitch(pcm[48_000:96_000]) == pytest.approx(440, abs=8)


async def test_switching_it_off_ends_it_for_everybody(house: House) -> None:
    remember(house, 5.0)
    async with house.player() as player:
        await player.play("nursery.ogg?back=5")
        house.lookback.switch("nursery", False)
        async with asyncio.timeout(5):
            await player.reader.read(-1)  # to the end of the answer


async def test_who_was_sent_away_hears_no_past(house: House) -> None:
    """Neither who hears it now nor who comes back."""
    sender = remember(house, 5.0)
    async with house.player() as player:
        await player.play("nursery.ogg?back=5")
        await until(lambda: house.roll.audience(sender.stream).hearers)
        house.roll.hush(sender.stream, None, "test")
        async with asyncio.timeout(5):
            await player.reader.read(-1)
    async with house.player() as player:
        status, _ = await player.ask(
            "GET /stream/nursery.ogg?back=5 HTTP/1.1\nHost: relay"
        )
    assert " 403 " in status


async def test_a_rule_counts_at_the_time_of_which_is_heard() -> None:
    """What nobody was to hear before seven is not heard at one past seven either."""
    rule = Rule.parse(
        {
            "who": "*",
            "may": "listen",
            "streams": "Nursery",
            "from": "07:00",
            "until": "9:00",
        },
        "rules[0]",
    )
    now = datetime(2026, 3, 1, 7, 0, 4)
    async with House(
        lookback_s=60.0, rules=HouseRules([rule]), now=lambda: now
    ) as house:
        remember(house, 10.0)
        for back, answer in ((3, " 200 "), (8, " 403 ")):
            async with house.player() as player:
                status, _ = await player.ask(
                    f"GET /stream/nursery.ogg?back={back} HTTP/1.1\nHost: relay"
                )
                assert answer in status
        await until(lambda: house.past.replays == 0)


@pytest.mark.parametrize("back", ["-1", "1.5", "soon", "4000"])
async def test_nonsense_is_refused_in_words(house: House, back: str) -> None:
    remember(house, 1.0)
    async with house.player() as player:
        status, _ = await player.ask(
            f"GET /stream/nursery.ogg?back={back} HTTP/1.1\nHost: relay"
        )
    assert " 400 " in status


async def test_the_server_can_stop_while_somebody_hears_the_past() -> None:
    """Within the time of one round."""
    async with House(lookback_s=60.0) as house:
        remember(house, 5.0)
        async with house.player() as player:
            await player.play("nursery.ogg?back=5")
            house.players().end_listeners()
            async with asyncio.timeout(5):
                await player.reader.read(-1)
