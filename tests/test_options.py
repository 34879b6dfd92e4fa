"""Options: who may say something, and who has the last word."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from relay import __version__
from relay.errors import SettingsError
from relay.options import MASK, Options, Source, gather, read_file

SCHEMA = {
    "port": "port",
    "names": ["str"],
    "rooms": [{"name": "str", "level": "int?"}],
    "format": "list(text|json)",
    "folder": "str?",
    "token": "password?",
}
DEFAULTS = {"port": 8080, "names": [], "rooms": [], "format": "text"}

Gather = Callable[..., Options]


@pytest.fixture
def gathered(tmp_path: Path) -> Gather:
    """`gather` on a small manifest and a Supervisor's folder of the test's own."""
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"options": DEFAULTS, "schema": SCHEMA}))
    supervised = tmp_path / "data" / "options.json"

    def run(
        arguments: Sequence[str] = (),
        environ: dict[str, str] | None = None,
        supervisor: dict[str, Any] | str | None = None,
    ) -> Options:
        if supervisor is not None:
            supervised.parent.mkdir(exist_ok=True)
            supervised.write_text(
                supervisor if isinstance(supervisor, str) else json.dumps(supervisor)
            )
        return gather(
            arguments,
            environ or {},
            manifest=manifest,
            supervisor_options=supervised,
        )

    return run


def test_the_manifest_alone_is_enough(gathered: Gather):
    """Nobody has to write a file before the first start."""
    options = gathered()
    assert options.values == DEFAULTS
    assert set(options.sources.values()) == {Source.MANIFEST}
    assert options.warnings == ()
    assert not options.demo
    assert not options.supervised
    assert options.run_as is None


def test_the_last_source_wins(gathered: Gather, tmp_path: Path):
    """Each source overrides the ones before it, and the winner is remembered."""
    file = tmp_path / "mine.yaml"
    file.write_text("port: 3\n")
    supervisor = {"port": 2}
    arguments = ["--options", str(file)]
    environ = {"RELAY_PORT": "4"}

    def port(*args: Any) -> tuple[int, Source]:
        options = gathered(*args)
        return options.values["port"], options.sources["port"]

    assert port() == (8080, Source.MANIFEST)
    assert port([], {}, supervisor) == (2, Source.SUPERVISOR)
    assert port(arguments, {}, supervisor) == (3, Source.FILE)
    assert port(arguments, environ, supervisor) == (4, Source.ENVIRONMENT)
    assert port([*arguments, "--port", "5"], environ, supervisor) == (
        5,
        Source.COMMAND_LINE,
    )


def test_a_list_is_given_as_text_with_commas(gathered: Gather):
    """In the environment and on the command line, where there is only text."""
    assert gathered([], {"RELAY_NAMES": "a, b"}).values["names"] == ["a", "b"]
    assert gathered(["--names", "c"], {"RELAY_NAMES": "a"}).values["names"] == ["c"]


def test_an_empty_variable_is_no_value_but_an_empty_list(gathered: Gather):
    """Compose files pass on what nobody set as an empty variable."""
    options = gathered([], {"RELAY_PORT": "", "RELAY_NAMES": ""}, {"names": ["a"]})
    assert options.values["port"] == 8080
    assert options.values["names"] == []
    assert options.sources["names"] is Source.ENVIRONMENT


def test_null_in_a_file_is_no_value(gathered: Gather):
    """Home Assistant writes null for a field that was emptied."""
    options = gathered([], {}, {"port": None, "folder": None})
    assert options.values["port"] == 8080
    assert "folder" not in options.values


@pytest.mark.parametrize(
    ("arguments", "environ", "supervisor", "expected"),
    [
        (["--port", "0"], {}, None, r"^port: '0' is not a port.*\(command line\)$"),
        ([], {"RELAY_FORMAT": "xml"}, None, r"^format: 'xml'.*\(environment\)$"),
        ([], {}, {"names": "a"}, r"^names: 'a' is not a list \(options\.json\)$"),
    ],
)
def test_a_refused_value_is_named_with_its_source(
    gathered: Gather,
    arguments: list[str],
    environ: dict[str, str],
    supervisor: dict[str, Any] | None,
    expected: str,
):
    """The error says which option, what is wrong, and where it was set."""
    with pytest.raises(SettingsError, match=expected):
        gathered(arguments, environ, supervisor)


def test_unknown_options_warn(gathered: Gather, tmp_path: Path):
    """They are ignored, but not in silence, wherever they come from."""
    file = tmp_path / "mine.json"
    file.write_text('{"prot": 1, "rooms": [{"name": "a", "colour": "red"}]}')
    environ = {"RELAY_PORTS": "1", "RELAY_port": "2", "RELAY_USER": "x", "OTHER": "3"}
    options = gathered(["--options", str(file)], environ, {"old": 1})
    assert options.values["port"] == 8080
    assert sorted(options.warnings) == [
        "unknown environment variable RELAY_PORTS is ignored",
        "unknown environment variable RELAY_port is ignored",
        "unknown option 'old' (options.json) is ignored",
        "unknown option 'prot' (file) is ignored",
        "unknown option 'rooms[0].colour' is ignored",
    ]


def test_the_report_shows_values_and_sources_but_no_secret(gathered: Gather):
    """What the log and /health may tell."""
    options = gathered(["--token", "hush-hush"], {"RELAY_PORT": "9000"})
    report = options.report()
    assert report["port"] == {"value": 9000, "source": "environment"}
    assert report["names"] == {"value": [], "source": "manifest"}
    assert report["token"] == {"value": MASK, "source": "command line"}
    assert options.overridden() == [
        "port is 9000 (environment)",
        f"token is {MASK} (command line)",
    ]


def test_an_option_without_a_default_may_stay_unset(gathered: Gather):
    """It is then no value at all, and not in the report."""
    assert "folder" not in gathered().report()


def test_demo_is_a_flag_of_the_command_line(gathered: Gather):
    """It is no option: nobody wants it saved in a file."""
    assert gathered(["--demo"]).demo


def test_the_supervisor_is_known_by_its_token(gathered: Gather):
    """Only apps that it started have one."""
    supervised = gathered([], {"SUPERVISOR_TOKEN": "abc"})
    assert supervised.supervised
    assert supervised.supervisor_token == "abc"
    assert "abc" not in repr(supervised)


def test_the_user_to_become_is_named_by_the_environment(gathered: Gather):
    """The Dockerfile sets it; it is not an unknown option."""
    options = gathered([], {"RELAY_USER": "earshot"})
    assert options.run_as == "earshot"
    assert options.warnings == ()


def test_version_and_help_answer_and_end(
    gathered: Gather, capsys: pytest.CaptureFixture[str]
):
    """Both are served without starting anything."""
    for flag in ("--version", "--help"):
        with pytest.raises(SystemExit) as ended:
            gathered([flag])
        assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert f"Earshot {__version__}" in printed
    assert "--format text|json" in printed


def test_a_slip_on_the_command_line_ends_with_status_2(
    gathered: Gather, capsys: pytest.CaptureFixture[str]
):
    """Flags are not guessed from their beginnings."""
    with pytest.raises(SystemExit) as ended:
        gathered(["--por", "8080"])
    assert ended.value.code == 2
    assert "--por" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.json", '{\n "port": 1\n "a": 2}', r"x\.json, line 3: not JSON"),
        ("x.json", "[1]", r"x\.json, line 1: must hold options"),
        ("x.json", "", r"x\.json, line 1: not JSON"),
        ("x.yaml", "a: 1\nb: [2\n", r"x\.yaml, line 3: not YAML"),
        ("x.yaml", "- a\n", r"x\.yaml, line 1: must hold options"),
        ("x.yaml", "a: 2026-13-45\n", r"x\.yaml: month must be in 1\.\.12"),
        ("x.yaml", "a: \0\n", r"x\.yaml: not YAML"),
        ("x.yaml", b"\xff\xfe\xfa", r"x\.yaml: .*can't decode"),
    ],
)
def test_a_broken_file_is_named_with_its_line(
    tmp_path: Path, name: str, text: str | bytes, expected: str
):
    """One line that a person can act on, whatever is wrong with the file."""
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError, match=expected) as caught:
        read_file(file)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_error(gathered: Gather, tmp_path: Path):
    """Whoever names a file wants it read."""
    with pytest.raises(SettingsError, match=r"none\.yaml: cannot be read: No such"):
        gathered(["--options", str(tmp_path / "none.yaml")])


def test_a_broken_file_of_the_supervisor_stops_the_start(gathered: Gather):
    """Starting with the defaults instead would hide what the owner set."""
    with pytest.raises(SettingsError, match=r"options\.json, line 1: not JSON"):
        gathered([], {}, "{port}")


def test_yaml_may_be_empty_and_start_with_a_byte_order_mark(tmp_path: Path):
    """Both are what an editor may leave behind."""
    file = tmp_path / "x.yml"
    file.write_text("# port: 8080\n")
    assert read_file(file) == {}
    file.write_bytes(b"\xef\xbb\xbfport: 1\n")
    assert read_file(file) == {"port": 1}


def test_the_programs_own_manifest_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It lies beside the program, not where the program was started."""
    monkeypatch.chdir(tmp_path)
    options = gather([], {}, supervisor_options=tmp_path / "none.json")
    assert options.values["signaling_port"] == 8080


def test_a_list_of_objects_is_given_as_json(gathered: Gather):
    """In the environment and on the command line, where everything is text."""
    rooms = [{"name": "Bath, upstairs", "level": 1}]
    text = json.dumps(rooms)
    assert gathered(["--rooms", text]).values["rooms"] == rooms
    assert gathered(environ={"RELAY_ROOMS": text}).values["rooms"] == rooms
    assert gathered(environ={"RELAY_ROOMS": ""}).values["rooms"] == []
    with pytest.raises(SettingsError, match="rooms: the value is not JSON"):
        gathered(["--rooms", "bath"])
    with pytest.raises(SettingsError, match="'bath' is not a list"):
        gathered(["--rooms", '"bath"'])
