"""The structure of the code: which way the arrows point, and how large things may be."""

import ast
import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = ("audio_stream_server", "webrtc_server_relay")

# Lower may not import higher; folders of one layer may not import each other.
LAYERS = {
    "relay": 0,
    "relay.signaling": 1,
    "relay.rtp": 1,
    "relay.audio": 1,
    "relay.hub": 1,
    "relay.webrtc": 2,
    "relay.tls": 2,
    "relay.sources": 2,
    "relay.consumers": 2,
    "relay.web": 3,
    "relay.adapters": 3,
    "relay.wiring": 4,
    "audio_stream_server": 4,
    "webrtc_server_relay": 5,
}

# What is not in this table is imported nowhere.
THIRD_PARTY = {
    "aiohttp": {"relay.web", "relay.adapters", "audio_stream_server"},
    "aiomqtt": {"relay.adapters.mqtt_session"},
    "cassandra": {"relay.adapters"},
    "prometheus_client": {"relay.web"},
    "aiortc": {"relay.webrtc"},
    "aioice": {"relay.webrtc"},
    "pylibsrtp": {"relay.webrtc"},
    "cffi": {"relay.webrtc"},
    "cryptography": {"relay.webrtc", "relay.tls"},
    "OpenSSL": {"relay.webrtc"},
    "ifaddr": {"relay.webrtc"},
    "av": {"relay.audio", "relay.sources"},
    "numpy": {
        *("relay.audio", "relay.webrtc", "relay.consumers", "relay.sources"),
        "relay.adapters",
    },
    "pyarrow": {"relay.web.history_exports"},
    "opentelemetry": {"relay.adapters.otlp"},
    "segno": {"relay.web"},
    "webrtcvad": {"relay.audio.voice_detector"},
    "yaml": {"relay.options"},
    "zeroconf": {"relay.adapters"},
}

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

# The Supervisor takes these names, anywhere in the tree, for files of its own.
SUPERVISOR_NAMES = ("config", "build", "repository")
SUPERVISOR_SUFFIXES = (".json", ".yaml", ".yml")
NOT_OURS = {".git", ".venv", "node_modules", "data", "build", "__pycache__"}

MODULES = sorted(
    [*(ROOT / "relay").rglob("*.py"), *(ROOT / f"{entry}.py" for entry in ENTRIES)]
)
each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: module_of(path))


def module_of(path: Path) -> str:
    """Return a file's dotted name; a package's is that of its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def folder_of(module: str) -> str:
    """Return the entry of `LAYERS` that a module belongs to; KeyError: none."""
    while module not in LAYERS:
        module = module.rpartition(".")[0]
        if not module:
            raise KeyError
    return module


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports_of(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, at the top or anywhere inside."""
    return imports_in(tree_of(path))


def imports_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            yield node.module or ""
            for alias in node.names:  # "from relay import log" imports relay.log
                name = f"{node.module}.{alias.name}"
                if (ROOT / name.replace(".", "/")).with_suffix(".py").exists():
                    yield name


def is_ours(name: str) -> bool:
    return name.partition(".")[0] in {"relay", *ENTRIES}


@each_module
def test_arrows_point_down(path: Path):
    """A module imports from its own folder and from lower layers, and from nowhere else."""
    own = folder_of(module_of(path))
    for name in filter(is_ours, imports_of(path)):
        folder = folder_of(name)
        assert folder == own or LAYERS[folder] < LAYERS[own], (
            f"{module_of(path)} (layer {LAYERS[own]}) imports {name} (layer {LAYERS[folder]})"
        )


@each_module
def test_other_peoples_packages_stay_where_they_may_be(path: Path):
    """A package is used in the layer that hides it, and never appears by accident."""
    module = module_of(path)
    for name in imports_of(path):
        package = name.partition(".")[0]
        if is_ours(name) or package in sys.stdlib_module_names:
            continue
        assert {module, folder_of(module)} & THIRD_PARTY.get(package, set()), (
            f"{module} imports {package}"
        )


@each_module
def test_adapters_are_loaded_only_when_they_are_switched_on(path: Path):
    """Who has no such system does not pay for it: nobody imports them at the top of a module."""
    if module_of(path).startswith("relay.adapters"):
        return
    for node in tree_of(path).body:
        top = ast.Module([node], [])
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert not any(n.startswith("relay.adapters") for n in imports_in(top))


@pytest.mark.parametrize("folder", ["relay.signaling", "relay.rtp"])
def test_the_rules_of_the_wire_are_pure(folder: str):
    """Order and packets are decided without a clock, a loop or a socket."""
    for path in (ROOT / folder.replace(".", "/")).glob("*.py"):
        used = {name.partition(".")[0] for name in imports_of(path)}
        assert not used & {"asyncio", "socket", "threading", "time"}, path.name


def test_every_folder_has_a_layer():
    """A new folder is placed in the table above before anything imports it."""
    folders = {module_of(path) for path in MODULES if path.name == "__init__.py"}
    assert folders == {name for name in LAYERS if name.startswith("relay")}


@each_module
def test_every_module_has_a_test_file(path: Path):
    """Whoever changes a module finds its tests without searching."""
    if path.name == "__init__.py":
        return
    mirrored = path.relative_to(ROOT / "relay" if "relay" in path.parts else ROOT)
    test = ROOT / "tests" / mirrored.with_name(f"test_{path.name}")
    assert test.exists(), f"{test.relative_to(ROOT)} is missing"


@each_module
def test_every_module_says_what_it_is(path: Path):
    """In its first line."""
    assert ast.get_docstring(tree_of(path)), path.name


@each_module
def test_files_and_functions_fit_into_a_head(path: Path):
    """A file that grows past its limit is two nouns, a function two verbs. Docstrings are free."""
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            lines = (node.end_lineno or 0) - node.lineno - docstring.count("\n")
            assert lines < MAX_FUNCTION_LINES, f"{node.name} has {lines} lines"


def test_the_supervisor_finds_one_app_and_one_repository():
    """It searches the whole tree, hidden folders too, and takes every such name for its own."""
    found = set()
    for parent, folders, files in os.walk(ROOT):
        folders[:] = [folder for folder in folders if folder not in NOT_OURS]
        found |= {
            (Path(parent) / name).relative_to(ROOT).as_posix()
            for name in files
            if Path(name).stem in SUPERVISOR_NAMES
            and Path(name).suffix in SUPERVISOR_SUFFIXES
        }
    assert found == {"config.json", "repository.json"}
