"""
How messages go over the wire; see ``docs/protocol.md``.

`decode` is the only way in and `encode` the only way out: a dict never goes further.
"""

import dataclasses
import json
import re
from typing import Any

from relay.errors import MalformedMessage, MessageTooLarge, UnknownMessage
from relay.signaling.client_messages import CLIENT_MESSAGES, ClientMessage
from relay.signaling.fields import Json, KiB
from relay.signaling.server_messages import Omitted, ServerMessage

MAX_MESSAGE_BYTES = 64 * KiB


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
