"""The workflows, as far as they can be read; running them needs GitHub."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = json.loads((ROOT / "config.json").read_text())
FOLDER = ROOT / ".github" / "workflows"
PUBLISH, LINT = FOLDER / "publish.yml", FOLDER / "lint.yml"

each_workflow = pytest.mark.parametrize("path", [PUBLISH, LINT], ids=lambda p: p.name)


def jobs_of(path: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(path.read_text())["jobs"]
    return jobs


def steps_of(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs_of(path).values():
        yield from job["steps"]


def test_these_are_all():
    """A new one is to be looked at here as well."""
    assert set(FOLDER.iterdir()) == {PUBLISH, LINT}


@each_workflow
def test_what_others_wrote_is_pinned_by_version(path: Path):
    """Not by a branch, which is another one tomorrow."""
    for step in steps_of(path):
        if "uses" in step:
            assert re.search(r"@v?\d+\.\d+(\.\d+)?$", step["uses"]), step["uses"]


@each_workflow
def test_it_may_read_and_nothing_more(path: Path):
    """Unless a job says what else it needs; the key of the checkout stays nowhere."""
    assert yaml.safe_load(path.read_text())["permissions"] == {"contents": "read"}
    for step in steps_of(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


@each_workflow
def test_no_foreign_text_gets_into_a_shell(path: Path):
    """The name of a branch or tag is anybody's: it goes through the environment."""
    for step in steps_of(path):
        assert "${{" not in step.get("run", "")


def test_only_a_tag_publishes():
    """And only one that is the manifest's version, for every kind of machine in it."""
    text = PUBLISH.read_text()
    # YAML takes the word "on" for a truth.
    assert yaml.safe_load(text)[True] == {"push": {"tags": ["v*"]}}
    jobs = jobs_of(PUBLISH)
    assert "version" in jobs["image"]["needs"]
    built = [entry["arch"] for entry in jobs["image"]["strategy"]["matrix"]["include"]]
    named = jobs["manifest"]["steps"][0]["with"]["architectures"]
    assert sorted(built) == sorted(json.loads(named)) == sorted(MANIFEST["arch"])


def test_every_change_is_tried_as_a_whole():
    """By the one script that does it here, too."""
    commands = [step.get("run") for step in steps_of(LINT)]
    assert ".ci/run" in commands
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
