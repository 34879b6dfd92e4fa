"""Tests of relay/web/refusals.py: who was turned away at a door is counted."""

import json
from pathlib import Path

from relay.web.audit import AuditLog
from tests.web.house import House


async def test_who_is_turned_away_is_counted(tmp_path: Path) -> None:
    """By address and reason; who is let in is not, nor who asks for what there is not."""
    async with House(audit=AuditLog(tmp_path)) as house:
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            for _ in range(3):
                async with house.session.get("/api/streams", headers=headers) as answer:
                    assert answer.status in (403, 421)
        for path in ("/api/streams", "/no-such-page"):
            async with house.session.get(path) as answer:
                assert answer.status in (200, 404)
    written = (tmp_path / "audit.jsonl").read_text().splitlines()
    refused = {
        (entry["address"], entry["why"]): entry["count"]
        for entry in map(json.loads, written)
    }
    assert refused == {
        ("127.0.0.1", "unknown_host_name"): 3,
        ("127.0.0.1", "forbidden"): 3,
    }
