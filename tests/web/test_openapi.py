"""The description of the API says what is so: questions are made from it and asked."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from relay.features import SoundEvent, SoundEventKind
from relay.web.access import IngressDoor
from relay.web.openapi import PATH, description
from tests.web.fake_history import FakeHistoryStore, second
from tests.web.fakes import AllAdminister
from tests.web.house import House

NOON = 1_800_014_400
EXAMPLES = 10

OPERATIONS = {
    operation.label: operation
    for operation in (
        found.ok()
        for found in schemathesis.openapi.from_dict(description()).get_all_operations()
    )
}
AS_DESCRIBED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


QUESTIONS = [
    (label, mode)
    for label, operation in OPERATIONS.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or list(operation.iter_parameters())
]


@pytest.mark.parametrize(("label", "mode"), QUESTIONS)
async def test_answers_are_as_described(label: str, mode: GenerationMode) -> None:
    """To questions that keep to the description, and to those that do not."""
    store = FakeHistoryStore()
    event = SoundEvent("e", SoundEventKind.CRY, "nursery", "stream_1", NOON)
    await store.write([second(NOON), second(NOON + 1, stream="attic")], [event])
    # By Home Assistant's door, where everybody may delete as well.
    door = IngressDoor("127.0.0.1", 0, frozenset({"127.0.0.1"}), AllAdminister())
    async with House(history=store, ingress=door) as house:
        object.__setattr__(door, "port", house.server.port)
        await asyncio.to_thread(_ask, OPERATIONS[label], mode, house.url)


def _ask(operation: Any, mode: GenerationMode, url: str) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        response = case.call(base_url=url)
        assert response.status_code != 403
        case.validate_response(response, checks=AS_DESCRIBED)

    ask()


async def test_the_description_is_served() -> None:
    """It holds nothing of the house."""
    async with House() as house, house.session.get(PATH) as answer:
        assert await answer.json() == description()


async def test_what_is_described_is_there() -> None:
    """Every path with its method."""
    async with House() as house:
        app = house.server._runner.app
        routes = {(r.method.lower(), r.resource.canonical) for r in app.router.routes()}
        for path, operations in description()["paths"].items():
            assert {(method, path) for method in operations} <= routes
