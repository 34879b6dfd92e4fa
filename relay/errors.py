"""
Every error that may leave a module, by who may read it.

RelayError
├── ProtocolError        the client broke the rules; it is told so
│   ├── MalformedMessage     not JSON, not an object, a wrong or missing field
│   ├── UnknownMessage       a type nobody defined
│   ├── MessageTooLarge      beyond a limit that is checked before parsing
│   ├── UnexpectedMessage    right message, wrong moment
│   ├── BadSessionDescription    SDP that does not parse or is not usable
│   ├── NoAudio              SDP without an audio section we may use
│   ├── NoOpus               audio, but not Opus
│   ├── NoFormat             no format of sound that both sides know
│   └── BadFrame             a binary frame that is no sound of the agreed format
├── BadRequest           an address over HTTP that asks for what there is not
│   └── FormatNotAvailable   a package that it takes is not installed
├── BadName              a stream name that breaks the rules
├── BadAddress           an address that no source may have
├── NotAllowed           an option, a role or a rule of the house forbids it
├── NameTaken            another device is live under that name
├── WrongCode            no pairing code that is open now
├── DeviceNotFound       no device or player was let in under that id
├── Hushed               its sender does not want to be heard by this client now
├── StreamNotFound       nobody sends under that id or name
├── StreamEnded          it was there, it is over
├── CapacityExceeded     a limit of the house, not the client's fault
├── NegotiationTimeout   offer made, media never came
├── Replaced             the same device sends from elsewhere now
├── SessionGone          nothing is left that could be resumed
├── HistoryOff           nothing is kept: an option says so
├── AnalysisOff          the house does not have this stream analysed
├── HistoryUnavailable   what keeps the history is away, full or out of order
├── PeerFailed           the media connection broke before or while it was used
└── SettingsError        the options are wrong; the server does not start
"""

from typing import ClassVar


class RelayError(Exception):
    """Base of all errors; ``code`` is stable and goes over the wire, ``str()`` is for people."""

    code: ClassVar[str] = "internal_error"


class ProtocolError(RelayError):
    code = "protocol_error"


class MalformedMessage(ProtocolError):
    code = "malformed_message"


class UnknownMessage(ProtocolError):
    code = "unknown_message"


class MessageTooLarge(ProtocolError):
    code = "message_too_large"


class UnexpectedMessage(ProtocolError):
    code = "unexpected_message"


class BadSessionDescription(ProtocolError):
    code = "bad_sdp"


class NoAudio(ProtocolError):
    code = "no_audio"


class NoOpus(ProtocolError):
    code = "no_opus"


class NoFormat(ProtocolError):
    code = "no_format"


class BadFrame(ProtocolError):
    code = "bad_frame"


class BadRequest(RelayError):
    code = "bad_request"


class FormatNotAvailable(BadRequest):
    code = "format_not_available"


class BadName(RelayError):
    code = "bad_name"


class BadAddress(RelayError):
    code = "bad_address"


class NotAllowed(RelayError):
    code = "not_allowed"


class NameTaken(RelayError):
    code = "name_taken"


class WrongCode(RelayError):
    code = "wrong_code"


class DeviceNotFound(RelayError):
    code = "device_not_found"


class Hushed(RelayError):
    code = "hushed"


class StreamNotFound(RelayError):
    code = "stream_not_found"


class StreamEnded(RelayError):
    code = "stream_ended"


class CapacityExceeded(RelayError):
    code = "capacity_exceeded"


class NegotiationTimeout(RelayError):
    code = "negotiation_timeout"


class Replaced(RelayError):
    code = "replaced"


class SessionGone(RelayError):
    code = "session_gone"


class HistoryOff(RelayError):
    code = "history_off"


class AnalysisOff(RelayError):
    code = "analysis_off"


class HistoryUnavailable(RelayError):
    code = "history_unavailable"


class PeerFailed(RelayError):
    code = "peer_failed"


class SettingsError(RelayError):
    code = "settings_error"
