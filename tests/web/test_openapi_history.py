"""The description of the history says what is so: questions are made from it and asked."""

from pathlib import Path

import pytest
from schemathesis.generation import GenerationMode

from relay.web import openapi_history
from tests.web.questions import answer_as_described, questions_about


@pytest.mark.parametrize(("label", "mode"), questions_about(openapi_history.paths()))
async def test_answers_are_as_described(
    tmp_path: Path, label: str, mode: GenerationMode
) -> None:
    """To questions that keep to the description, and to those that do not."""
    await answer_as_described(tmp_path, label, mode)
