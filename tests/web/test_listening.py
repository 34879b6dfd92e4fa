"""Tests of relay/web/listening.py: players at the door, over loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse

from relay.hub.identity import StreamName
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket
from relay.settings import LimitSettings
from relay.web.audit import AuditLog
from relay.web.house_rules import HouseRules, Rule
from tests.fakes import FakeSender
from tests.web.house import PATIENCE_S, House
from tests.web.test_own_audience import BEHIND_PROXY, sends

FOR_THE_TABLET = Rule.parse(
    {"who": "192.168.1.5", "may": "listen", "streams": "nursery"}, "rules[0]"
)


class Players(House):
    """A house whose streams can be heard over HTTP from any address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(access=BEHIND_PROXY, sound=True, **options)

    @asynccontextmanager
    async def player(
        self, address: str, name: str, **headers: str
    ) -> AsyncIterator[ClientResponse]:
        headers["X-Forwarded-For"] = address
        async with self.session.get(f"/stream/{name}.mp3", headers=headers) as answer:
            yield answer

    async def status(self, address: str, name: str) -> int:
        async with self.player(address, name) as answer:
            return answer.status

    def on_air(self, name: str) -> Stream[RtpPacket]:
        return self.relay.publish(StreamName.parse(name))


async def ends(answer: ClientResponse, sender: FakeSender) -> None:
    """Wait for the end of what a player hears, while sound is sent."""
    async with asyncio.timeout(PATIENCE_S):
        playing = asyncio.create_task(sender.play(60))
        try:
            while await answer.content.readany():
                pass
        except OSError:
            pass
        finally:
            playing.cancel()


async def test_a_player_is_named_to_the_sender_and_sent_away() -> None:
    """By the kind of player that it is; it does not come back, another one does."""
    async with Players() as house:
        sender = await sends(house, "Nursery")
        stream = house.relay.find("nursery")
        async with house.player(
            "192.168.1.5", "nursery", **{"User-Agent": "VLC/3"}
        ) as vlc:
            assert vlc.status == 200
            house.lobby.sweep()
            (hearer,) = (await sender.hear("audience"))["hearers"]
            assert (hearer["name"], hearer["by"]) == ("VLC", "http")
            await sender.say("hush", who=hearer["id"])
            await ends(vlc, FakeSender(stream))
        assert house.broadcasts.listeners_ended["sent_away"] == 1
        assert await house.status("192.168.1.5", "nursery") == 403
        assert await house.status("192.168.1.6", "nursery") == 200


async def test_one_address_has_so_many_players() -> None:
    """The one beyond is told when to come back; the others still come."""
    limits = LimitSettings(100, 100, 100, 2, 100)
    async with Players(limits=limits) as house:
        house.on_air("Hall")
        async with (
            house.player("192.168.1.5", "hall"),
            house.player("192.168.1.5", "hall"),
        ):
            async with house.player("192.168.1.5", "hall") as third:
                assert third.status == 503
                assert third.headers["Retry-After"] == "5"
            assert await house.status("192.168.1.6", "hall") == 200
        await house.until(lambda: house.roll.limits.listeners.total == 0)
        assert await house.status("192.168.1.5", "hall") == 200


async def test_players_that_come_too_fast() -> None:
    """Wait a moment; nobody else does."""
    limits = LimitSettings(100, 100, 100, 100, 1)
    async with Players(limits=limits) as house:
        house.on_air("Hall")
        statuses = [await house.status("192.168.1.5", "hall") for _ in range(6)]
        assert statuses[:2] == [200, 200]
        assert 503 in statuses
        assert await house.status("192.168.1.6", "hall") == 200


async def test_rules_hold_for_players() -> None:
    """By name, by id and before anybody sends; what no rule is about is for all."""
    async with Players(rules=HouseRules([FOR_THE_TABLET])) as house:
        nursery = house.on_air("Nursery")
        house.on_air("Hall")
        for name in ("nursery", "Nursery", nursery.id):
            assert await house.status("192.168.1.6", name) == 403
            assert await house.status("192.168.1.5", name) == 200
        assert await house.status("192.168.1.6", "hall") == 200


async def test_the_newest_stream_is_no_way_around_a_rule() -> None:
    """Who listens to whatever is newest is sent away before the first byte of what it may not hear."""
    async with Players(rules=HouseRules([FOR_THE_TABLET])) as house:
        house.on_air("Hall")
        async with house.player("192.168.1.6", "latest") as player:
            assert player.status == 200
            written = house.broadcasts.bytes_written
            nursery = house.on_air("Nursery")
            await house.until(
                lambda: house.broadcasts.listeners_ended["sent_away"] == 1
            )
            assert house.broadcasts.bytes_written == written
            await ends(player, FakeSender(nursery))
        assert await house.status("192.168.1.6", "latest") == 403


async def test_what_players_heard_is_in_the_audit_log(tmp_path: Path) -> None:
    """Each stream for itself, when an address leads from one to the next."""
    async with Players(audit=AuditLog(tmp_path)) as house:
        hall = house.on_air("Hall")
        async with house.player("192.168.1.5", "latest") as player:
            house.on_air("Kitchen")
            await house.until(lambda: house.relay.find("kitchen").listeners == 1)
            assert player.status == 200
        await house.until(lambda: house.broadcasts.listeners == 0)
        house.relay.end(hall, "stopped")
    entries = map(json.loads, (tmp_path / "audit.jsonl").read_text().splitlines())
    heard = [(e["who"], e["stream"]) for e in entries if e["event"] == "heard"]
    assert heard == [("192.168.1.5", "hall"), ("192.168.1.5", "kitchen")]
