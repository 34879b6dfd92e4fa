"""Tests of relay/web/audit.py: who came in, who heard whom, who was turned away."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from relay.web import audit as audit_module
from relay.web.access import Access, IngressDoor
from relay.web.audit import AuditLog
from relay.web.own_names import OwnNames
from tests.sound_room import until
from tests.web.fakes import AllAdminister, FakeClock
from tests.web.guests import at_home, of_home_assistant, paired
from tests.web.house import House

TABLET = paired("Kitchen tablet")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def file_sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


async def test_what_happened_is_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    """A line each, with who, how far it was trusted, and from where."""
    async with AuditLog(tmp_path, wall_clock=FakeClock()) as audit:
        audit.came_in(TABLET)
        audit.heard(TABLET, "nursery", 312.51)
        audit.sent(of_home_assistant("Anna"), "nursery", 3600)
        audit.hushed(at_home(kind="VLC"), "nursery", "Anna")
        audit.cut(TABLET, "nursery", "not_allowed")
    path = tmp_path / "audit.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    tablet = {"who": "Kitchen tablet", "trust": "paired", "address": "192.168.1.30"}
    assert lines(path) == [
        {"at": 1000.0, "event": "came_in", **tablet},
        {
            "at": 1000.001,
            "event": "heard",
            **tablet,
            "stream": "nursery",
            "seconds": 312.5,
        },
        {
            "at": 1000.002,
            "event": "sent",
            "who": "Anna",
            "trust": "ingress",
            "address": "172.30.32.2",
            "stream": "nursery",
            "seconds": 3600,
        },
        {
            "at": 1000.003,
            "event": "hushed",
            "who": "VLC",
            "trust": "lan",
            "address": "192.168.1.20",
            "stream": "nursery",
            "by": "Anna",
        },
        {
            "at": 1000.004,
            "event": "cut",
            **tablet,
            "stream": "nursery",
            "why": "not_allowed",
        },
    ]


async def test_a_flood_of_refusals_is_a_line(tmp_path: Path) -> None:
    """For each address and reason, and one for all addresses beyond a few."""
    async with AuditLog(tmp_path, wall_clock=FakeClock()) as audit:
        for _ in range(10_000):
            audit.refused("192.168.1.66", "forbidden")
        for number in range(1000):
            audit.refused(f"10.0.{number // 250}.{number % 250}", "forbidden")
    written = lines(tmp_path / "audit.jsonl")
    assert len(written) == audit_module.MAX_REFUSED_ADDRESSES + 1
    assert written[0] == {
        "at": 1000.0,
        "event": "refused",
        "address": "192.168.1.66",
        "why": "forbidden",
        "count": 10_000,
    }
    assert (written[-1]["address"], written[-1]["count"]) == ("others", 801)


async def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    """A file that is full becomes the old one, in place of the one before."""
    audit = AuditLog(tmp_path, max_bytes=2000)
    for _ in range(100):
        audit.came_in(TABLET)
        await audit.flush()
    sizes = file_sizes(tmp_path)
    assert sizes.keys() == {"audit.jsonl", "audit.old.jsonl"}
    assert max(sizes.values()) <= 2000


async def test_pages(tmp_path: Path) -> None:
    """The newest first, over both files; each line once; the last page says so."""
    audit = AuditLog(tmp_path, wall_clock=FakeClock(), max_bytes=6000)
    for number in range(50):
        audit.heard(TABLET, "nursery", number)
        await audit.flush()
    seen: list[float] = []
    before: float | None = None
    while True:
        page = await audit.page(before, limit=7)
        seen += [entry["seconds"] for entry in page.entries]
        before = page.before
        if before is None:
            break
    assert seen == list(range(49, -1, -1))
    assert audit.old_path is not None
    assert audit.old_path.exists()


async def test_a_line_half_written_is_passed_over(tmp_path: Path) -> None:
    """A power cut leaves one; what came before and after is read."""
    audit = AuditLog(tmp_path)
    audit.came_in(TABLET)
    await audit.flush()
    assert audit.path is not None
    with audit.path.open("a") as file:
        file.write('{"at": 17, "ev\n[]\n')
    audit.came_in(TABLET)
    assert len((await audit.page()).entries) == 2


async def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Lines wait for it, as many as may; one warning, and nothing else happens."""
    folder = tmp_path / "gone"
    audit = AuditLog(folder)
    with caplog.at_level(logging.WARNING):
        for _ in range(audit_module.MAX_WAITING + 5):
            audit.came_in(TABLET)
        await audit.flush()
        await audit.flush()
    warnings = [r for r in caplog.records if r.name == audit_module.__name__]
    assert len(warnings) == 1
    assert audit.dropped == 5
    folder.mkdir()
    await audit.flush()
    assert len(lines(folder / "audit.jsonl")) == audit_module.MAX_WAITING


async def test_it_is_written_while_life_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon, by itself, and off the event loop; refusals once in a while."""
    monkeypatch.setattr(audit_module, "WRITE_EVERY_S", 0.01)
    monkeypatch.setattr(audit_module, "REFUSALS_EVERY_S", 0.05)
    path = tmp_path / "audit.jsonl"
    async with AuditLog(tmp_path) as audit:
        audit.came_in(TABLET)
        await until(path.exists)
        audit.refused("192.168.1.66", "forbidden")
        await until(lambda: len(lines(path)) == 2)


async def test_leaving_twice_writes_once(tmp_path: Path) -> None:
    async with AuditLog(tmp_path) as audit:
        audit.came_in(TABLET)
        await audit.close()
    await audit.close()
    assert len(lines(tmp_path / "audit.jsonl")) == 1


async def test_without_a_folder_nothing_is_kept() -> None:
    async with AuditLog(None) as audit:
        audit.came_in(TABLET)
        assert (await audit.page()).entries == ()


async def test_it_is_for_admins(tmp_path: Path) -> None:
    """Who is at home may hear, and learns nothing of who else did."""
    async with House(audit=AuditLog(tmp_path)) as house:
        await house.client()
        async with house.session.get("/api/audit") as answer:
            assert answer.status == 403


async def test_an_admin_reads_it(tmp_path: Path) -> None:
    """Page by page; what is no number is answered in words."""
    door = IngressDoor("127.0.0.1", 0, frozenset({"127.0.0.1"}), AllAdminister())
    access = Access(OwnNames(), ingress=door)
    async with House(audit=AuditLog(tmp_path), access=access) as house:
        object.__setattr__(door, "port", house.server.port)
        anna = {"X-Remote-User-Display-Name": "Anna"}
        for _ in range(3):
            await (await house.socket(headers=anna)).leave()
        await asyncio.sleep(0)
        async with house.session.get("/api/audit?limit=2") as answer:
            first = await answer.json()
            assert answer.headers["Cache-Control"] == "no-store"
        assert [entry["who"] for entry in first["entries"]] == ["Anna", "Anna"]
        before = first["before"]
        async with house.session.get(f"/api/audit?before={before}") as answer:
            rest = await answer.json()
        assert (len(rest["entries"]), rest["before"]) == (1, None)
        for query in ("limit=x", "before=x"):
            async with house.session.get(f"/api/audit?{query}") as answer:
                assert answer.status == 400
