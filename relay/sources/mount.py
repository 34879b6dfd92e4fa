"""One Icecast source client that is connected, and the stream that its sound becomes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream, StreamState
from relay.rtp.packet import RtpPacket
from relay.sources.byte_pipe import BytePipe
from relay.sources.cushion import WhenFull
from relay.sources.failure import SourceEnded, SourceFailed
from relay.sources.feed import Feed
from relay.sources.opening import opened_pipe
from relay.sources.pacer import Pacer
from relay.sources.reading import Reading, shown_title
from relay.sources.report import SourceReport, SourceState

# What clients call it, and libavformat's names for what it must then be.
FORMATS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/x-mpeg": "mp3",
    "audio/aac": "aac",
    "audio/aacp": "aac",
    "application/ogg": "ogg",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/flac": "flac",
    "audio/webm": "matroska,webm",
    "video/webm": "matroska,webm",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
}

EXTENSIONS = (".mp3", ".aac", ".ogg", ".oga", ".opus", ".flac", ".webm", ".wav")


def name_of(path: str) -> StreamName:
    """Return the name that a mount point stands for: ``/kitchen.mp3``. Raises `BadName`."""
    text = path.removeprefix("/")
    ending = next((e for e in EXTENSIONS if text.lower().endswith(e)), "")
    return StreamName.parse(text[: len(text) - len(ending)])


def device_of(name: StreamName) -> str:
    """Return whose stream it is. No page can have such an id, so none can take it over."""
    return f"icecast:{name.slug}"


class Mount:
    """
    Plays what a client sends for as long as it sends.

    The stream is published with the first sound, not before: a stream that is announced
    can be heard. A client that comes back within moments goes on with it. Whoever makes
    a mount ends it by `leave` or `end`.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        name: StreamName,
        formats: str,
        client: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._relay = relay
        self.name = name
        self._client = client
        self._clock = clock
        self._stream: Stream[RtpPacket] | None = None
        self._feed: Feed | None = None
        self._pipe = BytePipe()
        self._reading = Reading(lambda: opened_pipe(self._pipe, formats), WhenFull.WAIT)
        self.title: str | None = None
        self.error: str | None = None

    async def play(self, body: AsyncIterator[bytes]) -> None:
        """
        Return when all that was sent has been played.

        Raises `SourceFailed` for bytes that are no sound, `NameTaken` if the name was
        given away meanwhile, and whatever ``body`` raises.
        """
        filling = asyncio.create_task(self._fill(body), name="read source client")
        try:
            await Pacer(self._reading.cushion, self._begin, clock=self._clock).run()
            await self._reading.over()
        finally:
            self._stop()
            filling.cancel()
            await asyncio.wait([filling])
        fault = None if filling.cancelled() else filling.exception()
        failure = self._reading.failure
        if failure is not None and not isinstance(failure, SourceEnded):
            raise failure
        if fault is not None:
            raise fault

    def leave(self, reason: str) -> None:
        """Take the stream off air, unless the client is back at once. Idempotent."""
        self._stop()
        if self._stream is not None:
            self._relay.let_go(self._stream, reason)

    def end(self, reason: str) -> None:
        """Take the stream off air now. Idempotent."""
        self._stop()
        if self._stream is not None:
            self._relay.end(self._stream, reason)

    @property
    def report(self) -> SourceReport:
        contents = self._reading.contents
        state = SourceState.LIVE if self._feed else SourceState.CONNECTING
        return SourceReport(
            name=self.name.text,
            slug=self.name.slug,
            kind="icecast",
            address=self._client,
            origin="client",
            state=SourceState.FAILED if self.error else state,
            stream_id=self._stream.id if self._stream else None,
            error=self.error,
            retry_in_s=None,
            failures=1 if self.error else 0,
            codec=contents.codec,
            untouched=contents.untouched,
            title=self.title or contents.title,
            packets=self._feed.packets if self._feed else 0,
            dropped=self._reading.dropped,
        )

    def rename(self, song: str) -> None:
        """Take over the title of what is played now."""
        self.title = shown_title(song) or None

    async def _fill(self, body: AsyncIterator[bytes]) -> None:
        try:
            async for data in body:
                await self._pipe.write(data)
                if self._stream is not None and self._stream.state is StreamState.ENDED:
                    raise SourceFailed("its sound paused for too long")
        finally:
            self._pipe.end()

    def _stop(self) -> None:
        self._pipe.close()
        self._reading.stop()

    def _begin(self) -> Feed:
        self._stream = self._relay.publish(self.name, device_id=device_of(self.name))
        self._feed = Feed(self._stream, clock=self._clock)
        return self._feed
