"""The server of the second port over loopback, with those who listen to it."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import av
import numpy as np

import audio_stream_server
from audio_stream_server import AudioStreamServer
from relay.consumers.http_broadcast import Broadcasts
from relay.consumers.lookback import Lookback
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import LimitSettings, Mp3Settings
from relay.web.access import Access
from relay.web.cross_origin import CrossOrigin
from relay.web.house_rules import HouseRules
from relay.web.http_server import HttpServer
from relay.web.known_names import KnownNames
from relay.web.limits import Limits
from relay.web.listening import Listening
from relay.web.looking_back import LookingBack
from relay.web.own_names import OwnNames
from relay.web.pages import Pages
from relay.web.player_lists import PlayerLists
from relay.web.player_page import PlayerPage
from relay.web.roll import Roll
from relay.web.stream_directory import StreamDirectory
from relay.web.stream_list import StreamList
from tests.fakes import FakeSender
from tests.sound_room import SoundRoom

WWW = Path(__file__).parents[1] / "www"

NO_LIMITS = LimitSettings(10_000, 10_000, 10_000, 10_000, 10_000)

FRAME_BYTES = 288
FRAME_S = 0.024


def decoded(mp3: bytes) -> np.ndarray:
    with av.open(io.BytesIO(mp3), format="mp3") as container:
        return np.concatenate(
            [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        )


class Player:
    """A connection that says what it wants and hears what it gets."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, request: str) -> tuple[str, dict[str, str]]:
        """Send a request; return the status line and the headers, by lower-case names."""
        self.writer.write(request.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return status, {name.lower(): value for name, value in headers.items()}

    async def play(self, path: str = "latest.mp3") -> None:
        """Begin to listen."""
        status, _ = await self.ask(f"GET /stream/{path} HTTP/1.1\nHost: relay")
        assert status == "HTTP/1.1 200 OK"

    async def hear(self, seconds: float) -> bytes:
        return await self.reader.readexactly(round(seconds / FRAME_S) * FRAME_BYTES)


def players_of(
    relay: MediaRelay[RtpPacket],
    broadcasts: Broadcasts,
    names: KnownNames,
    roll: Roll,
    cross_origin: CrossOrigin = CrossOrigin(),
    past: LookingBack | None = None,
) -> AudioStreamServer:
    """Return what players meet, wired as in the server."""
    streams = StreamList(relay)
    return AudioStreamServer(
        broadcasts,
        streams,
        PlayerLists(StreamDirectory(streams, names)),
        PlayerPage(Pages(WWW)),
        Listening(relay, broadcasts, roll),
        cross_origin,
        past,
    )


class House(SoundRoom):
    """The sound room behind a port."""

    def __init__(
        self,
        *,
        lookback_s: float = 0.0,
        rules: HouseRules = HouseRules(),
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        super().__init__()
        self.names = KnownNames(self.relay, None)
        self.roll = Roll(Limits(NO_LIMITS), rules, now=now)
        self.broadcasts = Broadcasts(
            self.relay,
            self.decoders,
            self.worker,
            Mp3Settings(port=0, bitrate_bps=96_000),
            name_of=self.names.text_of,
            linger_s=0.0,
        )
        self.lookback = Lookback(self.relay, lookback_s, hushed=self.roll.hushes)
        self.past = LookingBack(self.lookback, self.worker, self.relay, self.roll)

    async def __aenter__(self) -> "House":
        await super().__aenter__()
        await self.names.__aenter__()
        await self.lookback.__aenter__()
        app = audio_stream_server.create_app(
            self.players(), Access(OwnNames(["relay"])), self.roll.audit
        )
        self.server = HttpServer(app, 0, "audio_port", hosts=["127.0.0.1"])
        await self.server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.__aexit__(None, None, None)
        await self.lookback.close()
        await self.names.__aexit__()
        await super().__aexit__()

    def players(self, cross_origin: CrossOrigin = CrossOrigin()) -> AudioStreamServer:
        return players_of(
            *(self.relay, self.broadcasts, self.names, self.roll),
            cross_origin,
            self.past,
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @asynccontextmanager
    async def player(self) -> AsyncIterator[Player]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            yield Player(reader, writer)
        finally:
            writer.close()


@asynccontextmanager
async def playing(sender: FakeSender, seconds: float = 30.0) -> AsyncIterator[None]:
    """Let the sender send in real time as long as the block lasts."""
    task = asyncio.create_task(sender.play(seconds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
