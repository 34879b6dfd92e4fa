"""What outside systems have to offer, for those who use them without knowing which they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which part of the history somebody wants to see."""

    since: float
    """Seconds since 1970."""
    until: float
    stream: str | None = None
    """A slug, or the id of a stream without a name; None: all."""
    session: str | None = None
    step_s: int = 1
    """One point for so many seconds."""
    features: tuple[str, ...] = FEATURE_NAMES


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """
    The answer to a `HistoryQuery`, column by column, oldest first; holes are left out.

    Each column has an item per time; None where nothing is known.
    """

    times: list[float]
    """When each step began."""
    streams: list[str]
    mean: dict[str, list[float | None]]
    """By the name of the feature."""
    minimum: dict[str, list[float | None]]
    maximum: dict[str, list[float | None]]


@dataclass(frozen=True, slots=True)
class KnownStream:
    """A stream of which there is history."""

    stream: str
    since: float
    until: float
    sessions: int


class HistoryStore(Protocol):
    """
    Where history is kept. Every call but `close` raises `HistoryUnavailable` if that fails.

    Used from the event loop, which no call may hold up; calls may overlap.
    """

    async def open(self) -> None:
        """Connect, and make or renew what rows are kept in."""

    async def write(
        self, rows: Sequence[FeatureRow], events: Sequence[SoundEvent]
    ) -> None:
        """
        Keep rows and events; they are durable when this returns.

        The same again changes nothing: a row is known by stream and time, an event by
        its id (the later telling counts). After a failure all are written again.
        """

    async def table(self, query: HistoryQuery) -> HistoryTable:
        """Return mean, minimum and maximum of each step, from the coarsest rows that do."""

    async def events(self, query: HistoryQuery) -> list[SoundEvent]:
        """Return what was noticed in the time, oldest first; step and features do not count."""

    async def latest(self) -> list[FeatureRow]:
        """Return the newest row of each stream."""

    async def streams(self) -> list[KnownStream]:
        """Return of whom there is history."""

    async def delete(self, stream: str, since: float, until: float) -> int:
        """Forget a stream's rows and events of a time; return how many rows that were."""

    async def close(self) -> None:
        """Let go. Idempotent."""
