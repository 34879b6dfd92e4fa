"""Playlists: small files that open a stream in a player, or keep it there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from relay.errors import BadRequest

M3U_TYPE = "audio/x-mpegurl"
PLS_TYPE = "audio/x-scpls"

PLAYLISTS = ("m3u", "pls")
"""By extension."""

_HOST = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
)
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a playlist as a person sees it."""

    title: str
    url: str
    """Absolute: a playlist is saved and opened elsewhere."""


def m3u(entries: Sequence[Entry]) -> str:
    """Return an extended M3U; a length of -1 is a stream without an end."""
    lines = [f"#EXTINF:-1,{_line(e.title)}\n{_line(e.url)}\n" for e in entries]
    return "#EXTM3U\n" + "".join(lines)


def pls(entries: Sequence[Entry]) -> str:
    """Return a PLS of version 2, which counts from 1."""
    lines = [
        f"File{n}={_line(e.url)}\nTitle{n}={_line(e.title)}\nLength{n}=-1\n"
        for n, e in enumerate(entries, 1)
    ]
    return f"[playlist]\nNumberOfEntries={len(entries)}\n{''.join(lines)}Version=2\n"


def base_url(scheme: str, host: str) -> str:
    """
    Return where the server is reached, as the request's ``Host`` says, without a slash.

    Raises `BadRequest` for what is no host: it would lead players elsewhere.
    """
    parsed = _HOST.fullmatch(host)
    if (
        scheme not in ("http", "https")
        or parsed is None
        or not 0 < int(parsed["port"] or 80) <= _LAST_PORT
    ):
        raise BadRequest("the request's Host is not the name or address of a machine")
    return f"{scheme}://{host}"


def _line(text: str) -> str:
    """Return text that stays on one line, whatever is in it."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
