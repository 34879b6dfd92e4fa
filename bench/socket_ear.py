"""A receiver over its WebSocket, as light as can be: it answers frames, and shows them."""

import json
from collections.abc import Callable

import aiohttp

from relay.signaling.sound_frame import SoundFormat, SoundFrame, heard

Taken = Callable[[SoundFrame], None]


class SocketEar:
    """Read it by `listen`, which ends with the socket."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, format_: SoundFormat
    ) -> None:
        self.frames = 0
        self.on_frame: Taken = lambda frame: None
        self._socket = socket
        self._format = format_

    async def ask(self, name: str) -> None:
        """Ask for a stream, and wait until its frames are about to come."""
        await self._socket.send_json(
            {
                "type": "start_receiving",
                "name": name,
                "transport": "websocket",
                "formats": [self._format.value],
            }
        )
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                answer = json.loads(message.data)
                assert answer["type"] != "error", answer
                if answer["type"] == "receiver_ready":
                    return

    async def listen(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.BINARY:
                continue
            frame = SoundFrame.parse(message.data, self._format)
            self.frames += 1
            self.on_frame(frame)
            if frame.wants_answer:
                await self._socket.send_bytes(heard(frame.sequence))
