"""Whether anybody follows a stream, as something that can be waited for."""

import asyncio

from relay.events import EventBus, StreamChanged
from relay.hub.stream import Stream
from relay.rtp.packet import RtpPacket


class Demand:
    """The followers of one stream. `close` ends watching them."""

    def __init__(self, events: EventBus, stream: Stream[RtpPacket]) -> None:
        self._stream = stream
        self._changed = asyncio.Event()
        self.close = events.subscribe(StreamChanged, self._note)

    async def wanted(self) -> None:
        """Return once somebody follows the stream."""
        await self._until(True)

    async def unwanted(self, grace_s: float) -> None:
        """Return once nobody has followed it for so long."""
        while True:
            await self._until(False)
            try:
                async with asyncio.timeout(grace_s):
                    await self._until(True)
            except TimeoutError:
                return

    async def _until(self, demanded: bool) -> None:
        while self._stream.demanded is not demanded:
            self._changed.clear()
            await self._changed.wait()

    def _note(self, change: StreamChanged) -> None:
        if change.stream_id == self._stream.id:
            self._changed.set()
