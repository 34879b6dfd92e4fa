"""How everything is refused: each refusal that is described happens, and is as described."""

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from relay.consumers import analysis_modes, recordings
from relay.hub.identity import StreamName
from relay.web import feature_feed
from relay.web.house_rules import HouseRules, Rule
from relay.web.json_request import MAX_BODY_BYTES
from relay.web.openapi_operation import REFUSALS
from tests.web.fake_history import FakeHistoryStore
from tests.web.gate_house import gate_house
from tests.web.house import House
from tests.web.questions import AS_DESCRIBED, OPERATIONS, for_admins, open_house

MODE = "PUT /api/streams/{name}/analysis"
SWITCH = "PUT /api/streams/{name}/lookback"
CLIP = "GET /clips/{id}.ogg"

TIME = {"from": "0", "to": "1800014460"}
QUESTIONS: dict[str, dict[str, Any]] = {
    MODE: {"body": {"mode": "always"}},
    SWITCH: {"body": {"enabled": True}},
    "DELETE /api/history": {"query": {"stream": "nursery"} | TIME},
}
"""What is asked of those that have to be told something."""

LARGE = {"body": {"mode": "x" * MAX_BODY_BYTES}}
SPECIAL: dict[str, dict[str, dict[str, Any]]] = {
    "400": {
        MODE: {"body": {"mode": "sometimes"}},
        SWITCH: {"body": {}},
        "GET /api/history": {"query": {"step": "0"}},
        "DELETE /api/history": {"query": {"stream": "nursery"}},
    },
    "413": {MODE: LARGE, SWITCH: LARGE},
    "416": {CLIP: {"headers": {"Range": "bytes=999999-"}}},
    "501": {"GET /api/history": {"query": {"format": "parquet"}}},
}
"""What is asked instead, to be refused so."""

Place = tuple[House, dict[str, str]]
"""A house, and the headers of who asks there."""


@asynccontextmanager
async def among_strangers(folder: Path) -> AsyncIterator[Place]:
    async with gate_house(folder) as gates:
        yield gates.house, {}


@asynccontextmanager
async def as_a_monitor(folder: Path) -> AsyncIterator[Place]:
    """Who was let in for something else."""
    async with gate_house(folder) as gates:
        admin = await gates.admin()
        _, told = await admin.ask("POST", "/api/monitors", {"name": "Prometheus"})
        yield gates.house, {"Authorization": f"Bearer {told['key']}"}


@asynccontextmanager
async def after_many_attempts(folder: Path) -> AsyncIterator[Place]:
    wrong = {"Authorization": "Bearer wrong"}
    async with gate_house(folder, exempt=False) as gates:
        for _ in range(5):
            await gates.person().status("GET", "/api/streams", headers=wrong)
        yield gates.house, wrong


@asynccontextmanager
async def under_another_name(_: Path) -> AsyncIterator[Place]:
    async with House() as house:
        yield house, {"Host": "evil.example"}


@asynccontextmanager
async def where_nothing_is(_: Path) -> AsyncIterator[Place]:
    async with for_admins() as house:
        yield house, {}


@asynccontextmanager
async def at_home(folder: Path) -> AsyncIterator[Place]:
    async with open_house(folder) as house:
        yield house, {}


@asynccontextmanager
async def without_packages(folder: Path) -> AsyncIterator[Place]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pyarrow", None)
        async with open_house(folder) as house:
            yield house, {}


@asynccontextmanager
async def where_no_room_is(folder: Path) -> AsyncIterator[Place]:
    """And where the history is away."""
    async with open_house(folder) as house:
        await stop_recording(house)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(recordings, "MAX_RECORDINGS", 0)
            patch.setattr(analysis_modes, "MAX_CHOICES", 0)
            patch.setattr(feature_feed, "MAX_FEEDS", 0)
            patch.setattr(FakeHistoryStore, "broken", True)
            yield house, {}


@asynccontextmanager
async def on_a_broken_disk(folder: Path) -> AsyncIterator[Place]:
    """Folders are where files are to be written or deleted."""

    def fail(_: Path) -> None:
        raise OSError("Input/output error")

    async with open_house(folder) as house:
        await stop_recording(house)
        (folder / analysis_modes.FILE_NAME).mkdir()
        [file] = house.files.all
        clip = house.files.path_of(file)
        clip.unlink()
        clip.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shutil, "disk_usage", fail)
            yield house, {}


async def stop_recording(house: House) -> None:
    recording = house.recordings.of("nursery")
    assert recording is not None
    await recording.stop()


PLACES: dict[str, Callable[[Path], AbstractAsyncContextManager[Place]]] = {
    "400": at_home,
    "401": among_strangers,
    "403": as_a_monitor,
    "404": where_nothing_is,
    "413": at_home,
    "416": at_home,
    "421": under_another_name,
    "429": after_many_attempts,
    "501": without_packages,
    "503": where_no_room_is,
    "507": on_a_broken_disk,
}


@pytest.mark.parametrize("status", sorted({r.status for r in REFUSALS.values()}))
async def test_refusals_are_as_described(tmp_path: Path, status: str) -> None:
    """Every operation that says that it may be refused so is."""
    async with PLACES[status](tmp_path) as (house, headers):
        clips = [file.id for file in house.files.all] or ["00000000"]
        for label, operation in OPERATIONS.items():
            if status in operation.definition.raw["responses"]:
                said = QUESTIONS.get(label, {}) | SPECIAL.get(status, {}).get(label, {})
                address = clips[-1] if "clips" in label else "nursery"
                answer = await ask(operation, house, address, headers, said)
                assert answer == int(status), label


async def test_rules_of_the_house_are_told_in_json(tmp_path: Path) -> None:
    """A door is passed, and a handler knows that this stream is for somebody else."""
    attic = Rule.parse({"who": "Anna", "may": "listen", "streams": "Attic"}, "rules[0]")
    async with House(rules=HouseRules([attic])) as house:
        house.relay.publish(StreamName.parse("Attic"))
        for label, operation in OPERATIONS.items():
            if any(word in label for word in ("features", "lookback", "recording")):
                said = QUESTIONS.get(label, {})
                assert await ask(operation, house, "attic", {}, said) == 403, label


async def ask(
    operation: Any,
    house: House,
    address: str,
    headers: dict[str, str],
    said: dict[str, Any],
) -> int:
    """Return the status of an answer that is as it is described."""
    case = operation.Case(
        path_parameters=dict.fromkeys(
            (p.name for p in operation.path_parameters), address
        ),
        media_type="application/json" if "body" in said else None,
        **said,
    )
    response = await asyncio.to_thread(case.call, base_url=house.url, headers=headers)
    case.validate_response(response, checks=AS_DESCRIBED)
    return int(response.status_code)
