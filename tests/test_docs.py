"""The documents say what the code does, as far as that can be checked."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import relay.errors
from relay import __version__
from relay.errors import RelayError
from relay.option_schema import check
from relay.signaling.client_messages import CLIENT_MESSAGES
from relay.signaling.server_messages import SERVER_MESSAGES
from relay.signaling.state import TRANSITIONS, SignalingState
from tests.faults.catalogue import ROWS
from tests.faults.fault_sheet import BEGIN, END, FaultSheet

ROOT = Path(__file__).resolve().parent.parent
MANIFEST: dict[str, Any] = json.loads((ROOT / "config.json").read_text())
OPTIONS = set(MANIFEST["schema"])
DOCS = (ROOT / "DOCS.md").read_text()
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda page: str(page)
)


SNIPPETS = re.findall(r"^```yaml\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
each_snippet = pytest.mark.parametrize(
    "snippet", SNIPPETS, ids=lambda text: text.partition("\n")[0]
)


def chapter(text: str, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def anchor(heading: str) -> str:
    """Return the address that a heading gets in a rendered page."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_manual_begins_with_what_one_may_want():
    """Every chapter can be reached from the first table; the words alone explain themselves."""
    begin, *chapters = re.split(r"^## (.+)$", DOCS, flags=re.MULTILINE)
    headings = list(map(anchor, chapters[::2]))
    assert headings[0] == "the-shortest-way-to-first-sound"
    assert {*headings} - {*re.findall(r"\(#([\w-]+)\)", begin)} == {"words"}


def actions_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the steps that call an action of Home Assistant, however deep they are."""
    if isinstance(value, dict):
        if "action" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from actions_in(inner)


@each_snippet
def test_what_can_be_copied_from_the_manual_is_right(snippet: str):
    """It is YAML; options pass the schema; an action of Home Assistant has a target and data."""
    fields = yaml.safe_load(snippet)
    if OPTIONS & set(fields):
        assert check(MANIFEST["schema"], MANIFEST["options"] | fields)[1] == []
    for step in actions_in(fields):
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", step["action"])
        if step["action"] == "earshot.announce":
            entities = step["data"]["media_players"]
        else:
            entities = step["target"]["entity_id"]
        for entity in [entities] if isinstance(entities, str) else entities:
            assert entity.startswith("media_player.")
        if step["action"] == "media_player.play_media":
            assert {"media_content_type", "media_content_id"} <= set(step["data"])


@each_snippet
def test_addresses_in_snippets_lead_to_a_stream(snippet: str):
    """On the port that is the default, and in a format that there is."""
    port = MANIFEST["options"]["audio_port"]
    for address in re.findall(r"\S+//\S+/stream/\S+", snippet):
        place, _, wishes = address.partition("?")
        assert re.search(rf"://[\d.]+:{port}/stream/[a-z-]+\.mp3$", place)
        assert re.fullmatch(r"(bitrate=(64|96|128|192|320))?", wishes)


def test_every_option_has_a_heading_of_its_own():
    """And no heading is about an option that is gone."""
    headings = re.findall(r"^### `(\w+)`$", chapter(DOCS, "Options"), re.MULTILINE)
    assert sorted(headings) == sorted(OPTIONS)


@pytest.mark.parametrize("key", sorted(MANIFEST["options"]))
def test_an_options_default_stands_under_its_heading(key: str):
    """The manifest and the manual name the same default."""
    text = DOCS.split(f"### `{key}`\n")[1].split("\n#")[0].replace("\n", " ")
    default = MANIFEST["options"][key]
    written = str(default).lower() if isinstance(default, bool) else default
    expected = "Empty by default" if default == [] else f"Default `?{written}`?\\b"
    assert re.search(expected, text)


def test_every_option_has_a_name_and_a_description():
    """What Home Assistant shows beside the field, and `--help` beside the flag."""
    texts = json.loads((ROOT / "translations" / "en.json").read_text())
    assert set(texts) == {"configuration"}
    assert set(texts["configuration"]) == OPTIONS
    for text in texts["configuration"].values():
        assert set(text) == {"name", "description"}
        assert text["name"]
        assert text["description"].endswith(".")


def test_every_client_message_is_in_the_protocol():
    """By its type, in the table of what a client may say."""
    table = chapter(PROTOCOL, "Client to server")
    documented = {
        name
        for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", table, re.MULTILINE)
        for name in re.findall(r"\w+", row)
    }
    assert documented == set(CLIENT_MESSAGES)


def test_every_server_message_is_in_the_protocol():
    """By its type, in the table of what the server may say."""
    table = chapter(PROTOCOL, "Server to client")
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert documented == {message.type for message in SERVER_MESSAGES}


def test_every_error_code_is_in_the_protocol():
    """Except that of wrong settings: with those nobody serves."""
    codes = {
        error.code
        for error in vars(relay.errors).values()
        if isinstance(error, type) and issubclass(error, RelayError)
    }
    rows = re.findall(
        r"^\| (`\w+`(?:, `\w+`)*) \|", chapter(PROTOCOL, "Errors"), re.MULTILINE
    )
    documented = {code for row in rows for code in re.findall(r"\w+", row)}
    assert documented == codes - {"settings_error"}


def state_picture() -> str:
    """Draw the table of the signaling order; what every state allows is drawn once."""
    common = set.intersection(
        *({(m.type, to) for m, to in row.items()} for row in TRANSITIONS.values())
    )
    arrows: dict[tuple[str, str], list[str]] = defaultdict(list)
    for state, row in TRANSITIONS.items():
        for message, to in row.items():
            origin = "any" if (message.type, to) in common else state.value
            labels = arrows[origin, to.value]
            if message.type not in labels:
                labels.append(message.type)
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            '    state "in any state" as any',
            f"    [*] --> {SignalingState.IDLE.value}",
            *(
                f"    {origin} --> {to}: {', '.join(labels)}"
                for (origin, to), labels in arrows.items()
            ),
            "```",
        ]
    )


def test_the_picture_of_the_order_is_the_table():
    """If this fails, what it expects is to be put between the marks in the page."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    drawn = page.split("<!-- state:begin -->\n")[1].split("\n<!-- state:end -->")[0]
    assert drawn == state_picture()


def test_the_changelogs_newest_version_is_the_programs():
    """And so is the manifest's: Home Assistant offers the update by it."""
    newest = re.search(
        r"^## \[(\d\S*)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest is not None
    assert newest[1] == __version__ == MANIFEST["version"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    """Every relative link and picture exists, and so does the heading it names."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{target} does not exist"
        if fragment:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
            assert fragment in map(anchor, headings), f"no heading for {target}"


def test_the_measured_table_has_its_place():
    """`make bench` results are pasted between these marks."""
    readme = (ROOT / "README.md").read_text()
    assert readme.count("<!-- bench:begin -->") == 1
    assert readme.index("<!-- bench:begin -->") < readme.index("<!-- bench:end -->")


def test_the_fault_sheet_has_every_row_and_no_other():
    """In its table, and in the list that says how each one is done."""
    page = (ROOT / "docs" / "fault-sheet.md").read_text()
    table = page.split(f"{BEGIN}\n")[1].split(END)[0]
    assert sorted(FaultSheet(table).rows) == sorted(ROWS)
    explained = re.findall(r"^- \*\*(\w+)\*\*:", page, re.MULTILINE)
    assert sorted(explained) == sorted(ROWS)
