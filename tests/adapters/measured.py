"""Rows of history that are made up."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from relay.adapters.history_sqlite import SqliteHistory
from relay.adapters.sqlite_retention import Limits
from relay.features import FEATURE_NAMES, FeatureRow
from relay.history_file import FILE_NAME

HOUR = 3600
DAY = 24 * HOUR
NOON = 1_800_014_400
"""The beginning of an hour, and of a day."""


def row(
    at: float, level: float = -40.0, stream: str = "nursery", session: str = "stream_1"
) -> FeatureRow:
    """Return a row of which only the level is known."""
    unknown = (math.nan,) * (len(FEATURE_NAMES) - 1)
    return FeatureRow(stream, session, float(at), (level, *unknown))


@asynccontextmanager
async def history_in(
    folder: Path, *, limits: Limits = Limits(), now: float = NOON + DAY
) -> AsyncIterator[SqliteHistory]:
    """Open a history; for it, it is always the same time."""
    history = SqliteHistory(folder / FILE_NAME, limits, now=lambda: now)
    await history.open()
    try:
        yield history
    finally:
        await history.close()
