"""An AppArmor profile as far as files and sockets go, and what strace saw of a process."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_VARIABLE = re.compile(r"^(@\{\w+\})\s*\+?=\s*(.+)$", re.MULTILINE)
_FILE_RULE = re.compile(r"^\s*(?:owner\s+)?([/@]\S+)\s+([rwamklix]+),", re.MULTILINE)
_NETWORK_RULE = re.compile(r"^\s*network (\w+) (\w+),", re.MULTILINE)
_GLOB = re.compile(r"\*\*|\*|\?|\{|\}|,|\[[^]]*\]|[^*?{},\[]+")
_TOKENS = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}

_SOCKET = re.compile(r"socket(?:pair)?\(AF_(\w+), SOCK_(\w+)")
_CALL = re.compile(r"^\d+\s+(\w+)\((?:AT_FDCWD, )?(.*)\)\s+= (?:\d|0x)")
_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WRITES = frozenset({"mkdir", "rename", "unlink", "rmdir", "chmod", "symlink", "link"})


class Profile:
    """What a profile and all that it includes allow. apparmor_parser reads it first."""

    def __init__(self, program: str, path: Path) -> None:
        text = subprocess.run(
            [program, "--preprocess", str(path)],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        ).stdout
        self._variables: dict[str, list[str]] = {}
        for name, values in _VARIABLE.findall(text):
            self._variables.setdefault(name, []).extend(values.split())
        self._files = [
            (re.compile(_pattern(path)), frozenset(rights))
            for glob, rights in _FILE_RULE.findall(text)
            for path in self._expanded(glob)
        ]
        self.networks = set(_NETWORK_RULE.findall(text))

    def _expanded(self, text: str) -> Iterator[str]:
        found = re.search(r"@\{\w+\}", text)
        if found is None:
            yield re.sub("/+", "/", text)
            return
        for value in self._variables[found[0]]:
            yield from self._expanded(text.replace(found[0], value, 1))

    def rights(self, path: str) -> frozenset[str]:
        """Return what may be done with a file."""
        return frozenset().union(*(r for p, r in self._files if p.fullmatch(path)))


def _pattern(glob: str) -> str:
    """Return a glob of AppArmor's as a regular expression."""
    return "".join(
        _TOKENS.get(token) or (token if token[0] == "[" else re.escape(token))
        for token in _GLOB.findall(glob)
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What a process has opened, changed and run, with the rights that this takes."""

    files: frozenset[tuple[str, str]]
    sockets: frozenset[tuple[str, str]]

    @classmethod
    def read(cls, trace: Path, folder: Path) -> "Seen":
        """Read what strace wrote of a process that began in a folder; failures do not count."""
        text = trace.read_text(errors="replace")
        files: set[tuple[str, str]] = set()
        for line in text.splitlines():
            if (call := _CALL.match(line)) is not None:
                right = _right(call[1], call[2])
                paths = _PATH.findall(call[2])[: 2 if call[1] == "rename" else 1]
                files |= {(str(folder / path), right) for path in paths if right}
        sockets = {(a.lower(), kind.lower()) for a, kind in _SOCKET.findall(text)}
        return cls(frozenset(files), frozenset(sockets))


def _right(call: str, arguments: str) -> str:
    """Return the one right that tells most about a call; to look at a file takes none."""
    if call.startswith("exec"):
        return "x"
    if call.removesuffix("at").removesuffix("at2") in _WRITES:
        return "w"
    if call not in ("open", "openat"):
        return ""
    if re.search(r"O_(WRONLY|RDWR|CREAT)", arguments):
        return "w"
    return "m" if re.search(r"\.so[.\d]*\"", arguments) else "r"
