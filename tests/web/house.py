"""A signaling server on loopback with media that is made up, and clients that talk to it."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from audio_stream_server import AudioStreamServer
from relay.analysis_settings import AnalysisSettings
from relay.consumers.alert_rule import AlertRule
from relay.consumers.alerts import Alerts
from relay.consumers.analysis import Analysis
from relay.consumers.analysis_engine import EngineSettings
from relay.consumers.analysis_here import AnalysisHere
from relay.consumers.analysis_modes import AnalysisModes
from relay.consumers.analysis_process import AnalysisProcess
from relay.consumers.clips import Clips
from relay.consumers.decoder import DecoderPool
from relay.consumers.history import History
from relay.consumers.http_broadcast import Broadcasts
from relay.consumers.lookback import Lookback
from relay.consumers.media_worker import MediaWorker
from relay.consumers.recordings import Recordings
from relay.consumers.sound_files import SoundFiles
from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import Stream
from relay.lookback_settings import LookbackSettings
from relay.ports import HistoryStore
from relay.rtp.packet import RtpPacket
from relay.settings import CleanupSettings, LimitSettings, Mp3Settings, SourceSettings
from relay.sources.register import SourceRegister
from relay.tls.certificates import Certificates
from relay.web import lookback_readings, readings, sound_readings
from relay.web.access import Access, IngressDoor
from relay.web.alert_api import AlertApi
from relay.web.alert_readings import of_alerts
from relay.web.analysis_api import AnalysisApi
from relay.web.analysis_readings import readings_of
from relay.web.app import Desk, create_app
from relay.web.audit import AuditLog
from relay.web.clip_api import ClipApi
from relay.web.feature_feed import FeatureFeeds
from relay.web.gate import Gate
from relay.web.health import Health
from relay.web.history_api import HistoryApi
from relay.web.home_address import HomeAddress
from relay.web.home_network import HomeNetwork, networks_of
from relay.web.house_rules import HouseRules
from relay.web.housekeeping import Housekeeping
from relay.web.http_server import HttpServer
from relay.web.known_names import KnownNames
from relay.web.limits import Limits
from relay.web.lobby import Lobby
from relay.web.lookback_api import LookbackApi
from relay.web.looking_back import LookingBack
from relay.web.media import Media
from relay.web.metrics import Metrics
from relay.web.onboarding import Onboarding
from relay.web.own_names import OwnNames
from relay.web.pages import Pages
from relay.web.recording_api import RecordingApi
from relay.web.roll import Roll
from relay.web.socket_media import SocketMedia
from relay.web.stream_list import Clocks, StreamList
from tests.audio_house import NO_LIMITS, players_of
from tests.consumers.found import FakePlace
from tests.web.fake_history import FakeHistoryStore
from tests.web.fakes import OFFER, FakeEndpoint, FakeMqttLine, FakeVisualization

PATIENCE_S = 5.0
"""How long a test waits for what must happen; far more than it takes."""

HOME = HomeAddress(8080, 8081, lambda: ["192.168.7.7"])

NAMES = {"nursery": "Nursery", "attic": "Attic"}
"""What is written how, without anybody who learns it."""

ENGINE = EngineSettings("energy", -40.0, in_silence=False, capacity=4)

Message = dict[str, Any]


class Client:
    """One WebSocket as a page or a card would open it."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.transport: asyncio.Transport = socket._response.connection.transport

    async def say(self, type_: str, **fields: Any) -> None:
        await self.socket.send_str(json.dumps({"type": type_, **fields}))

    async def hear(self, *types: str) -> Message:
        """Return the next message; given types, the next one of those."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message: Message = json.loads(await self.socket.receive_str())
                if not types or message["type"] in types:
                    return message

    async def ask(self, type_: str, **fields: Any) -> Message:
        """Say something and return the very next message."""
        await self.say(type_, **fields)
        return await self.hear()

    async def heard(self) -> list[Message]:
        """Return all that was sent until now: everything in front of the answer to a ping."""
        await self.say("ping", id="heard")
        messages: list[Message] = []
        while True:
            message = await self.hear()
            if message["type"] == "pong" and message["id"] == "heard":
                return messages
            messages.append(message)

    async def closed(self) -> int | None:
        """Wait until the server has closed the socket, and return its code."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.socket.receive()
                if message.type not in (WSMsgType.TEXT, WSMsgType.PING):
                    return self.socket.close_code

    def drop(self) -> None:
        """Lose the connection without a goodbye."""
        self.transport.abort()

    async def leave(self) -> None:
        await self.socket.close()


class House:
    """Everything but the media. An async context manager."""

    def __init__(
        self,
        *,
        max_connections: int = 100,
        clock: Callable[[], float] = time.monotonic,
        www: Path | None = None,
        ingress: IngressDoor | None = None,
        access: Access | None = None,
        certificates: Certificates | None = None,
        addresses: Sequence[str] = ("192.0.2.7",),
        gate: Gate | None = None,
        limits: LimitSettings = NO_LIMITS,
        rules: HouseRules = HouseRules(),
        audit: AuditLog | None = None,
        now: Callable[[], datetime] = datetime.now,
        sound: bool = False,
        history: HistoryStore | None = None,
        lookback_s: float = 0.0,
        data_dir: Path | None = None,
        alerts: Sequence[AlertRule] = (),
    ) -> None:
        """
        With a ``gate`` devices are let in; it has to be open. With ``sound`` there are
        players, and recordings need a ``data_dir``.
        """
        self._stack = AsyncExitStack()
        self.clock = clock
        self.ingress = ingress
        self.events = EventBus()
        self.relay = MediaRelay[RtpPacket](self.events, clock=clock)
        self.endpoint = FakeEndpoint()
        self.visualization = FakeVisualization()
        self.worker = MediaWorker()
        self.decoders = DecoderPool(self.relay, self.worker, self.events)
        self.lookback = Lookback(self.relay, lookback_s, clock=clock)
        self.media = Media(
            self.relay,
            self.endpoint,
            self.visualization,
            SocketMedia(self.decoders, self.worker, clock=clock),
            lookback=self.lookback,
        )
        self.place = FakePlace()
        modes = AnalysisModes(AnalysisSettings(), data_dir)
        self.analysis = Analysis(self.relay, modes, self.place, self.place)
        self.media = replace(self.media, analysis=self.analysis)
        self.stream_list = StreamList(self.relay, ("stun:192.0.2.1:3478",))
        self.roll = Roll(
            Limits(limits, clock),
            rules,
            audit,
            network=access.network if access else HomeNetwork(),
            clocks=Clocks(clock),
            now=now,
        )
        self.files = files = SoundFiles(
            data_dir or Path("no-such-folder"), LookbackSettings()
        )
        clips = Clips(self.events, self.lookback, files, ())
        self.recordings = Recordings(self.relay, files, 60.0)
        self.alerts = Alerts(self.events, alerts)
        self.past = LookingBack(self.lookback, self.worker, self.relay, self.roll)
        self.lobby = Lobby(
            self.media,
            self.stream_list,
            self.roll,
            NAMES.get,
            max_connections=max_connections,
            clock=clock,
        )
        self.broadcasts = Broadcasts(
            self.relay, self.decoders, self.worker, Mp3Settings(0, 96_000)
        )
        self.housekeeping = Housekeeping(
            self.relay,
            self.lobby,
            self.broadcasts,
            CleanupSettings(300.0, 600.0),
            clock=clock,
        )
        feeds = FeatureFeeds(self.media, self.roll)
        self.sources = SourceRegister(self.relay, SourceSettings())
        self.health = Health(self.relay, self.lobby, options={"port": {"value": 1}})
        self.metrics = Metrics(
            [
                *readings.of_connections(self.lobby, self.health),
                *readings.of_roll(self.roll),
                *readings.of_streams(self.relay),
                *sound_readings.of_media(
                    self.endpoint,
                    self.worker,
                    self.lobby,
                    self.media.sockets.counters,
                ),
                *sound_readings.of_frames(self.media.sockets.counters),
                *sound_readings.of_sound(self.decoders),
                *sound_readings.of_listeners(self.broadcasts),
                *readings.of_housekeeping(self.housekeeping),
                *readings.of_sources(self.sources),
                *readings.of_mqtt(FakeMqttLine()),
                *readings.of_history(History(FakeHistoryStore(), self.events)),
                *lookback_readings.of_lookback(self.lookback, self.past),
                *lookback_readings.of_files(files, clips, self.recordings),
                *of_alerts(self.alerts, None),
                *readings_of(
                    self.analysis,
                    AnalysisHere(self.decoders, ENGINE),
                    AnalysisProcess({}),
                    feeds,
                ),
            ],
            self.events,
            readings.summary(self.health, self.lobby, self.relay, self.endpoint),
        )
        pages = Pages(www or Path(__file__).parent / "no-such-folder")
        desk = Desk(
            self.lobby,
            self.stream_list,
            pages,
            Onboarding(pages, certificates, 8080, 8443, lambda: addresses),
            self.health,
            self.metrics,
            self.media,
            HistoryApi(history, self.roll, self.stream_list),
            self.past,
            (
                LookbackApi(self.lookback, self.relay, self.roll).add_routes,
                RecordingApi(self.recordings, self.relay, self.roll).add_routes,
                ClipApi(files, self.roll).add_routes,
                AlertApi(self.alerts, self.roll, NAMES.get).add_routes,
                AnalysisApi(self.analysis, feeds).add_routes,
            ),
        )
        self.server = HttpServer(
            create_app(
                desk,
                self._add_sound if sound else lambda app: None,
                access or access_by(gate, ingress),
                *([partial(gate.add_routes, home=HOME, cards="0c")] if gate else []),
            ),
            0,
            "signaling_port",
            hosts=["127.0.0.1"],
        )
        self._clients: list[Client] = []

    def players(self) -> AudioStreamServer:
        names = KnownNames(self.relay, None)
        return players_of(self.relay, self.broadcasts, names, self.roll)

    def _add_sound(self, app: web.Application) -> None:
        self.players().add_routes(app)
        self.worker.start()
        self._stack.callback(self.worker.close)
        self._stack.push_async_callback(self.decoders.close)
        self._stack.push_async_callback(self.broadcasts.close)

    async def __aenter__(self) -> "House":
        await self._stack.enter_async_context(self.roll.audit)
        await self._stack.enter_async_context(self.lookback)
        await self._stack.enter_async_context(self.recordings)
        self._stack.enter_context(self.alerts)
        await self._stack.enter_async_context(self.analysis)
        await self._stack.enter_async_context(self.lobby)
        await self._stack.enter_async_context(self.server)
        self.session = await self._stack.enter_async_context(ClientSession(self.url))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.leave() for client in self._clients))
        await self._stack.aclose()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def socket(self, path: str = "/ws", **options: Any) -> Client:
        """Open a WebSocket, with its greeting still to be read."""
        client = Client(
            await self.session.ws_connect(path, max_msg_size=0, compress=0, **options)
        )
        self._clients.append(client)
        return client

    async def client(self, path: str = "/ws", *, details: bool = False) -> Client:
        """Open a WebSocket and read the greeting."""
        client = await self.socket(path)
        assert (await client.hear())["type"] == "available_streams"
        if details:
            await client.ask("get_available_streams", details=True)
        return client

    async def sender(
        self, name: str | None = None, **fields: Any
    ) -> tuple[Client, Stream[RtpPacket]]:
        """Return a client that sends, and its stream."""
        client = await self.client()
        if name is not None:
            fields["name"] = name
        assert (await client.ask("start_sending", **fields))["type"] == "sender_ready"
        answer = await client.ask("webrtc_offer", offer=description("offer"))
        assert answer["type"] == "webrtc_answer"
        stream = self.endpoint.sender.speak()
        assert stream is not None
        await client.hear("stream_available")
        return client, stream

    async def receiver(self, stream: Stream[RtpPacket]) -> Client:
        """Return a client that hears the stream."""
        client = await self.client()
        offer = await client.ask("start_receiving", stream_id=stream.id)
        assert offer["type"] == "webrtc_offer"
        await client.say("webrtc_answer", answer=description("answer"))
        await client.heard()
        return client

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what is on its way through the loopback."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 - it may be any condition
                await asyncio.sleep(0.002)

    async def is_empty(self) -> None:
        """Wait until nobody is connected and no peer is left."""
        await self.until(lambda: not self.lobby.connections and not self.endpoint.peers)


def access_by(gate: Gate | None, ingress: IngressDoor | None = None) -> Access:
    """Behind a gate this machine is a proxy: it may say that others ask."""
    if gate is None:
        return Access(OwnNames(), ingress=ingress)
    return Access(
        OwnNames(),
        HomeNetwork(proxies=networks_of(["127.0.0.1"], "proxies")),
        mode=gate.mode,
        credentials=gate.credentials,
        ingress=ingress,
    )


def description(type_: str, sdp: str = OFFER) -> Message:
    return {"type": type_, "sdp": sdp}
