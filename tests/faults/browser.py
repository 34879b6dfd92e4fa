"""Chromium for rows of the fault sheet: here, or at one end of a link."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from playwright.async_api import async_playwright

from bench.impaired_link import End
from bench.listening_room import program_in
from bench.not_measured import NotMeasured
from tests.e2e.chromium import Chromium, chromium
from tests.e2e.tones import write_melody


@asynccontextmanager
async def browser(end: End | None = None) -> AsyncIterator[Chromium]:
    """Run one for the length of a ``with`` block. Raises `NotMeasured` if there is none."""
    program = shutil.which("chromium")
    if program is None:
        raise NotMeasured("chromium is not installed: apt-get install chromium")
    there = nullcontext(program) if end is None else program_in(end, "chromium")
    with tempfile.TemporaryDirectory() as folder, there as path:
        melody = Path(folder, "melody.wav")
        write_melody(melody)
        async with (
            async_playwright() as playwright,
            chromium(playwright, str(path), melody) as running,
        ):
            yield running
