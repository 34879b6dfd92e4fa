"""History in Cassandra with rows that are made up."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from relay.adapters.history_cassandra import CassandraHistory
from relay.cassandra_settings import CassandraSettings
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent, SoundEventKind

DAY = 86_400
MIDNIGHT = 20_834 * DAY


def row(
    at: float, level: float = -40.0, stream: str = "nursery", session: str = "stream_1"
) -> FeatureRow:
    """Return a row of which only the level is known."""
    unknown = (math.nan,) * (len(FEATURE_NAMES) - 1)
    return FeatureRow(stream, session, float(at), (level, *unknown))


def noise(
    at: float, id_: str = "noise_1", ended_at: float | None = None, **of: str
) -> SoundEvent:
    """Return a noise of the nursery's first session, unless told otherwise."""
    of = {"stream": "nursery", "session": "stream_1"} | of
    return SoundEvent(
        id_, SoundEventKind.NOISE, began_at=at, ended_at=ended_at, level_dbfs=-20, **of
    )


@asynccontextmanager
async def cassandra_history(
    settings: CassandraSettings, days: float = 30
) -> AsyncIterator[CassandraHistory]:
    """Have it open for the length of a ``with`` block."""
    history = CassandraHistory(settings, days)
    try:
        await history.open()
        yield history
    finally:
        await history.close()
