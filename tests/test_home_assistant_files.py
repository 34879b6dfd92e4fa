"""The integration's and the blueprints' files, as far as they can be read without Home Assistant."""

import ast
import json
import re
import struct
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay import __version__
from relay.adapters.mdns import TYPE
from relay.adapters.supervisor_discovery import SERVICE

ROOT = Path(__file__).resolve().parent.parent
INTEGRATION = ROOT / "custom_components" / "earshot"
BLUEPRINTS = sorted((ROOT / "blueprints").rglob("*.yaml"))
MANIFEST = json.loads((INTEGRATION / "manifest.json").read_text())
TEXTS = json.loads((INTEGRATION / "translations" / "en.json").read_text())
CODE = {path.name: path.read_text() for path in INTEGRATION.glob("*.py")}

BRONZE = {
    "action-setup",
    "appropriate-polling",
    "brands",
    "common-modules",
    "config-flow",
    "config-flow-test-coverage",
    "dependency-transparency",
    "docs-actions",
    "docs-conditions",
    "docs-high-level-description",
    "docs-installation-instructions",
    "docs-removal-instructions",
    "docs-triggers",
    "entity-event-setup",
    "entity-unique-id",
    "has-entity-name",
    "runtime-data",
    "test-before-configure",
    "test-before-setup",
    "unique-config-entry",
}


class Loader(yaml.SafeLoader):
    """Knows the one tag that blueprints have of their own."""


def as_input(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> dict[str, str]:
    return {"input": str(loader.construct_scalar(node))}


Loader.add_constructor("!input", as_input)


def inputs_in(part: Any) -> set[str]:
    """Return the names of the inputs that are used anywhere in a blueprint."""
    if isinstance(part, list):
        return set().union(*map(inputs_in, part))
    if isinstance(part, dict):
        if set(part) == {"input"} and isinstance(part["input"], str):
            return {part["input"]}
        return set().union(*map(inputs_in, part.values()))
    return set()


def keywords(name: str) -> set[str]:
    """Return every text that is given under a name, as in ``name="..."``."""
    return {
        node.value.value
        for code in CODE.values()
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.keyword)
        and node.arg == name
        and isinstance(node.value, ast.Constant)
    }


def test_the_integration_is_of_the_programs_version() -> None:
    """Somebody who has both knows from the number whether they fit."""
    assert MANIFEST["version"] == __version__


def test_it_needs_nothing_but_home_assistant() -> None:
    assert MANIFEST["requirements"] == []


def test_it_is_found_by_what_the_server_says() -> None:
    """By the same names on both sides."""
    assert MANIFEST["zeroconf"] == [TYPE]
    assert MANIFEST["domain"] == SERVICE == INTEGRATION.name
    app = json.loads((ROOT / "config.json").read_text())
    assert app["discovery"] == [SERVICE]


def test_every_rule_of_bronze_is_followed() -> None:
    """Each done, or with a reason why there is nothing to do."""
    rules = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text())["rules"]
    assert MANIFEST["quality_scale"] == "bronze"
    assert set(rules) >= BRONZE
    for name in BRONZE:
        rule = rules[name]
        assert rule == "done" or (rule["status"] == "exempt" and rule["comment"]), name


def test_every_exception_has_a_text_and_every_text_an_exception() -> None:
    raised = keywords("translation_key") | set(
        re.findall(r'_invalid\("(\w+)"\)', CODE["services.py"])
    )
    raised |= {"hush_failed", "hush_not_allowed", "mute_failed", "mute_not_allowed"}
    assert raised == set(TEXTS["exceptions"])


def test_every_step_and_error_of_the_flow_has_a_text() -> None:
    code = CODE["config_flow.py"]
    steps = set(re.findall(r"async_step_(\w+)\(", code)) - {
        "hassio",
        "zeroconf",
        "reauth",
    }
    assert steps == set(TEXTS["config"]["step"])
    errors = set(re.findall(r'errors\["base"\] = "(\w+)"', code))
    errors |= {"wrong_code", "not_let_in"}
    assert errors == set(TEXTS["config"]["error"])
    aborts = set(re.findall(r'reason="(\w+)"', code))
    assert aborts <= set(TEXTS["config"]["abort"])


def test_every_issue_has_a_text() -> None:
    (kinds,) = re.findall(r"^KINDS = (.+)$", CODE["repairs.py"], re.MULTILINE)
    (other,) = re.findall(r'^ISSUE = "(\w+)"', CODE["card.py"], re.MULTILINE)
    assert {*ast.literal_eval(kinds), other} == set(TEXTS["issues"])


def test_every_entity_has_a_name_and_a_picture() -> None:
    """What has a device class has the picture of that."""
    icons = json.loads((INTEGRATION / "icons.json").read_text())
    for platform, entities in TEXTS["entity"].items():
        used = set(re.findall(r'room, "(\w+)"\)', CODE[f"{platform}.py"]))
        assert used == set(entities)
        without = {"voice", "last_heard"}
        assert used - without == set(icons["entity"][platform])


def test_every_action_is_described() -> None:
    """With each of its fields, in both files."""
    actions = yaml.safe_load((INTEGRATION / "services.yaml").read_text())
    icons = json.loads((INTEGRATION / "icons.json").read_text())
    assert set(actions) == set(TEXTS["services"]) == set(icons["services"])
    for name, action in actions.items():
        assert set(action["fields"]) == set(TEXTS["services"][name]["fields"])
        for field in action["fields"]:
            assert f'("{field}"' in CODE["services.py"]


def test_texts_are_written_out() -> None:
    """References between texts are resolved in Home Assistant's own integrations alone."""
    assert "[%key" not in json.dumps(TEXTS)


def test_the_brand_has_a_picture() -> None:
    data = (INTEGRATION / "brand" / "icon.png").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert width == height


def test_hacs_finds_what_it_asks_for() -> None:
    """One integration below custom_components, a name, and how new Home Assistant has to be."""
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert set(hacs) == {"name", "homeassistant"}
    others = {p.name for p in INTEGRATION.parent.iterdir() if p.is_dir()}
    assert others - {"__pycache__"} == {"earshot"}


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_a_blueprint_uses_every_input_and_no_other(path: Path) -> None:
    """And each input has a name, words and a selector."""
    content = yaml.load(path.read_text(), Loader)
    blueprint = content.pop("blueprint")
    assert blueprint["domain"] == "automation"
    assert blueprint["source_url"].endswith(path.relative_to(ROOT).as_posix())
    inputs = blueprint["input"]
    assert inputs_in(content) == set(inputs)
    for described in inputs.values():
        assert {"name", "description", "selector"} <= set(described)


def test_the_blueprints_are_in_the_documentation() -> None:
    docs = (ROOT / "DOCS.md").read_text()
    for path in BLUEPRINTS:
        assert path.relative_to(ROOT).as_posix() in docs
