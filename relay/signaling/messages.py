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

KiB = 1024
MAX_MESSAGE_BYTES = 64 * KiB
MAX_SDP_BYTES = 32 * KiB
MAX_CANDIDATES = 32
MAX_TEXT = 200
_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Json = dict[str, Any]


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
        device_id = _text(fields, "device_id")
        if device_id is not None and not _DEVICE_ID.fullmatch(device_id):
            raise MalformedMessage(
                "'device_id' has up to 64 characters A-Z a-z 0-9 _ -"
            )
        return cls(_text(fields, "name"), device_id, _flag(fields, "muted"))


@dataclass(frozen=True, slots=True)
class StartReceiving(ClientMessage):
    type = "start_receiving"
    address: str = ""
    """An id, a name or a slug; empty: the newest stream."""

    @classmethod
    def parse(cls, fields: Json) -> "StartReceiving":
        return cls(_text(fields, "stream_id") or _text(fields, "name") or "")


@dataclass(frozen=True, slots=True)
class Offer(ClientMessage):
    type = "webrtc_offer"
    sdp: str

    @classmethod
    def parse(cls, fields: Json) -> "Offer":
        return cls(_sdp(fields, "offer"))


@dataclass(frozen=True, slots=True)
class Answer(ClientMessage):
    type = "webrtc_answer"
    sdp: str

    @classmethod
    def parse(cls, fields: Json) -> "Answer":
        return cls(_sdp(fields, "answer"))


@dataclass(frozen=True, slots=True)
class SetMuted(ClientMessage):
    type = "set_muted"
    muted: bool

    @classmethod
    def parse(cls, fields: Json) -> "SetMuted":
        if "muted" not in fields:
            raise MalformedMessage("'muted' is missing")
        return cls(_flag(fields, "muted"))


@dataclass(frozen=True, slots=True)
class StopStream(ClientMessage):
    type = "stop_stream"


@dataclass(frozen=True, slots=True)
class GetAvailableStreams(ClientMessage):
    type = "get_available_streams"
    details: bool = False

    @classmethod
    def parse(cls, fields: Json) -> "GetAvailableStreams":
        return cls(_flag(fields, "details"))


@dataclass(frozen=True, slots=True)
class SubscribeVisualization(ClientMessage):
    type = "subscribe_visualization"
    address: str = ""

    @classmethod
    def parse(cls, fields: Json) -> "SubscribeVisualization":
        return cls(_text(fields, "stream_id") or "")


@dataclass(frozen=True, slots=True)
class UnsubscribeVisualization(ClientMessage):
    type = "unsubscribe_visualization"
    address: str = ""

    @classmethod
    def parse(cls, fields: Json) -> "UnsubscribeVisualization":
        return cls(_text(fields, "stream_id") or "")


@dataclass(frozen=True, slots=True)
class Ping(ClientMessage):
    type = "ping"
    id: str | int | float | None = None

    @classmethod
    def parse(cls, fields: Json) -> "Ping":
        id_ = fields.get("id")
        if isinstance(id_, float) and not math.isfinite(id_):
            raise MalformedMessage(
                "'id' is short text or a number"
            )  # not JSON's numbers
        if id_ is None or (isinstance(id_, int | float) and not isinstance(id_, bool)):
            return cls(id_)
        return cls(_text(fields, "id"))


@dataclass(frozen=True, slots=True)
class Resume(ClientMessage):
    type = "resume"
    token: str

    @classmethod
    def parse(cls, fields: Json) -> "Resume":
        token = _text(fields, "token")
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


def _text(fields: Json, key: str) -> str | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise MalformedMessage(f"{key!r} is text of up to {MAX_TEXT} characters")
    return value


def _flag(fields: Json, key: str) -> bool:
    value = fields.get(key, False)
    if not isinstance(value, bool):
        raise MalformedMessage(f"{key!r} is true or false")
    return value


def _sdp(fields: Json, key: str) -> str:
    description = fields.get(key)
    if not isinstance(description, dict) or description.get("type") != key:
        raise MalformedMessage(f"{key!r} is an object with 'type' {key!r} and 'sdp'")
    sdp = description.get("sdp")
    if not isinstance(sdp, str):
        raise MalformedMessage("'sdp' is text")
    if len(sdp) > MAX_SDP_BYTES:
        raise MessageTooLarge(
            f"a session description has at most {MAX_SDP_BYTES} bytes"
        )
    if sdp.count("a=candidate:") > MAX_CANDIDATES:
        raise MessageTooLarge(f"at most {MAX_CANDIDATES} candidates are read")
    return sdp
