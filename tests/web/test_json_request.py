"""JSON that comes in over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.web import json_request
from relay.web.json_request import MAX_BODY_BYTES
from tests.web.gate_house import gate_house


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_message"),
        (b"{", 400, "malformed_message"),
        (b"[]", 400, "malformed_message"),
        (b"\xff", 400, "malformed_message"),
        (b"[" * MAX_BODY_BYTES, 400, "malformed_message"),
        (b'{"code": 1, "name": "x"}', 400, "malformed_message"),
        (b" " * (MAX_BODY_BYTES + 1), 413, "message_too_large"),
    ],
)
async def test_what_is_no_small_object_is_refused(
    tmp_path: Path, body: bytes, status: int, code: str
) -> None:
    """In words, and whoever sent it."""
    async with gate_house(tmp_path) as gates:
        told = await gates.person().ask("POST", "/api/pair", data=body)
        assert told[0] == status
        assert told[1]["code"] == code
        assert told[1]["message"]


async def test_a_body_without_a_length_is_bounded_too(tmp_path: Path) -> None:
    async def much() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    async with gate_house(tmp_path) as gates:
        told = await gates.person().ask("POST", "/api/pair", data=much())
        assert told[0] == 413


async def test_a_body_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_request, "BODY_TIMEOUT_S", 0.05)
    over = asyncio.Event()

    async def nothing() -> AsyncIterator[bytes]:
        yield b"{"
        await over.wait()

    async with gate_house(tmp_path) as gates:
        told = await gates.person().ask("POST", "/api/pair", data=nothing())
        over.set()
        assert told[0] == 400
        assert "in time" in told[1]["message"]


async def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    """The log says which folder it is."""
    async with gate_house(tmp_path) as gates:
        admin = await gates.admin()
        (tmp_path / "devices.partial").mkdir()
        status, told = await admin.ask("POST", "/api/devices", {"name": "Sonos"})
        assert status == 507
        assert "data folder" in told["message"]
        (tmp_path / "devices.partial").rmdir()
