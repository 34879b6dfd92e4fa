"""F5: a WebSocket client that asks and asks, and reads none of the answers."""

import asyncio
import base64
import json
import os
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.relay_process import HOST, RelayProcess
from tests.e2e.wire_client import wire_client
from tests.faults import http_player
from tests.faults.pause import longest_pause
from tests.faults.row import Figure, Row

REQUESTS_AT_ONCE = 50
BETWEEN_S = 0.01
GIVEN_UP_AFTER_S = 60.0
LATER_BY_S = 0.05
STRETCH_S = 0.005
REPORTS_EVERY_S = 0.1
"""The visualization's messages, by which another client feels whether it has to wait."""

OTHERS_LATER = "others told later by"


async def stop_reading(relay: RelayProcess) -> Row:
    """Have one client read nothing while another is told of a stream ten times a second."""
    async with (
        wire_client(relay.websocket_url) as sender,
        wire_client(relay.websocket_url) as other,
    ):
        stream_id = await sender.send("Attic")
        await other.say("subscribe_visualization", stream_id=stream_id)
        async with longest_pause(lambda: other.hear("audio_data")) as pause:
            closes = "voice_connection_closes_total{reason=too_slow}"
            closed = (await relay.metrics())[closes]
            dropped_after_s = await _ask_until_dropped(relay)
            too_slow = (await relay.metrics())[closes] - closed
            loop = (await relay.health())["parts"]["event_loop"]
    return Row(
        "F5",
        "a WebSocket client stops to read",
        (
            Figure("dropped after", dropped_after_s, "s", GIVEN_UP_AFTER_S - 1),
            Figure("not dropped as too slow", 1 - too_slow, limit=0),
            Figure(
                OTHERS_LATER,
                pause.seconds - REPORTS_EVERY_S,
                "s",
                LATER_BY_S,
                STRETCH_S,
            ),
            Figure("the server's loop late by", loop["worst_lag_ms"] / 1000, "s"),
        ),
    )


async def _ask_until_dropped(relay: RelayProcess) -> float:
    """Send requests without reading; return how long the server bore it."""
    request = frame(json.dumps({"type": "get_available_streams", "details": True}))
    started = time.monotonic()
    async with unread_socket(relay) as writer:
        while time.monotonic() - started < GIVEN_UP_AFTER_S:
            writer.write(request * REQUESTS_AT_ONCE)
            try:
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.sleep(BETWEEN_S)
        else:
            return GIVEN_UP_AFTER_S
    return time.monotonic() - started


@asynccontextmanager
async def unread_socket(relay: RelayProcess) -> AsyncIterator[asyncio.StreamWriter]:
    """Open a WebSocket by hand, with the smallest buffer, and read only the greeting."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setblocking(False)
    connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_RCVBUF, http_player.SMALLEST_BUFFER
    )
    await asyncio.get_running_loop().sock_connect(
        connection, (HOST, relay.ports["signaling"])
    )
    reader, writer = await asyncio.open_connection(sock=connection)
    try:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            "GET /ws HTTP/1.1",
            f"Host: {HOST}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        )
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        http_player.stop_reading(writer)
        yield writer
    finally:
        writer.transport.abort()


def frame(text: str) -> bytes:
    """Return a client's text frame (RFC 6455, section 5.2), masked with zeros."""
    data = text.encode()
    assert len(data) < 126, "longer ones have another head"
    return struct.pack("!BBI", 0x81, 0x80 | len(data), 0) + data
