"""What happens in the relay, as frozen facts, and the bus that carries them."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from relay.features import FeatureRow, SoundEvent


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """A stream's first packet arrived."""

    stream_id: str


@dataclass(frozen=True, slots=True)
class StreamChanged:
    """Somebody came or left, it was muted, or its packets stopped or came back."""

    stream_id: str


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """A stream is over; published once per stream."""

    stream_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class NameChanged:
    """A name was on the air, was muted or let through by the house, or was forgotten."""

    slug: str


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """Nothing is left of a client's connection."""

    lifetime_s: float


@dataclass(frozen=True, slots=True)
class PeerConnected:
    """A peer connection carries media. ``role`` is ``sender`` or ``receiver``."""

    role: str
    negotiation_s: float
    milestones: tuple[tuple[str, float], ...] = ()
    """What was reached on the way, and when on the monotonic clock: request, offer, answer,
    DTLS, first packet."""


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """A peer connection is gone. ``reason`` is one of a closed set of words."""

    role: str
    reason: str
    lifetime_s: float


@dataclass(frozen=True, slots=True)
class AccessChanged:
    """Somebody may not stay any more, or do other things; who is there is to be asked again."""


@dataclass(frozen=True, slots=True)
class SoundDecoded:
    """A chunk of sound went through the media worker."""

    decode_s: float
    consume_s: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class FrameAnalysed:
    """The features of some sound are known; told some ten times a second for each stream."""

    latency_s: float
    """Since its packet arrived."""


Steps = tuple[tuple[str, float, float], ...]
"""Names of what was done, and when each began and ended on the monotonic clock."""


@dataclass(frozen=True, slots=True)
class ChunkTraced:
    """What became of one packet, step by step; of few packets it is told."""

    stream_id: str
    size_bytes: int
    is_speech: bool
    steps: Steps


@dataclass(frozen=True, slots=True)
class RowsStored:
    """Rows of the history are durable."""

    rows: int
    began_at: float
    """On the monotonic clock."""
    ended_at: float


@dataclass(frozen=True, slots=True)
class SecondMeasured:
    """A second of a stream was analysed."""

    row: FeatureRow


@dataclass(frozen=True, slots=True)
class SoundNoticed:
    """A sound event began, or (with its ``ended_at``) is over."""

    event: SoundEvent


@dataclass(frozen=True, slots=True)
class AlertRaised:
    """A sound event of which somebody wants to be told began."""

    event: SoundEvent


Event = TypeVar("Event")


class EventBus:
    """
    Hands each event to those who asked for its type, in the order they asked.

    Synchronous and on the event loop's thread: a subscriber must return at once
    and must not raise.
    """

    def __init__(self) -> None:
        self._subscribers: dict[type[Any], list[Callable[[Any], None]]] = defaultdict(
            list
        )

    def subscribe(
        self, event_type: type[Event], subscriber: Callable[[Event], None]
    ) -> Callable[[], None]:
        """Return the function that ends the subscription; calling it twice is harmless."""
        self._subscribers[event_type].append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers[event_type]:
                self._subscribers[event_type].remove(subscriber)

        return unsubscribe

    def publish(self, event: object) -> None:
        for subscriber in tuple(self._subscribers[type(event)]):
            subscriber(event)
