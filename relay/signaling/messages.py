"""
Every message on the wire, one frozen dataclass each; see ``docs/protocol.md``.

`decode` is the only way in and `encode` the only way out: a dict never goes further.
"""

import dataclasses
import json
import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar

from relay.errors import MalformedMessage, MessageTooLarge, RelayError, UnknownMessage
from relay.signaling.fields import (
    Json,
    KiB,
    read_address,
    read_device_id,
    read_flag,
    read_sdp,
    read_text,
)

MAX_MESSAGE_BYTES = 64 * KiB


@dataclass(frozen=True, slots=True)
class ClientMessage:
    """Base of what a client may say."""

    type: ClassVar[str]

    @classmethod
    def parse(cls, fields: Json) -> "ClientMessage":
        return cls()


@dataclass(frozen=True, slots=True)
class StartSending(ClientMessage):
    type = "start_sending"
    name: str | None = None
    device_id: str | None = None
    muted: bool = False

    @classmethod
    def parse(cls, fields: Json) -> "StartSending":
        return cls(
            read_text(fields, "name"),
            read_device_id(fields),
            read_flag(fields, "muted"),
        )


@dataclass(frozen=True, slots=True)
class StartReceiving(ClientMessage):
    type = "start_receiving"
    address: str = ""
    """An id, a name or a slug; empty: the newest stream."""
    keep: bool = False
    """Whether the peer connection may wait for another stream when this one has ended."""

    @classmethod
    def parse(cls, fields: Json) -> "StartReceiving":
        return cls(read_address(fields), read_flag(fields, "keep"))


@dataclass(frozen=True, slots=True)
class MoveTo(ClientMessage):
    type = "move_to"
    address: str = ""
    """As in `StartReceiving`."""

    @classmethod
    def parse(cls, fields: Json) -> "MoveTo":
        return cls(read_address(fields))


@dataclass(frozen=True, slots=True)
class Offer(ClientMessage):
    type = "webrtc_offer"
    sdp: str

    @classmethod
    def parse(cls, fields: Json) -> "Offer":
        return cls(read_sdp(fields, "offer"))


@dataclass(frozen=True, slots=True)
class Answer(ClientMessage):
    type = "webrtc_answer"
    sdp: str

    @classmethod
    def parse(cls, fields: Json) -> "Answer":
        return cls(read_sdp(fields, "answer"))


@dataclass(frozen=True, slots=True)
class SetMuted(ClientMessage):
    type = "set_muted"
    muted: bool

    @classmethod
    def parse(cls, fields: Json) -> "SetMuted":
        if "muted" not in fields:
            raise MalformedMessage("'muted' is missing")
        return cls(read_flag(fields, "muted"))


@dataclass(frozen=True, slots=True)
class StopStream(ClientMessage):
    type = "stop_stream"


@dataclass(frozen=True, slots=True)
class GetAvailableStreams(ClientMessage):
    type = "get_available_streams"
    details: bool = False

    @classmethod
    def parse(cls, fields: Json) -> "GetAvailableStreams":
        return cls(read_flag(fields, "details"))


@dataclass(frozen=True, slots=True)
class SubscribeVisualization(ClientMessage):
    type = "subscribe_visualization"
    address: str = ""

    @classmethod
    def parse(cls, fields: Json) -> "SubscribeVisualization":
        return cls(read_text(fields, "stream_id") or "")


@dataclass(frozen=True, slots=True)
class UnsubscribeVisualization(ClientMessage):
    type = "unsubscribe_visualization"
    address: str = ""

    @classmethod
    def parse(cls, fields: Json) -> "UnsubscribeVisualization":
        return cls(read_text(fields, "stream_id") or "")


@dataclass(frozen=True, slots=True)
class Ping(ClientMessage):
    type = "ping"
    id: str | int | float | None = None

    @classmethod
    def parse(cls, fields: Json) -> "Ping":
        id_ = fields.get("id")
        if isinstance(id_, float) and not math.isfinite(id_):
            raise MalformedMessage("'id' is short text or a number")  # unlike NaN
        if id_ is None or (isinstance(id_, int | float) and not isinstance(id_, bool)):
            return cls(id_)
        return cls(read_text(fields, "id"))


@dataclass(frozen=True, slots=True)
class Resume(ClientMessage):
    type = "resume"
    token: str

    @classmethod
    def parse(cls, fields: Json) -> "Resume":
        token = read_text(fields, "token")
        if not token:
            raise MalformedMessage("'token' is missing")
        return cls(token)


@dataclass(frozen=True, slots=True)
class Ignored(ClientMessage):
    """What older clients say and nobody needs."""

    type = "ice_candidate"


_CLIENT_MESSAGES: tuple[type[ClientMessage], ...] = (
    StartSending,
    StartReceiving,
    MoveTo,
    Offer,
    Answer,
    SetMuted,
    StopStream,
    GetAvailableStreams,
    SubscribeVisualization,
    UnsubscribeVisualization,
    Ping,
    Resume,
    Ignored,
)
CLIENT_MESSAGES = {message.type: message for message in _CLIENT_MESSAGES}
CLIENT_MESSAGES["local_ip"] = Ignored


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
    receivers: int
    listeners: int
    started_at: float
    """Seconds since 1970, server clock."""
    hearing: Hearing = Hearing()


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
    ServerOffer,
    ServerAnswer,
    Resumed,
    Moved,
    StreamAvailable,
    StreamChanged,
    StreamEnded,
    AudioData,
    Pong,
    Error,
)


def decode(text: str) -> ClientMessage:
    """Read one message. Raises `MessageTooLarge`, `MalformedMessage` or `UnknownMessage`."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise MessageTooLarge(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedMessage("the message is not JSON") from None
    if not isinstance(fields, dict):
        raise MalformedMessage("the message is not a JSON object")
    message_type = fields.get("type")
    if not isinstance(message_type, str):
        raise MalformedMessage("'type' is missing")
    try:
        message_class = CLIENT_MESSAGES[message_type]
    except KeyError:
        raise UnknownMessage(f"unknown type {message_type[:40]!r}") from None
    return message_class.parse(fields)


def request_type(text: str) -> str | None:
    """Return the ``type`` of a message that could not be decoded, if it has one to name."""
    if len(text) > MAX_MESSAGE_BYTES:
        return None
    match = re.search(r'"type"\s*:\s*"([a-z_]{1,40})"', text)
    return match.group(1) if match else None


def encode(message: ServerMessage) -> str:
    """Write one message as JSON text."""
    fields: Json = {"type": message.type}
    for field in dataclasses.fields(message):
        value = getattr(message, field.name)
        if not isinstance(value, Omitted):
            fields[field.name] = _plain(value)
    return json.dumps(fields, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
