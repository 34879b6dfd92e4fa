"""What the signaling server counts, as plain numbers that the metrics read."""

import enum
from collections import Counter
from dataclasses import dataclass, field


class CloseReason(enum.Enum):
    """Why a connection ended. The words are log lines and label values."""

    GOODBYE = "goodbye"
    """The client closed its socket."""

    LOST = "lost"
    """The socket broke, and nothing flowed that could have outlived it."""

    SILENT = "silent"
    """No answer to a heartbeat."""

    MEDIA_ENDED = "media_ended"
    """The socket broke earlier, and now its media has ended as well."""

    VANISHED = "vanished"
    """The socket broke, and a receiver gave no sign of life over its media either."""

    RESUMED = "resumed"
    """Its media goes on under a new socket of the same client."""

    TOO_SLOW = "too_slow"
    """The client did not read what was sent to it."""

    TOO_MANY_FAULTS = "too_many_faults"

    REVOKED = "revoked"
    """The client was let in, and is not any more."""

    BROKEN_FRAME = "broken_frame"
    """Not WebSocket, or a frame beyond every limit."""

    SHUTDOWN = "shutdown"
    """The server stops."""


MOVED, PARKED, PARKED_IN_VAIN = MOVES = ("moved", "parked", "parked_in_vain")
"""To another stream; without one, when its own ended; without one until it was given up."""


@dataclass
class Tally:
    """Totals of all connections since the start."""

    connections: int = 0
    connections_refused: int = 0
    messages_in: int = 0
    messages_out: int = 0
    messages_superseded: int = 0
    """Waited for a slow client until a newer one of their kind took their place."""
    messages_unsent: int = 0
    """Waited for a client that was closed."""
    forced_closes: int = 0
    moves: Counter[str] = field(
        default_factory=lambda: Counter(dict.fromkeys(MOVES, 0))
    )
    """Receivers that kept their peer connection, by what became of that."""
    closes: Counter[CloseReason] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    """By the code of the error that the client was sent."""
