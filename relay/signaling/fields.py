"""The fields of a client's message: read one by one, with their kinds and limits."""

import re
from typing import Any

from relay.errors import MalformedMessage, MessageTooLarge, NoFormat
from relay.signaling.sound_frame import SoundFormat

KiB = 1024
MAX_SDP_BYTES = 32 * KiB
MAX_CANDIDATES = 32
MAX_TEXT = 200
MAX_FORMATS = 16
_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Json = dict[str, Any]


def read_text(fields: Json, key: str) -> str | None:
    """Return None for a field that is missing. Raises `MalformedMessage`."""
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise MalformedMessage(f"{key!r} is text of up to {MAX_TEXT} characters")
    return value


def read_address(fields: Json) -> str:
    """Return an id, a name or a slug; empty: none was given, and the newest stream is meant."""
    return read_text(fields, "stream_id") or read_text(fields, "name") or ""


def read_device_id(fields: Json) -> str | None:
    """Return None if it is missing. Raises `MalformedMessage`."""
    device_id = read_text(fields, "device_id")
    if device_id is not None and not _DEVICE_ID.fullmatch(device_id):
        raise MalformedMessage("'device_id' has up to 64 characters A-Z a-z 0-9 _ -")
    return device_id


def read_flag(fields: Json, key: str) -> bool:
    """Return False for a field that is missing. Raises `MalformedMessage`."""
    value = fields.get(key, False)
    if not isinstance(value, bool):
        raise MalformedMessage(f"{key!r} is true or false")
    return value


def read_over_websocket(fields: Json) -> bool:
    """Return whether sound is to take the socket. Raises `MalformedMessage`."""
    transport = fields.get("transport", "webrtc")
    if transport not in ("webrtc", "websocket"):
        raise MalformedMessage("'transport' is webrtc or websocket")
    return bool(transport == "websocket")


def read_format(fields: Json) -> SoundFormat:
    """Return the first one that is known here. Raises `MalformedMessage` or `NoFormat`."""
    formats = fields.get("formats", [SoundFormat.OPUS.value])
    if not isinstance(formats, list) or len(formats) > MAX_FORMATS:
        raise MalformedMessage(f"'formats' is a list of up to {MAX_FORMATS} words")
    known = [f for f in formats if isinstance(f, str) and f in tuple(SoundFormat)]
    if not known:
        raise NoFormat(f"formats known here: {', '.join(SoundFormat)}")
    return SoundFormat(known[0])


def read_sdp(fields: Json, key: str) -> str:
    """Return the text of a description. Raises `MalformedMessage` or `MessageTooLarge`."""
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
