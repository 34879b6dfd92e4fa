"""
Where the options come from: files, environment and command line, the last one wins.

1. ``config.json`` beside the program, Home Assistant's manifest, which holds the defaults
2. ``/data/options.json``, what the Supervisor writes before it starts the program
3. the file of ``--options``, JSON or YAML
4. the environment: ``RELAY_`` and the option's name in capitals
5. the command line: ``--`` and the option's name with hyphens
"""

import argparse
import enum
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from relay import __version__
from relay.errors import SettingsError
from relay.option_schema import Schema, check, is_secret

PROGRAM_DIR = Path(__file__).resolve().parent.parent
MANIFEST = PROGRAM_DIR / "config.json"
TRANSLATION = PROGRAM_DIR / "translations" / "en.json"
SUPERVISOR_OPTIONS = Path("/data/options.json")

ENVIRONMENT_PREFIX = "RELAY_"
RUN_AS = "RELAY_USER"
"""Names the user that a process started as root becomes; see `relay.privileges`."""
SUPERVISOR_TOKEN = "SUPERVISOR_TOKEN"
"""The Supervisor gives it to every app it starts, and to nobody else."""

MASK = "********"


class Source(enum.StrEnum):
    """Where a value came from."""

    MANIFEST = "manifest"
    SUPERVISOR = "options.json"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Options:
    """The options after every source had its say, checked by the schema."""

    values: Mapping[str, Any]
    sources: Mapping[str, Source]
    secret_keys: frozenset[str]
    warnings: tuple[str, ...]
    """What was ignored, for the log; it is not configured yet when options are read."""
    demo: bool
    run_as: str | None
    supervisor_token: str | None = field(default=None, repr=False)
    """With which this app asks the Supervisor and Home Assistant."""

    @property
    def supervised(self) -> bool:
        """Whether Home Assistant's Supervisor started the program."""
        return bool(self.supervisor_token)

    def overridden(self) -> list[str]:
        """Return a line for each value that somebody set, for the log at the start."""
        return [
            f"{key} is {entry['value']} ({entry['source']})"
            for key, entry in self.report().items()
            if entry["source"] != Source.MANIFEST
        ]

    def report(self) -> dict[str, dict[str, Any]]:
        """Return each option's value and source, fit to be shown: secrets are masked."""
        return {
            key: {
                "value": MASK if key in self.secret_keys else value,
                "source": self.sources[key].value,
            }
            for key, value in self.values.items()
        }


def gather(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    *,
    manifest: Path = MANIFEST,
    supervisor_options: Path = SUPERVISOR_OPTIONS,
) -> Options:
    """
    Read the options from everywhere.

    Raises `SettingsError` for a value that the schema refuses and for a file that cannot
    be read. Wrong words on the command line end the process with status 2, as usual.
    """
    manifest_fields = read_file(manifest)
    schema: Schema = manifest_fields["schema"]
    parsed = _parser(schema, manifest_fields["options"]).parse_args(arguments)
    warnings: list[str] = []
    layers: list[tuple[Source, Mapping[str, Any]]] = [
        (Source.MANIFEST, manifest_fields["options"])
    ]
    if os.path.exists(supervisor_options):  # False too where /data is somebody else's
        layers.append((Source.SUPERVISOR, read_file(supervisor_options)))
    if parsed.options is not None:
        layers.append((Source.FILE, read_file(parsed.options)))
    layers.append((Source.ENVIRONMENT, _from_environment(schema, environ, warnings)))
    layers.append((Source.COMMAND_LINE, _from_command_line(schema, parsed)))

    values, sources = _merge(schema, layers, warnings)
    return Options(
        values=values,
        sources=sources,
        secret_keys=frozenset(key for key in values if is_secret(schema[key])),
        warnings=tuple(warnings),
        demo=parsed.demo,
        run_as=environ.get(RUN_AS) or None,
        supervisor_token=environ.get(SUPERVISOR_TOKEN) or None,
    )


def read_file(path: Path) -> dict[str, Any]:
    """Read the object in a file: JSON if its name says so, otherwise YAML. Raises `SettingsError`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        fields = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{path}, line {error.lineno}: not JSON: {error.msg}"
        ) from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}{_place(error)}") from None
    except ValueError as error:  # not UTF-8, or a date or number that cannot be
        raise SettingsError(f"{path}: {error}") from None
    if fields is None and path.suffix != ".json":
        return {}  # a YAML file in which everything is commented out
    if not isinstance(fields, dict):
        raise SettingsError(f"{path}, line 1: must hold options with their values")
    return {str(key): value for key, value in fields.items()}


def _place(error: yaml.YAMLError) -> str:
    """Say where a YAML file is broken, and how, on one line."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f", line {error.problem_mark.line + 1}: not YAML: {error.problem}"
    return f": not YAML: {' '.join(str(error).split())}"


def _merge(
    schema: Schema,
    layers: Sequence[tuple[Source, Mapping[str, Any]]],
    warnings: list[str],
) -> tuple[dict[str, Any], dict[str, Source]]:
    """Lay the sources over each other and check what came out on top."""
    merged: dict[str, Any] = {}
    sources: dict[str, Source] = {}
    for source, layer in layers:
        for key, value in layer.items():
            if key not in schema:
                warnings.append(f"unknown option {key!r} ({source}) is ignored")
            elif value is not None:
                merged[key] = value
                sources[key] = source
    values: dict[str, Any] = {}
    for key, type_ in schema.items():
        try:
            checked, unknown = check({key: type_}, _only(merged, key))
        except SettingsError as error:
            origin = f" ({sources[key]})" if key in sources else ""
            raise SettingsError(f"{error}{origin}") from None
        values |= checked
        warnings += [f"unknown option {name!r} is ignored" for name in unknown]
    return values, sources


def _only(options: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {key: options[key]} if key in options else {}


def _from_environment(
    schema: Schema, environ: Mapping[str, str], warnings: list[str]
) -> dict[str, Any]:
    """
    Return the options of the environment.

    A variable that is set but empty empties a list and leaves any other option alone:
    that is how Compose files pass on what nobody set.
    """
    found: dict[str, Any] = {}
    for variable in sorted(environ):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == RUN_AS:
            continue
        key = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if key not in schema or variable != variable.upper():
            warnings.append(f"unknown environment variable {variable} is ignored")
        elif environ[variable] or isinstance(schema[key], list):
            found[key] = _from_text(schema[key], environ[variable], key)
    return found


def _from_command_line(schema: Schema, parsed: argparse.Namespace) -> dict[str, Any]:
    given = {key: getattr(parsed, f"option_{key}") for key in schema}
    return {
        key: _from_text(schema[key], text, key)
        for key, text in given.items()
        if text is not None
    }


def _from_text(type_: Any, text: str, key: str) -> Any:
    """
    Split what is given for a list at its commas, or read it as JSON if it holds objects.

    Anything else the schema reads as text. Raises `SettingsError`.
    """
    if not isinstance(type_, list):
        return text
    if not isinstance(type_[0], Mapping):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text or "[]")
    except ValueError:
        raise SettingsError(f"{key}: the value is not JSON") from None


def _parser(schema: Schema, defaults: Mapping[str, Any]) -> argparse.ArgumentParser:
    """Return the command line that the schema makes: one flag an option."""
    parser = argparse.ArgumentParser(
        prog="webrtc_server_relay.py",
        description="Earshot: any phone, tablet or PC becomes a live microphone for the house.",
        epilog="Every option can also be set in a file or as RELAY_<OPTION> in the environment.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Earshot {__version__}")
    parser.add_argument(
        "--demo", action="store_true", help="play a built-in sender named 'demo'"
    )
    parser.add_argument(
        "--options", type=Path, metavar="FILE", help="read options from JSON or YAML"
    )
    texts = _texts()
    for key, type_ in schema.items():
        parser.add_argument(
            "--" + key.replace("_", "-"),
            dest=f"option_{key}",
            metavar=_metavar(type_),
            help=_help(texts.get(key, {}), defaults.get(key)).replace("%", "%%"),
        )
    return parser


def _metavar(type_: Any) -> str:
    if isinstance(type_, list):
        return "JSON" if isinstance(type_[0], Mapping) else "A,B"
    return str(type_[5:-1]) if type_.startswith("list(") else "VALUE"


def _help(texts: Mapping[str, str], default: Any) -> str:
    description = texts.get("description", "")
    return f"{description} Default: {default}." if default else description


def _texts() -> dict[str, dict[str, str]]:
    """Return what the options mean, in the words that Home Assistant shows."""
    if not TRANSLATION.exists():
        return {}
    configuration: dict[str, dict[str, str]] = read_file(TRANSLATION)["configuration"]
    return configuration
