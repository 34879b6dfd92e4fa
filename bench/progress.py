"""What a person sees who waits for the bench."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TextIO

CLEAR_LINE = "\r\033[K"


class Step:
    """One of the things that are measured, one after the other."""

    def __init__(self, title: str, file: TextIO) -> None:
        self._title = title
        self._file = file
        self._started_at = time.monotonic()
        self._outcome = ""

    def failed(self, reason: object) -> None:
        """Say in the end that it failed, instead of that it is done."""
        self._outcome = f"not measured: {reason}"

    async def tick(self) -> None:
        """On a terminal, count the seconds for ever."""
        while self._file.isatty():
            self._write(f"{CLEAR_LINE}{self._title} ... {self._elapsed_s:.0f} s")
            await asyncio.sleep(1)

    def end(self) -> None:
        start = CLEAR_LINE if self._file.isatty() else ""
        outcome = self._outcome or "done"
        self._write(f"{start}{self._title}: {outcome} ({self._elapsed_s:.0f} s)\n")

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_at

    def _write(self, text: str) -> None:
        self._file.write(text)
        self._file.flush()


@asynccontextmanager
async def step(title: str, file: TextIO | None = None) -> AsyncIterator[Step]:
    """Show that something is under way for the length of a ``with`` block."""
    shown = Step(title, file or sys.stderr)
    ticking = asyncio.create_task(shown.tick(), name="show progress")
    try:
        yield shown
    finally:
        ticking.cancel()
        await asyncio.wait([ticking])
        shown.end()
