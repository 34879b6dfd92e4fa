"""Tests of relay/web/clip_api.py: who hears what was kept, and who deletes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession, web

from relay.consumers.sound_files import SoundFile, SoundFiles
from relay.lookback_settings import LookbackSettings
from relay.web.audit import AuditLog
from relay.web.clip_api import ClipApi
from relay.web.house_rules import HouseRules, Rule
from relay.web.http_server import HttpServer
from relay.web.limits import Limits
from relay.web.roll import Roll
from relay.web.trust import EVERYTHING, VISITOR, Handler, Trust, Visitor
from tests.audio_house import NO_LIMITS
from tests.web.kept_sound import keep

AT = 1_790_000_000.0
ADMIN = {"X-Test-Role": "admin"}


@web.middleware
async def as_tested(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take everybody for who may hear, or for an admin who says so; doors are tested elsewhere."""
    roles = EVERYTHING if "X-Test-Role" in request.headers else frozenset({"listen"})
    request[VISITOR] = Visitor(Trust.LAN, "192.168.1.5", roles, "Tablet")
    return await handler(request)


class House:
    """The files of two rooms behind a port; the attic is for nobody here."""

    def __init__(self, folder: Path) -> None:
        self.audit = AuditLog(folder)
        rule = {"who": "Anna", "may": "listen", "streams": "Attic"}
        rules = HouseRules([Rule.parse(rule, "rules[0]")])
        self.files = SoundFiles(folder, LookbackSettings(clip_age_s=1e10))
        app = web.Application(middlewares=[as_tested])
        ClipApi(self.files, Roll(Limits(NO_LIMITS), rules, self.audit)).add_routes(app)
        self.server = HttpServer(app, 0, "signaling_port", hosts=["127.0.0.1"])

    async def keep(self, stream: str, at: float = AT, kind: str = "cry") -> SoundFile:
        return await keep(self.files, stream, kind, at)

    async def noted(self) -> list[tuple[str, str]]:
        entries = (await self.audit.page()).entries
        return [(entry["event"], entry["action"]) for entry in entries]


@asynccontextmanager
async def house_in(folder: Path) -> AsyncIterator[tuple[House, ClientSession]]:
    house = House(folder)
    async with house.files, house.server:
        url = f"http://127.0.0.1:{house.server.port}"
        async with ClientSession(url) as session:
            yield house, session


async def test_who_may_hear_a_stream_sees_and_hears_what_was_kept(
    tmp_path: Path,
) -> None:
    """The newest first; what a rule keeps from it does not exist."""
    async with house_in(tmp_path) as (house, session):
        old, new = await house.keep("nursery"), await house.keep("nursery", AT + 60)
        hall = await house.keep("hall", AT + 30, "recording")
        secret = await house.keep("attic")
        async with session.get("/api/clips") as answer:
            clips = (await answer.json())["clips"]
        assert [clip["id"] for clip in clips] == [new.id, hall.id, old.id]
        assert clips[1] == {
            "id": hall.id,
            "stream": "hall",
            "kind": "recording",
            "began_at": AT + 30,
            "duration_s": 0.92,
            "bytes": hall.bytes,
            "address": f"clips/{hall.id}.ogg",
        }
        async with session.get("/api/clips?stream=hall") as answer:
            assert len((await answer.json())["clips"]) == 1
        for id_ in (secret.id, "0" * 8, "..%2faudit"):
            async with session.get(f"/clips/{id_}.ogg") as answer:
                assert answer.status == 404


async def test_the_sound_is_a_file_that_players_know(tmp_path: Path) -> None:
    """In parts too, as browsers ask for it; for keeping it has a name. It is noted who had it."""
    async with house_in(tmp_path) as (house, session):
        file = await house.keep("nursery")
        whole = house.files.path_of(file).read_bytes()
        async with session.get(f"/clips/{file.id}.ogg") as answer:
            assert answer.content_type == "audio/ogg"
            assert answer.headers["Cache-Control"] == "no-store"
            assert await answer.read() == whole
        part = {"Range": "bytes=4-9"}
        async with session.get(f"/clips/{file.id}.ogg", headers=part) as answer:
            assert (answer.status, await answer.read()) == (206, whole[4:10])
        async with session.get(f"/clips/{file.id}.ogg?download") as answer:
            assert 'filename="nursery-cry-20' in answer.headers["Content-Disposition"]
        assert await house.noted() == [("clip", "fetched")] * 3


async def test_what_somebody_deleted_in_the_folder_is_not_there(
    tmp_path: Path,
) -> None:
    """It is answered in words, and not noted as heard."""
    async with house_in(tmp_path) as (house, session):
        file = await house.keep("nursery")
        house.files.path_of(file).unlink()
        async with session.get(f"/clips/{file.id}.ogg") as answer:
            assert answer.status == 404
            assert (await answer.json())["code"] == "stream_not_found"
        assert await house.noted() == []


async def test_only_admins_delete(tmp_path: Path) -> None:
    """The handler declares it, and the door goes by that."""
    async with house_in(tmp_path) as (house, session):
        file = await house.keep("nursery")
        async with session.delete(f"/api/clips/{file.id}", headers=ADMIN) as answer:
            assert answer.status == 200
        assert house.files.all == []
        async with session.delete(f"/api/clips/{file.id}", headers=ADMIN) as answer:
            assert answer.status == 404
        assert await house.noted() == [("clip", "deleted")]
