"""What the server says, one frozen dataclass a message; see ``docs/protocol.md``."""

from dataclasses import dataclass
from typing import ClassVar

from relay.errors import RelayError
from relay.signaling.fields import Json


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """Base of what the server says. Fields that are `Omitted` stay off the wire."""

    type: ClassVar[str]


class Omitted:
    """Stands for a field that is not sent at all."""


OMITTED = Omitted()


@dataclass(frozen=True, slots=True)
class Hearing:
    """How well a stream's receivers hear it, by their own reports; nobody yet: all zero."""

    good: int = 0
    weak: int = 0
    bad: int = 0
    worst_loss_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamDetails:
    stream_id: str
    name: str | None
    slug: str | None
    state: str
    muted: bool
    """Its sender says so, and sends silence."""
    receivers: int
    listeners: int
    started_at: float
    """Seconds since 1970, server clock."""
    hearing: Hearing = Hearing()
    muted_by_house: bool = False
    """Silence is passed on, whatever its sender sends."""
    gated: bool = False
    """Its sender sends silence while it is quiet."""
    line: str | None = None
    """How its own packets arrive: ``good``, ``weak`` or ``bad``; None while that is not known."""
    lookback_s: int = 0
    """How far back one may begin to hear it; 0: nothing of it is kept."""
    recorded: bool = False
    """It is being written to a file."""


@dataclass(frozen=True, slots=True)
class AvailableStreams(ServerMessage):
    type = "available_streams"
    streams: tuple[str, ...]
    details: tuple[StreamDetails, ...] | Omitted = OMITTED
    ice_servers: tuple[Json, ...] | Omitted = OMITTED


@dataclass(frozen=True, slots=True)
class SenderReady(ServerMessage):
    type = "sender_ready"
    connection_id: str
    name: str | None
    slug: str | None
    resume_token: str
    format: str | Omitted = OMITTED
    """Of the frames that the sender will send, if it sends frames."""


@dataclass(frozen=True, slots=True)
class ReceiverReady(ServerMessage):
    """Sound follows in frames."""

    type = "receiver_ready"
    stream_id: str
    format: str
    resume_token: str


@dataclass(frozen=True, slots=True)
class SessionDescription:
    type: str
    sdp: str


@dataclass(frozen=True, slots=True)
class ServerOffer(ServerMessage):
    type = "webrtc_offer"
    offer: SessionDescription
    stream_id: str
    resume_token: str


@dataclass(frozen=True, slots=True)
class ServerAnswer(ServerMessage):
    type = "webrtc_answer"
    answer: SessionDescription


@dataclass(frozen=True, slots=True)
class Resumed(ServerMessage):
    type = "resumed"
    stream_id: str | None
    """None while a sender's first packet is still to come."""
    resume_token: str


@dataclass(frozen=True, slots=True)
class Moved(ServerMessage):
    type = "moved"
    stream_id: str


@dataclass(frozen=True, slots=True)
class StreamAvailable(ServerMessage):
    type = "stream_available"
    stream_id: str
    name: str | None
    slug: str | None


@dataclass(frozen=True, slots=True)
class StreamChanged(ServerMessage):
    type = "stream_changed"
    stream: StreamDetails


@dataclass(frozen=True, slots=True)
class Hearer:
    """One who hears a stream."""

    id: str
    name: str
    by: str
    """``webrtc``, ``websocket`` or ``http``."""
    since: float
    """Seconds since 1970, server clock."""


@dataclass(frozen=True, slots=True)
class Audience(ServerMessage):
    type = "audience"
    stream_id: str
    hearers: tuple[Hearer, ...]
    more: int
    """How many hear it beside those that are named."""
    hushed: tuple[str, ...]
    """The names of those who may not come back yet."""


@dataclass(frozen=True, slots=True)
class Alert(ServerMessage):
    type = "alert"
    id: str
    kind: str
    """One of `relay.features.SoundEventKind`."""
    stream: str
    """The slug of its name, or the id of a stream without one."""
    name: str | None
    began_at: float
    """Seconds since 1970, server clock."""
    level_dbfs: float | None


@dataclass(frozen=True, slots=True)
class StreamEnded(ServerMessage):
    type = "stream_ended"
    stream_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class AudioData(ServerMessage):
    type = "audio_data"
    stream_id: str
    timestamp: float
    level_dbfs: float
    peak_dbfs: float
    voice: bool
    bands: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Features(ServerMessage):
    """How 20 ms sounded; None for what is not known, as the pitch of silence."""

    type = "features"
    stream_id: str
    captured_at: float
    """When its last sample was captured: seconds since 1970, server clock."""
    processing_ms: float
    """From its packet's arrival until it was analysed."""
    level_dbfs: float
    energy: float
    pitch_hz: float | None
    pitch_confidence: float | None
    voiced: bool
    is_speech: bool
    window: Json
    """By feature: its mean, deviation, minimum, maximum and range in the last seconds."""


@dataclass(frozen=True, slots=True)
class Pong(ServerMessage):
    type = "pong"
    id: str | int | float | None
    timestamp: float


@dataclass(frozen=True, slots=True)
class Error(ServerMessage):
    type = "error"
    code: str
    message: str
    request: str | None

    @classmethod
    def about(cls, error: RelayError, request: str | None) -> "Error":
        return cls(error.code, str(error), request)


SERVER_MESSAGES: tuple[type[ServerMessage], ...] = (
    AvailableStreams,
    SenderReady,
    ReceiverReady,
    ServerOffer,
    ServerAnswer,
    Resumed,
    Moved,
    StreamAvailable,
    StreamChanged,
    Audience,
    Alert,
    StreamEnded,
    AudioData,
    Features,
    Pong,
    Error,
)
