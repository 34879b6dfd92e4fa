"""What a client may say, one frozen dataclass a message; see ``docs/protocol.md``."""

import math
from dataclasses import dataclass
from typing import ClassVar

from relay.errors import MalformedMessage
from relay.signaling.fields import (
    Json,
    read_address,
    read_device_id,
    read_flag,
    read_format,
    read_over_websocket,
    read_sdp,
    read_text,
)
from relay.signaling.sound_frame import SoundFormat


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
    gated: bool = False
    """Whether it sends silence while it is quiet."""

    @classmethod
    def parse(cls, fields: Json) -> "StartSending":
        said = (
            read_text(fields, "name"),
            read_device_id(fields),
            read_flag(fields, "muted"),
            read_flag(fields, "gated"),
        )
        if read_over_websocket(fields):
            return StartSendingFrames(*said, read_format(fields))
        return StartSending(*said)


@dataclass(frozen=True, slots=True)
class StartSendingFrames(StartSending):
    """The same with sound over the WebSocket: nothing is negotiated."""

    format: SoundFormat = SoundFormat.OPUS


@dataclass(frozen=True, slots=True)
class StartReceiving(ClientMessage):
    type = "start_receiving"
    address: str = ""
    """An id, a name or a slug; empty: the newest stream."""
    keep: bool = False
    """Whether the peer connection may wait for another stream when this one has ended."""

    @classmethod
    def parse(cls, fields: Json) -> "StartReceiving":
        said = read_address(fields), read_flag(fields, "keep")
        if read_over_websocket(fields):
            return StartReceivingFrames(*said, read_format(fields))
        return StartReceiving(*said)


@dataclass(frozen=True, slots=True)
class StartReceivingFrames(StartReceiving):
    """The same with sound over the WebSocket: nothing is negotiated."""

    format: SoundFormat = SoundFormat.OPUS


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
    gated: bool = False
    """As in `StartSending`."""

    @classmethod
    def parse(cls, fields: Json) -> "SetMuted":
        if "muted" not in fields:
            raise MalformedMessage("'muted' is missing")
        return cls(read_flag(fields, "muted"), read_flag(fields, "gated"))


@dataclass(frozen=True, slots=True)
class SetLookback(ClientMessage):
    """Of the stream that the client sends: whether its last minutes may be heard again."""

    type = "set_lookback"
    enabled: bool = True

    @classmethod
    def parse(cls, fields: Json) -> "SetLookback":
        if "enabled" not in fields:
            raise MalformedMessage("'enabled' is missing")
        return cls(read_flag(fields, "enabled"))


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
class StartFeatures(ClientMessage):
    type = "start_features"
    address: str = ""
    """As in `StartReceiving`."""

    @classmethod
    def parse(cls, fields: Json) -> "StartFeatures":
        return cls(read_address(fields))


@dataclass(frozen=True, slots=True)
class StopFeatures(ClientMessage):
    type = "stop_features"
    address: str = ""
    """Empty: all that were started."""

    @classmethod
    def parse(cls, fields: Json) -> "StopFeatures":
        return cls(read_address(fields))


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
class Hush(ClientMessage):
    type = "hush"
    address: str = ""
    """As in `StartReceiving`; empty: the stream that the client sends itself."""
    who: str | None = None
    """The id of a hearer; None: everybody who hears it now."""

    @classmethod
    def parse(cls, fields: Json) -> "Hush":
        return cls(read_address(fields), read_text(fields, "who"))


@dataclass(frozen=True, slots=True)
class Unhush(ClientMessage):
    """Whoever was hushed may come back."""

    type = "unhush"
    address: str = ""

    @classmethod
    def parse(cls, fields: Json) -> "Unhush":
        return cls(read_address(fields))


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
    SetLookback,
    StopStream,
    GetAvailableStreams,
    SubscribeVisualization,
    UnsubscribeVisualization,
    StartFeatures,
    StopFeatures,
    Ping,
    Resume,
    Hush,
    Unhush,
    Ignored,
)
CLIENT_MESSAGES = {message.type: message for message in _CLIENT_MESSAGES}
CLIENT_MESSAGES["local_ip"] = Ignored
