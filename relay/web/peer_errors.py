"""What a client is told when its peer closes by itself."""

from relay.errors import (
    NameTaken,
    NegotiationTimeout,
    PeerFailed,
    RelayError,
    Replaced,
    StreamEnded,
)

_CLOSED = PeerFailed("the media connection broke; start again")

_BY_REASON: dict[str, RelayError] = {
    "name_taken": NameTaken("another device went on air under this name first"),
    "negotiation_timeout": NegotiationTimeout(
        "no media arrived in time: is UDP to the media port blocked?"
    ),
    "replaced": Replaced("another page of this device went on air under this name"),
    "stream_ended": StreamEnded("the stream ended meanwhile"),
}


def error_for(reason: str) -> RelayError:
    """Return the words for one of the reasons why a peer is closed."""
    return _BY_REASON.get(reason, _CLOSED)
