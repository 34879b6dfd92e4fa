"""Earshot's server: options, settings, wiring, and serving until it is told to stop."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import audio_stream_server
from audio_stream_server import AudioStreamServer
from relay import events, log
from relay.consumers.analyser import Visualization
from relay.consumers.decoder import DecoderPool
from relay.consumers.http_broadcast import Broadcasts
from relay.consumers.media_worker import MediaWorker
from relay.errors import SettingsError
from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.options import gather
from relay.privileges import gain_no_rights, give_up_root
from relay.rtp.packet import RtpPacket
from relay.settings import INGRESS_HOST, INGRESS_PEER, INGRESS_PORT, Settings
from relay.sources.demo import DemoSource
from relay.sources.register import SourceRegister
from relay.tls.certificates import Certificates
from relay.tls.names import Names
from relay.web import checks, readings
from relay.web.access import CAST_ORIGIN, Access, IngressDoor
from relay.web.app import Desk, create_app
from relay.web.audit import AuditLog
from relay.web.cross_origin import CrossOrigin
from relay.web.gate import Gate
from relay.web.greeting import greeting
from relay.web.health import AUDIO_SERVER, MEDIA, Health, PartState
from relay.web.home_address import HomeAddress
from relay.web.home_assistant_users import HomeAssistantUsers
from relay.web.home_network import HomeNetwork, address_of
from relay.web.house_rules import HouseRules, Rule
from relay.web.housekeeping import Housekeeping
from relay.web.http_server import HttpServer
from relay.web.known_names import KnownNames
from relay.web.limits import Limits
from relay.web.listening import Listening
from relay.web.lobby import Lobby
from relay.web.loop_lag import LoopLag
from relay.web.media import Media
from relay.web.metrics import Metrics
from relay.web.onboarding import Onboarding
from relay.web.own_names import OwnNames
from relay.web.pages import Pages
from relay.web.player_lists import PlayerLists
from relay.web.player_page import PlayerPage
from relay.web.roll import Roll
from relay.web.source_api import add_source_routes
from relay.web.stream_directory import StreamDirectory
from relay.web.stream_list import StreamList
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.host_addresses import lan_addresses
from relay.webrtc.session_description import SenderWishes

logger = logging.getLogger("webrtc_server_relay")

SECONDS = 1.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
WATCHDOG_S = 8 * SECONDS
WWW = Path(__file__).resolve().parent / "www"

SUPERVISOR = IngressDoor(INGRESS_HOST, INGRESS_PORT, frozenset({INGRESS_PEER}))


def main() -> int:
    """Run the server and return the exit code of the process."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # Until the event loop listens for signals itself; as PID 1 there is no default.
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        options = gather(sys.argv[1:], os.environ)
        settings = Settings.from_options(
            options.values,
            demo=options.demo,
            supervised=options.supervised,
            supervisor_token=options.supervisor_token,
        )
        log.configure(settings.log)
        for warning in options.warnings:
            logger.warning("%s", warning)
        for line in options.overridden():
            logger.info("option %s", line)
        certificates = certificates_of(settings)
        if certificates is not None:
            certificates.read_foreign()  # whose key may be root's alone
        give_up_root(settings.data_dir, options.run_as)
        gain_no_rights()
        door = supervisors_door(settings, options.supervisor_token)
        asyncio.run(serve(settings, options.report(), door, certificates))
    except SettingsError as error:
        print(f"Earshot cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def supervisors_door(settings: Settings, token: str | None) -> IngressDoor:
    """Return the door of ingress, where users of Home Assistant come in."""
    admins = HomeAssistantUsers(token or "", settings.access.ingress_admins)
    return replace(SUPERVISOR, admins=admins)


async def serve(
    settings: Settings,
    options: Mapping[str, Any],
    ingress: IngressDoor = SUPERVISOR,
    certificates: Certificates | None = None,
) -> None:
    """
    Run until a signal says stop. What is opened here is closed in reverse order.

    Without ``certificates`` there is no https.
    """
    told_to_stop = stop_signal()
    # One thread for all files, from the start on: the number of threads tells of leaks.
    files = ThreadPoolExecutor(max_workers=1, thread_name_prefix="files")
    asyncio.get_running_loop().set_default_executor(files)
    async with AsyncExitStack() as stack:
        sound = await open_sound(settings, stack)
        gate = await open_gate(settings, sound, stack)
        sources = SourceRegister(sound.relay, settings.sources)
        if certificates is not None:
            await stack.enter_async_context(certificates)
        desk = await open_desk(
            settings, options, sound, gate, sources, certificates, stack
        )
        await open_doors(
            settings, ingress, sound, desk, gate, sources, certificates, stack
        )
        print(
            greeting(
                signaling_port=settings.signaling.port,
                https_port=settings.tls.port if certificates else None,
                audio_port=settings.mp3.port,
                addresses=lan_addresses(),
                demo=settings.demo,
                # With ingress there is an admin: who administers Home Assistant.
                first_code=None if settings.supervised else gate.first_code(),
            )
        )
        await told_to_stop.wait()
        logger.info("stopping")


@dataclass(frozen=True, slots=True)
class Sound:
    """The parts through which packets and sound go."""

    relay: MediaRelay[RtpPacket]
    endpoint: WebRtcEndpoint
    worker: MediaWorker
    decoders: DecoderPool
    broadcasts: Broadcasts
    names: KnownNames


async def open_sound(settings: Settings, stack: AsyncExitStack) -> Sound:
    """Open the media port and start the media worker."""
    bus = EventBus()
    relay = MediaRelay[RtpPacket](bus)
    endpoint = await stack.enter_async_context(
        WebRtcEndpoint(
            bus,
            port=settings.media.port,
            addresses=settings.media.addresses,
            data_dir=settings.data_dir,
            wishes=SenderWishes(
                red=settings.media.sender_redundancy, dtx=settings.media.sender_dtx
            ),
        )
    )
    worker = MediaWorker()
    worker.start()
    stack.callback(worker.close)
    decoders = DecoderPool(relay, worker, bus)
    stack.push_async_callback(decoders.close)
    names = await stack.enter_async_context(KnownNames(relay, settings.data_dir))
    broadcasts = Broadcasts(
        relay, decoders, worker, settings.mp3, name_of=names.text_of
    )
    stack.push_async_callback(broadcasts.close)
    return Sound(relay, endpoint, worker, decoders, broadcasts, names)


async def open_gate(settings: Settings, sound: Sound, stack: AsyncExitStack) -> Gate:
    """Open what knows who was let in."""
    bus = sound.relay.events
    bus.subscribe(events.AccessChanged, lambda _: sound.broadcasts.sweep())
    gate = Gate(settings.data_dir, bus, paired=settings.access.paired)
    return await stack.enter_async_context(gate)


async def open_desk(
    settings: Settings,
    options: Mapping[str, Any],
    sound: Sound,
    gate: Gate,
    sources: SourceRegister,
    certificates: Certificates | None,
    stack: AsyncExitStack,
) -> Desk:
    """Open what clients meet behind the doors, and start those who look after it."""
    relay, endpoint, worker = sound.relay, sound.endpoint, sound.worker
    media = Media(relay, endpoint, Visualization(sound.decoders))
    streams = StreamList(relay, settings.signaling.ice_servers)
    roll = await open_roll(settings, stack)
    lobby = await stack.enter_async_context(
        Lobby(media, streams, roll, max_connections=settings.signaling.max_connections)
    )
    housekeeping = await stack.enter_async_context(
        Housekeeping(relay, lobby, sound.broadcasts, settings.cleanup)
    )
    health = Health(relay, lobby, options=options)
    mqtt = await open_mqtt(settings, sound, media, roll, stack)
    metrics = Metrics(
        [
            *readings.of_connections(lobby, health),
            *readings.of_roll(lobby.roll),
            *readings.of_streams(relay),
            *readings.of_media(endpoint, worker, lobby),
            *readings.of_sound(sound.decoders),
            *readings.of_listeners(sound.broadcasts),
            *readings.of_housekeeping(housekeeping),
            *readings.of_sources(sources),
            *(readings.of_mqtt(mqtt) if mqtt else ()),
        ],
        relay.events,
        readings.summary(health, lobby, relay, endpoint),
    )
    loop_lag = await stack.enter_async_context(LoopLag(metrics.loop_lag.observe))
    health.register(MEDIA, checks.of_endpoint(endpoint))
    health.register("media_worker", checks.of_worker(worker))
    health.register("housekeeping", checks.of_housekeeping(housekeeping))
    health.register("event_loop", checks.of_loop(loop_lag))
    health.register("access", gate.check())
    if mqtt:
        health.register("mqtt", checks.of_mqtt(mqtt))
    if settings.demo:
        demo = DemoSource(relay)
        await stack.enter_async_context(demo)
        health.register("demo", lambda: PartState(demo.alive))
    await stack.enter_async_context(sources)
    health.register("sources", checks.of_sources(sources))
    pages = Pages(WWW)
    onboarding = Onboarding(
        pages, certificates, settings.signaling.port, settings.tls.port, lan_addresses
    )
    return Desk(lobby, streams, pages, onboarding, health, metrics, endpoint)


async def open_mqtt(
    settings: Settings, sound: Sound, media: Media, roll: Roll, stack: AsyncExitStack
) -> checks.MqttLine | None:
    """Go to the broker, if that is wanted; who has none does not load what speaks to one."""
    if not settings.mqtt.wanted:
        return None
    from relay.adapters.mqtt import Mqtt

    mqtt = Mqtt(
        settings.mqtt,
        sound.relay,
        sound.names,
        sound.endpoint.sender_lines,
        media.visualization,
        hush=lambda stream: roll.hush(stream, None, "Home Assistant"),
        at_home=lambda ip: roll.network.includes(address_of(ip)),
    )
    return await stack.enter_async_context(mqtt)


async def open_roll(settings: Settings, stack: AsyncExitStack) -> Roll:
    """Return who decides about everybody. Raises `SettingsError` for rules that are none."""
    audit = await stack.enter_async_context(AuditLog(settings.data_dir))
    rules = HouseRules(
        Rule.parse(fields, f"rules[{number}]")
        for number, fields in enumerate(settings.access.rules)
    )
    return Roll(
        Limits(settings.limits), rules, audit, network=HomeNetwork.of(settings.access)
    )


async def open_doors(
    settings: Settings,
    ingress: IngressDoor,
    sound: Sound,
    desk: Desk,
    gate: Gate,
    sources: SourceRegister,
    certificates: Certificates | None,
    stack: AsyncExitStack,
) -> None:
    """Listen. The doors open last and close first; listeners leave before them."""
    access = access_of(settings, gate, ingress if settings.supervised else None)
    players = players_server(settings, sound, desk)
    audio_app = audio_stream_server.create_app(
        players, replace(access, ingress=None), desk.lobby.roll.audit
    )
    home = HomeAddress(
        *(settings.signaling.port, settings.mp3.port, lan_addresses, access.network)
    )
    signaling_app = create_app(
        desk, players.add_routes, access, lambda app: gate.add_routes(app, home)
    )
    add_source_routes(signaling_app, sources)
    audio = await stack.enter_async_context(
        HttpServer(audio_app, settings.mp3.port, "audio_port")
    )
    signaling = await stack.enter_async_context(
        HttpServer(signaling_app, settings.signaling.port, "signaling_port")
    )
    if settings.supervised:
        await signaling.listen(ingress.host, ingress.port)
    if certificates is not None:
        https_port = settings.tls.port
        await signaling.listen_with_tls(https_port, "https_port", certificates.context)
        desk.health.register("https", checks.of_certificates(certificates, https_port))
    stack.callback(sound.broadcasts.end_listeners)
    desk.health.register(AUDIO_SERVER, checks.of_server(audio))
    desk.health.register("signaling", checks.of_server(signaling))


def access_of(settings: Settings, gate: Gate, ingress: IngressDoor | None) -> Access:
    """Return what the doors go by. Raises `SettingsError` for networks that are none."""
    wanted = settings.access
    return Access(
        OwnNames((*wanted.host_names, *settings.media.addresses)),
        HomeNetwork.of(settings.access),
        frozenset(wanted.allowed_origins),
        mode=gate.mode,
        credentials=gate.credentials,
        ingress=ingress,
    )


def players_server(settings: Settings, sound: Sound, desk: Desk) -> AudioStreamServer:
    """Return what players meet, at either door."""
    directory = StreamDirectory(
        desk.stream_list,
        sound.names,
        silent_too=settings.mp3.silence_without_sender,
    )
    return AudioStreamServer(
        sound.broadcasts,
        desk.stream_list,
        PlayerLists(directory),
        PlayerPage(desk.pages),
        Listening(sound.relay, sound.broadcasts, desk.lobby.roll),
        CrossOrigin((*settings.access.allowed_origins, CAST_ORIGIN)),
    )


def certificates_of(settings: Settings) -> Certificates | None:
    """Return the keeper of the certificates, None if there is to be no https."""
    if not settings.tls.enabled:
        return None

    def names() -> Names:
        addresses = {*lan_addresses(), *settings.media.addresses}
        return Names.of(addresses, socket.gethostname(), settings.access.host_names)

    return Certificates(
        settings.data_dir, settings.tls.certfile, settings.tls.keyfile, names
    )


def stop_signal() -> asyncio.Event:
    """
    Return an event that SIGTERM and SIGINT set.

    A second signal ends the process at once, and so does a shutdown that hangs.
    """
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()

    def tell() -> None:
        if told_to_stop.is_set():
            os._exit(1)
        told_to_stop.set()
        watchdog = threading.Timer(WATCHDOG_S, os._exit, [1])
        watchdog.daemon = True
        watchdog.start()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, tell)
    return told_to_stop


if __name__ == "__main__":
    sys.exit(main())
