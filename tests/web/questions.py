"""Questions that are made from the description of the API, and a house that has answers."""

import asyncio
import time
from collections.abc import AsyncIterator, Container, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from relay.consumers.alert_rule import AlertRule
from relay.events import SoundNoticed
from relay.features import SoundEvent, SoundEventKind
from relay.hub.identity import StreamName
from relay.web.access import IngressDoor
from relay.web.openapi import description
from tests.web.fake_history import FakeHistoryStore, second
from tests.web.fakes import AllAdminister
from tests.web.house import House
from tests.web.kept_sound import keep

NOON = 1_800_014_400
EXAMPLES = 10
NURSERY = ("nursery", "Nursery", "latest")


def strict(schema: Any) -> Any:
    """Return a description whose objects have the fields that it names, and no others."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    stricter = {name: strict(part) for name, part in schema.items()}
    return stricter | (
        {"additionalProperties": False} if "properties" in schema else {}
    )


OPERATIONS: dict[str, Any] = {
    operation.label: operation
    for operation in (
        found.ok()
        for found in schemathesis.openapi.from_dict(
            strict(description())
        ).get_all_operations()
    )
}
ENDLESS = {
    "GET /api/streams/{id}/features": "its answer lasts as long as the stream, which "
    "whoever reads a whole answer would wait for; test_openapi_analysis.py reads events"
}
"""Not asked at random, and why."""
AS_DESCRIBED = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def questions_about(paths: Container[str]) -> list[tuple[str, GenerationMode]]:
    """Return what can be asked: what keeps to the description, and what does not."""
    return [
        (label, mode)
        for label, operation in OPERATIONS.items()
        if operation.path in paths and label not in ENDLESS
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE
        or operation.body
        or list(operation.iter_parameters())
    ]


async def answer_as_described(folder: Path, label: str, mode: GenerationMode) -> None:
    """Ask some examples; among good questions is one with a good answer."""
    async with open_house(folder) as house:
        clips = [file.id for file in house.files.all]
        known = clips if "clips" in label else NURSERY
        seen = await asyncio.to_thread(_ask, label, mode, house.url, known)
    assert 403 not in seen
    if mode is GenerationMode.POSITIVE:
        assert seen & {200, 206}


def _ask(label: str, mode: GenerationMode, url: str, known: Sequence[str]) -> set[int]:
    """Return the statuses of the answers."""
    seen: set[int] = set()

    # What is made up stands for nothing; every other question is about something there is.
    @given(
        case=OPERATIONS[label].as_strategy(generation_mode=mode),
        address=st.one_of(st.sampled_from(known), st.none()),
    )
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any, address: str | None) -> None:
        if address is not None:
            case.path_parameters = dict.fromkeys(case.path_parameters, address)
        response = case.call(base_url=url)
        seen.add(response.status_code)
        case.validate_response(response, checks=[not_a_server_error, *AS_DESCRIBED])

    ask()
    return seen


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    """A nursery is on the air and recorded, and there is something of everything."""
    store = FakeHistoryStore()
    cry = SoundEvent("e", SoundEventKind.CRY, "nursery", "stream_1", NOON)
    await store.write([second(NOON), second(NOON + 1, stream="attic")], [cry])
    rule = AlertRule.parse({"streams": "*", "kinds": "cry"}, "alerts[0]")
    async with for_admins(
        history=store, data_dir=folder, lookback_s=60.0, alerts=[rule]
    ) as house:
        stream = house.relay.publish(StreamName.parse("Nursery"))
        await house.recordings.start(stream)
        house.events.publish(SoundNoticed(cry))
        assert house.alerts.recent, "there is one to describe"
        await keep(house.files, "nursery", "cry", time.time())
        yield house


@asynccontextmanager
async def for_admins(**options: Any) -> AsyncIterator[House]:
    """The way in is Home Assistant's door, where everybody may change things as well."""
    door = IngressDoor("127.0.0.1", 0, frozenset({"127.0.0.1"}), AllAdminister())
    async with House(ingress=door, **options) as house:
        object.__setattr__(door, "port", house.server.port)
        yield house
