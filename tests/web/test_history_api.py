"""The history over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError

from relay.features import FEATURE_NAMES, SoundEvent, SoundEventKind
from relay.web import history_api
from relay.web.access import Access, IngressDoor
from relay.web.audit import AuditLog
from relay.web.house_rules import HouseRules, Rule
from relay.web.own_names import OwnNames
from tests.web.fake_history import FakeHistoryStore, second
from tests.web.house import House

NOON = 1_800_014_400
CRY = SoundEvent("e1", SoundEventKind.CRY, "nursery", "stream_1", NOON + 5.0)
KIDS = Rule.parse({"who": "Anna", "may": "listen", "streams": "nursery"}, "rules[0]")


class Admins:
    """Anna administers."""

    async def ask(self) -> None:
        pass

    def include(self, user_id: str, name: str) -> bool:
        return name == "anna"


@asynccontextmanager
async def kept(
    *rows: Any, on: bool = True, **options: Any
) -> AsyncIterator[tuple[House, FakeHistoryStore]]:
    store = FakeHistoryStore()
    await store.write(rows, [CRY])
    async with House(history=store if on else None, **options) as house:
        yield house, store


async def get(house: House, path: str, status: int = 200, **parameters: Any) -> Any:
    async with house.session.get("/api/history" + path, params=parameters) as answer:
        assert answer.status == status, await answer.text()
        assert answer.headers["Cache-Control"] == "no-store"
        return await answer.json()


async def test_a_page_gets_columns_and_events() -> None:
    """With the step that was chosen, and null where nothing is known."""
    rows = [second(NOON, -40), second(NOON + 1, -20), second(NOON + 60, -30)]
    async with kept(*rows) as (house, _):
        table = await get(
            house,
            "",
            stream="nursery",
            **{"from": NOON, "to": NOON + 120, "step": 60},
            features="level_dbfs,pitch_hz",
        )
    assert table == {
        "stream": "nursery",
        "session": None,
        "from": NOON,
        "to": NOON + 120,
        "step": 60,
        "features": ["level_dbfs", "pitch_hz"],
        "times": [NOON, NOON + 60],
        "mean": {"level_dbfs": [-30, -30], "pitch_hz": [None, None]},
        "minimum": {"level_dbfs": [-40, -30], "pitch_hz": [None, None]},
        "maximum": {"level_dbfs": [-20, -30], "pitch_hz": [None, None]},
        "events": [
            {
                "id": "e1",
                "kind": "cry",
                "stream": "nursery",
                "session": "stream_1",
                "began_at": NOON + 5,
                "ended_at": None,
                "level_dbfs": None,
            }
        ],
    }


async def test_without_a_stream_there_are_all() -> None:
    """And a column that tells them apart."""
    async with kept(second(NOON), second(NOON, stream="attic")) as (house, _):
        table = await get(house, "", **{"from": NOON, "to": NOON + 10})
        assert (table["stream"], table["streams"]) == (None, ["attic", "nursery"])
        assert table["times"] == [NOON, NOON]


async def test_streams_are_listed_with_those_that_are_on_the_air() -> None:
    async with kept(second(NOON), second(NOON + 9), second(NOON, stream="attic")) as (
        house,
        _,
    ):
        await house.sender("Nursery")
        answer = await get(house, "/streams")
    listed = answer["streams"]
    assert answer["formats"] == ["json", "csv", "arrow", "parquet"]
    assert [(s["stream"], s["live"]) for s in listed] == [
        ("attic", False),
        ("nursery", True),
    ]
    assert listed[1] | {"name": None} == {
        "stream": "nursery",
        "name": None,
        "since": NOON,
        "until": NOON + 9,
        "sessions": 1,
        "live": True,
    }


async def test_the_newest_second_of_each_stream() -> None:
    """With all its numbers by their names."""
    async with kept(second(NOON, -1), second(NOON + 1, -2)) as (house, _):
        (row,) = (await get(house, "/latest"))["rows"]
    assert row.keys() == {"stream", "session", "captured_at", *FEATURE_NAMES}
    assert (row["captured_at"], row["level_dbfs"], row["pitch_hz"]) == (
        *(NOON + 1, -2),
        None,
    )


async def test_history_that_is_off_says_how_it_is_switched_on() -> None:
    async with kept(on=False) as (house, _):
        for path in ("", "/streams", "/latest"):
            answer = await get(house, path, status=404)
            assert answer["code"] == "history_off"
            assert "'history'" in answer["message"]


async def test_a_store_that_is_away_is_not_the_clients_fault() -> None:
    async with kept() as (house, store):
        store.broken = True
        answer = await get(house, "", status=503)
        assert answer == {"code": "history_unavailable", "message": "the store is away"}


async def test_what_is_wrong_is_said() -> None:
    async with kept() as (house, _):
        answer = await get(house, "", status=400, step="soon")
        assert answer["code"] == "bad_request"


@pytest.mark.parametrize(
    ("form", "type_"),
    [
        ("csv", "text/csv"),
        ("arrow", "application/vnd.apache.arrow.stream"),
        ("parquet", "application/vnd.apache.parquet"),
    ],
)
async def test_an_export_is_a_file(form: str, type_: str) -> None:
    """With a name that says what is in it."""
    async with kept(second(NOON), second(NOON + 1)) as (house, _):
        wish = {"format": form, "stream": "nursery", "from": NOON, "to": NOON + 60}
        async with house.session.get("/api/history", params=wish) as answer:
            assert answer.status == 200
            assert answer.content_type == type_
            name = f"history-nursery-{NOON}-{NOON + 60}.{form}"
            disposition = answer.headers["Content-Disposition"]
            assert disposition == f'attachment; filename="{name}"'
            data = await answer.read()
    if form == "csv":
        assert data.decode().splitlines()[1].startswith("2027-01-15T12:00:00Z,nursery,")


async def test_a_long_export_is_asked_for_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the first second that there is to the last; no more than a part is in memory."""
    monkeypatch.setattr(history_api, "ROWS_PER_PART", 10)
    rows = [second(NOON + number) for number in range(35)]
    async with kept(*rows) as (house, store):
        wish = {"format": "csv", "from": 0, "to": 2 * NOON}
        async with house.session.get("/api/history", params=wish) as answer:
            assert len((await answer.text()).splitlines()) == 36
    assert [query.until - query.since for query in store.queries] == [10] * 4


async def test_only_some_export_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who come later are told so, and the place is free afterwards."""
    monkeypatch.setattr(history_api, "EXPORTS_AT_ONCE", 1)
    async with kept(second(NOON)) as (house, store):
        held, go_on = asyncio.Event(), asyncio.Event()
        ask = store.table

        async def slowly(query: Any) -> Any:
            held.set()
            await go_on.wait()
            return await ask(query)

        store.table = slowly  # type: ignore[method-assign]
        wish = {"format": "csv", "from": NOON, "to": NOON + 60}

        async def export() -> str:
            async with house.session.get("/api/history", params=wish) as answer:
                return await answer.text()

        first = asyncio.create_task(export())
        await held.wait()
        refused = await get(house, "", status=503, **wish)
        assert refused["code"] == "capacity_exceeded"
        go_on.set()
        assert len((await first).splitlines()) == 2
        assert len((await export()).splitlines()) == 2


async def test_a_store_that_fails_in_the_middle_breaks_the_file_off() -> None:
    """Nobody takes half a file for a whole one, and the place is free again."""
    async with kept(second(NOON)) as (house, store):

        async def fail(_: Any) -> Any:
            store.broken = True
            await store.latest()

        store.table = fail  # type: ignore[method-assign]
        wish = {"format": "csv", "from": NOON, "to": NOON + 60}
        for _ in range(3):
            store.broken = False
            async with house.session.get("/api/history", params=wish) as answer:
                with pytest.raises(ClientPayloadError):
                    await answer.read()


async def test_a_rule_of_the_house_hides_streams() -> None:
    """From lists as from answers; who asks for one by name is told why."""
    rows = [second(NOON), second(NOON, stream="attic")]
    async with kept(*rows, rules=HouseRules([KIDS])) as (house, _):
        listed = (await get(house, "/streams"))["streams"]
        assert [stream["stream"] for stream in listed] == ["attic"]
        latest = (await get(house, "/latest"))["rows"]
        assert [row["stream"] for row in latest] == ["attic"]
        table = await get(house, "", **{"from": NOON, "to": NOON + 10})
        assert table["streams"] == ["attic"]
        assert len(table["mean"]["level_dbfs"]) == 1
        assert table["events"] == []
        refused = await get(house, "", status=403, stream="nursery")
        assert refused["code"] == "not_allowed"


async def test_only_an_admin_may_have_something_forgotten(tmp_path: Path) -> None:
    """It is noted who did that; at home alone is not enough."""
    door = IngressDoor("127.0.0.1", 0, frozenset({"127.0.0.1"}), Admins())
    audit = AuditLog(tmp_path)
    wish = {"stream": "nursery", "from": NOON, "to": NOON + 1}
    async with kept(
        second(NOON),
        second(NOON + 1),
        audit=audit,
        access=Access(OwnNames(), ingress=door),
    ) as (house, store):
        async with house.session.delete("/api/history", params=wish) as answer:
            assert answer.status == 403
        object.__setattr__(door, "port", house.server.port)
        answers = []
        for user in ("ben", "anna"):
            headers = {"X-Remote-User-Id": user, "X-Remote-User-Name": user}
            async with house.session.delete(
                "/api/history", params=wish, headers=headers
            ) as answer:
                answers.append((answer.status, await answer.text()))
        assert [status for status, _ in answers] == [403, 200]
        assert json.loads(answers[1][1]) == {"deleted": 1}
        assert [at for _, at in store.rows] == [NOON + 1]
        async with house.session.delete(
            "/api/history", params={"stream": "nursery"}, headers=headers
        ) as answer:
            assert answer.status == 400
            assert "from and to" in (await answer.json())["message"]
        await audit.flush()
    (line,) = [
        entry
        for entry in map(
            json.loads, (tmp_path / "audit.jsonl").read_text().splitlines()
        )
        if entry["event"] == "forgot"
    ]
    assert (line["who"], line["stream"], line["rows"]) == ("anna", "nursery", 1)
