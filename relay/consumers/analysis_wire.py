"""
What goes over the pipes between the relay and the process that analyses for it.

Each message has a length, a kind and a body. Both ends are of the same version and of
the same machine: there is nothing to negotiate, and a fault in here is a bug.
"""

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from relay.consumers.findings import FrameFeatures, Trace
from relay.features import FEATURES, FeatureRow, SoundEvent, SoundEventKind
from relay.rtp.packet import RtpPacket

SETTINGS, BEGIN, PACKET, END = range(4)
"""What the process is told."""
FRAMES, SECOND, EVENT, TRACE, REPORT = range(10, 15)
"""What it answers."""

_HEADER = struct.Struct("=IB")
_KEY = struct.Struct("=I")
_PACKET = struct.Struct("=IdHII")
_FRAME = struct.Struct(f"=I{len(FrameFeatures.NUMBERS)}dBB")
_SECOND = struct.Struct(f"=Id{len(FEATURES)}d")

Message = tuple[int, memoryview]
Second = tuple[float, tuple[float, ...]]
"""When it was captured, and the values; the rest of a `FeatureRow` the other side knows."""
Found = FrameFeatures | Second | SoundEvent | Trace


class Inbox:
    """Cuts what comes through a pipe into messages again."""

    def __init__(self) -> None:
        self._rest = b""

    def messages(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that are whole by now; all of them are to be taken."""
        view = memoryview(self._rest + data)
        start = 0
        while len(view) - start >= _HEADER.size:
            length, kind = _HEADER.unpack_from(view, start)
            end = start + _HEADER.size + length
            if end > len(view):
                break
            yield kind, view[start + _HEADER.size : end]
            start = end
        self._rest = bytes(view[start:])


def _message(kind: int, body: bytes) -> bytes:
    return _HEADER.pack(len(body), kind) + body


def of_json(kind: int, fields: dict[str, Any]) -> bytes:
    return _message(kind, json.dumps(fields).encode())


def json_of(body: memoryview) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(bytes(body))
    return fields


# --- to the process ---------------------------------------------------------------------


def begin(key: int, stream: str, session: str) -> bytes:
    """A stream's packets will come under a key; the others are as in `FeatureRow`."""
    return of_json(BEGIN, {"key": key, "stream": stream, "session": session})


def end(key: int) -> bytes:
    return _message(END, _KEY.pack(key))


def key_of(body: memoryview) -> int:
    (key,) = _KEY.unpack_from(body)
    return int(key)


def packet(key: int, packet: RtpPacket) -> bytes:
    head = _PACKET.pack(
        key, packet.received_at, packet.sequence, packet.timestamp, packet.ssrc
    )
    return _message(PACKET, head + packet.payload)


def packet_of(body: memoryview) -> tuple[int, RtpPacket]:
    key, received_at, sequence, timestamp, ssrc = _PACKET.unpack_from(body)
    payload = bytes(body[_PACKET.size :])
    return key, RtpPacket(0, sequence, timestamp, ssrc, False, payload, received_at)


# --- from the process -------------------------------------------------------------------


def frames(results: list[tuple[int, FrameFeatures]]) -> bytes:
    return _message(
        FRAMES,
        b"".join(
            _FRAME.pack(key, *frame.numbers, frame.voiced, frame.is_speech)
            for key, frame in results
        ),
    )


def _frames_of(body: memoryview) -> Iterator[tuple[int, FrameFeatures]]:
    for key, *numbers, voiced, is_speech in _FRAME.iter_unpack(body):
        yield key, FrameFeatures.of(numbers, bool(voiced), bool(is_speech))


def second(key: int, row: FeatureRow) -> bytes:
    return _message(SECOND, _SECOND.pack(key, row.captured_at, *row.values))


def _second_of(body: memoryview) -> Iterator[tuple[int, Second]]:
    key, captured_at, *values = _SECOND.unpack(body)
    yield key, (captured_at, tuple(values))


def event(key: int, event: SoundEvent) -> bytes:
    return of_json(EVENT, {"key": key, "event": asdict(event)})


def _event_of(body: memoryview) -> Iterator[tuple[int, SoundEvent]]:
    fields = json_of(body)
    told = fields["event"] | {"kind": SoundEventKind(fields["event"]["kind"])}
    yield fields["key"], SoundEvent(**told)


def trace(key: int, trace: Trace) -> bytes:
    return of_json(TRACE, {"key": key, "trace": asdict(trace)})


def _trace_of(body: memoryview) -> Iterator[tuple[int, Trace]]:
    fields = json_of(body)
    told = fields["trace"]
    yield fields["key"], Trace(**told | {"steps": tuple(map(tuple, told["steps"]))})


FOUND: dict[int, Callable[[memoryview], Iterator[tuple[int, Found]]]] = {
    FRAMES: _frames_of,
    SECOND: _second_of,
    EVENT: _event_of,
    TRACE: _trace_of,
}
"""By kind of message: how what was found is read, with the keys of the streams."""
