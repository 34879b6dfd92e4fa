"""What is told about a source: to its owner, over the API, without a secret."""

import enum
from dataclasses import dataclass


class SourceState(enum.StrEnum):
    IDLE = "idle"
    """Nobody follows its stream, so it is left alone."""

    CONNECTING = "connecting"
    """It is being opened, or its first sound is awaited."""

    LIVE = "live"
    """Its sound goes into its stream."""

    FAILED = "failed"
    """It did not work; it is tried again later, or when its client comes back."""


@dataclass(frozen=True, slots=True)
class SourceReport:
    name: str
    slug: str
    kind: str
    """The scheme of its address, or ``icecast``."""
    address: str
    """Without credentials."""
    origin: str
    """``options``, ``api`` or ``client``: who brought it, and who may take it away."""
    state: SourceState
    stream_id: str | None
    error: str | None
    """Why it failed, or failed the last time."""
    retry_in_s: float | None
    failures: int
    """Since it played well."""
    codec: str | None
    untouched: bool
    """Whether its own Opus packets are passed on."""
    title: str | None
    packets: int
    dropped: int
    """Packets that came too fast, or that nobody could read."""
