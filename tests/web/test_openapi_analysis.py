"""The description of the analysis says what is so: questions are made from it and asked."""

from math import nan
from pathlib import Path

import jsonschema_rs
import pytest
from schemathesis.generation import GenerationMode

from relay.events import SecondMeasured, SoundNoticed
from relay.hub.identity import StreamName
from relay.web import openapi_analysis
from relay.web.openapi import description
from relay.web.openapi_analysis import EVENTS
from relay.web.openapi_operation import ref
from tests.consumers.found import feature_row, frame_features, sound_event
from tests.web.house import House
from tests.web.questions import (
    ENDLESS,
    OPERATIONS,
    answer_as_described,
    questions_about,
    strict,
)
from tests.web.test_feature_feed import following, next_event

FEED = "GET /api/streams/{id}/features"


@pytest.mark.parametrize(("label", "mode"), questions_about(openapi_analysis.paths()))
async def test_answers_are_as_described(
    tmp_path: Path, label: str, mode: GenerationMode
) -> None:
    """To questions that keep to the description, and to those that do not."""
    await answer_as_described(tmp_path, label, mode)


async def test_events_are_as_described(house: House) -> None:
    """The answer has no end that one could wait for, so its events are read one by one."""
    components = {"components": strict(description()["components"])}
    content = OPERATIONS[FEED].definition.raw["responses"]["200"]["content"]
    stream = house.relay.publish(StreamName.parse("Nursery"))
    async with following(house, "nursery") as answer:
        assert [answer.content_type] == list(content)
        told = []
        for publish in (
            lambda: house.place.streams[stream.id].frame(frame_features(pitch_hz=nan)),
            lambda: house.events.publish(SecondMeasured(feature_row(stream.id))),
            lambda: house.events.publish(SoundNoticed(sound_event(stream.id))),
            lambda: house.relay.end(stream, "stopped"),
        ):
            publish()
            kind, data = await next_event(answer)
            jsonschema_rs.validate(components | ref(EVENTS[kind]), data)
            told.append(kind)
    assert told == list(EVENTS)


def test_only_what_has_no_end_is_not_asked_at_random() -> None:
    endless = [
        label
        for label, operation in OPERATIONS.items()
        if "text/event-stream"
        in operation.definition.raw["responses"]["200"]["content"]
    ]
    assert list(ENDLESS) == endless == [FEED]
