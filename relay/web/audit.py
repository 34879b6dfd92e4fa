"""
Who came in, who heard whom, and who was turned away: lines of JSON in the data folder.

Rule 1: nobody waits for the disk: lines are collected, and written off the event loop.
Rule 2: no secret is written, and of each line no more than `MAX_TEXT` characters a field.
"""

import asyncio
import json
import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.web.guest import Guest

logger = logging.getLogger(__name__)

SECONDS = 1.0
WRITE_EVERY_S = 1 * SECONDS
REFUSALS_EVERY_S = 60 * SECONDS
MAX_WAITING = 2000
MAX_REFUSED_ADDRESSES = 200
"""Counted apart in a minute; the others are one line together."""
MAX_TEXT = 120
MAX_BYTES = 1024 * 1024
"""A file that is larger becomes the old one; there is one of those."""

OWNER_ALONE = 0o600


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some lines, the newest first."""

    entries: tuple[dict[str, Any], ...]
    before: float | None
    """With which ``before`` the next page is asked for; None: this is the last."""


class AuditLog:
    """An async context manager; leaving it writes what still waits."""

    def __init__(
        self,
        folder: Path | None,
        *,
        wall_clock: Callable[[], float] = time.time,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Without a folder nothing is kept."""
        self.path = None if folder is None else folder / "audit.jsonl"
        self._wall_clock = wall_clock
        self._max_bytes = max_bytes
        self._waiting: deque[str] = deque()
        self._refusals: Counter[tuple[str, str]] = Counter()
        self._refusals_since = wall_clock()
        self._at = 0.0
        self._broken = False
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0
        """Lines for which there was no room: the disk is full, or slower than life."""

    async def __aenter__(self) -> "AuditLog":
        if self.path is not None:
            self._task = asyncio.create_task(self._run(), name="audit log")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Write the rest. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            self._tell_refusals()
            await self.flush()

    @property
    def old_path(self) -> Path | None:
        return self.path and self.path.with_suffix(".old.jsonl")

    # --- what is noted ------------------------------------------------------------------

    def came_in(self, guest: Guest) -> None:
        self._note("came_in", guest)

    def sent(self, guest: Guest, stream: str, seconds: float) -> None:
        self._note("sent", guest, stream=stream, seconds=round(seconds, 1))

    def heard(self, guest: Guest, stream: str, seconds: float) -> None:
        self._note("heard", guest, stream=stream, seconds=round(seconds, 1))

    def hushed(self, guest: Guest, stream: str, by: str) -> None:
        self._note("hushed", guest, stream=stream, by=by)

    def recording(self, guest: Guest, stream: str, action: str) -> None:
        """``action`` is ``started`` or ``stopped``."""
        self._note("recording", guest, stream=stream, action=action)

    def clip(self, guest: Guest, stream: str, name: str, action: str) -> None:
        """``action`` is ``fetched`` or ``deleted``."""
        self._note("clip", guest, stream=stream, name=name, action=action)

    def cut(self, guest: Guest, stream: str, why: str) -> None:
        """A rule of the house ended what went on."""
        self._note("cut", guest, stream=stream, why=why)

    def forgot(
        self, guest: Guest, stream: str, since: float, until: float, rows: int
    ) -> None:
        """History was deleted; the times are seconds since 1970."""
        self._note("forgot", guest, stream=stream, since=since, until=until, rows=rows)

    def refused(self, address: str, why: str) -> None:
        """Count it; a flood of refusals is a line a minute."""
        key = (address, why)
        if key not in self._refusals and len(self._refusals) >= MAX_REFUSED_ADDRESSES:
            key = ("others", why)
        self._refusals[key] += 1

    def _note(self, event: str, guest: Guest, **more: str | float) -> None:
        visitor = guest.visitor
        self._put(
            event=event,
            who=guest.name,
            trust=visitor.trust.value,
            address=visitor.address,
            **more,
        )

    def _tell_refusals(self) -> None:
        for (address, why), count in self._refusals.items():
            self._put(event="refused", address=address, why=why, count=count)
        self._refusals.clear()
        self._refusals_since = self._wall_clock()

    def _put(self, **fields: str | float) -> None:
        if self.path is None:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
        # Never twice the same, so that pages can be told apart by it.
        self._at = max(round(self._wall_clock(), 3), round(self._at + 0.001, 3))
        plain = {key: _short(value) for key, value in fields.items()}
        self._waiting.append(json.dumps({"at": self._at, **plain}) + "\n")

    # --- how it is kept -----------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            if self._wall_clock() - self._refusals_since >= REFUSALS_EVERY_S:
                self._tell_refusals()
            await self.flush()

    async def flush(self) -> None:
        """Write what waits; what cannot be written waits on."""
        if not self._waiting or self.path is None:
            return
        lines = list(self._waiting)
        self._waiting.clear()
        writing = asyncio.create_task(
            asyncio.to_thread(_append, self.path, "".join(lines), self._max_bytes)
        )
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise
        except OSError as error:
            self._waiting.extendleft(reversed(lines))
            if not self._broken:
                logger.warning("%s cannot be written: %s", self.path, error)
            self._broken = True
        else:
            self._broken = False

    async def page(self, before: float | None = None, limit: int = 100) -> AuditPage:
        """Return the newest lines, or those before an instant."""
        if self.path is None:
            return AuditPage((), None)
        await self.flush()
        return await asyncio.to_thread(self._read, before, limit)

    def _read(self, before: float | None, limit: int) -> AuditPage:
        entries: list[dict[str, Any]] = []
        for entry in self._newest_first():
            if before is not None and entry["at"] >= before:
                continue
            if len(entries) == limit:
                return AuditPage(tuple(entries), entries[-1]["at"])
            entries.append(entry)
        return AuditPage(tuple(entries), None)

    def _newest_first(self) -> Iterator[dict[str, Any]]:
        for path in (self.path, self.old_path):
            if path is None or not path.exists():
                continue
            for line in reversed(path.read_text("utf-8", "replace").splitlines()):
                entry = _entry(line)
                if entry is not None:
                    yield entry


def _append(path: Path, text: str, max_bytes: int) -> None:
    """Add lines; a file that has become too large gives way to a new one before."""
    if path.exists() and path.stat().st_size + len(text) > max_bytes:
        path.replace(path.with_suffix(".old.jsonl"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with open(os.open(path, flags, OWNER_ALONE), "a", encoding="utf-8") as file:
        file.write(text)


def _entry(line: str) -> dict[str, Any] | None:
    """Return a line's fields, None for one that a power cut left half written."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "at" in entry else None


def _short(value: str | float) -> str | float:
    return value[:MAX_TEXT] if isinstance(value, str) else value
