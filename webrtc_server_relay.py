"""Earshot's server: options, settings, wiring, and serving until it is told to stop."""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import audio_stream_server
from audio_stream_server import AudioStreamServer
from relay import events, log
from relay.errors import SettingsError
from relay.options import gather
from relay.privileges import gain_no_rights, give_up_root
from relay.settings import INGRESS_HOST, INGRESS_PEER, INGRESS_PORT, Settings
from relay.sources.register import SourceRegister
from relay.stop_signal import STOP_SIGNALS, stop_signal
from relay.tls.certificates import Certificates
from relay.tls.names import Names
from relay.web import checks
from relay.web.access import CAST_ORIGIN, Access, IngressDoor
from relay.web.app import Desk, create_app
from relay.web.cross_origin import CrossOrigin
from relay.web.gate import Gate
from relay.web.greeting import greeting
from relay.web.health import AUDIO_SERVER
from relay.web.home_address import HomeAddress
from relay.web.home_assistant_users import HomeAssistantUsers
from relay.web.home_network import HomeNetwork
from relay.web.http_server import HttpServer
from relay.web.listening import Listening
from relay.web.own_names import OwnNames
from relay.web.player_lists import PlayerLists
from relay.web.player_page import PlayerPage
from relay.web.room_desk import RoomDesk
from relay.web.source_api import add_source_routes
from relay.web.stream_directory import StreamDirectory
from relay.webrtc.host_addresses import lan_addresses
from relay.wiring.desk import open_desk
from relay.wiring.introductions import introduced
from relay.wiring.sound import Sound, open_sound

logger = logging.getLogger("webrtc_server_relay")

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
        door = supervisors_door(settings)
        leave_out_of_collections()
        asyncio.run(serve(settings, options.report(), door, certificates))
    except SettingsError as error:
        print(f"Earshot cannot start: {error}", file=sys.stderr)
        return 1
    return 0


def leave_out_of_collections() -> None:
    """
    Have the garbage collector look no more at what is there by now.

    These are the loaded modules: 90,000 objects, for which all sound would stand still
    for some 50 ms at each full collection.
    """
    gc.collect()
    gc.freeze()


def supervisors_door(settings: Settings) -> IngressDoor:
    """Return the door of ingress, where users of Home Assistant come in."""
    admins = HomeAssistantUsers(
        settings.supervisor_token or "", settings.access.ingress_admins
    )
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
            settings, options, sound, gate, sources, certificates, WWW, stack
        )
        await open_doors(
            settings, ingress, sound, desk, gate, sources, certificates, stack
        )
        await stack.enter_async_context(
            introduced(settings, gate.instance, gate.standing_token)
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


async def open_gate(settings: Settings, sound: Sound, stack: AsyncExitStack) -> Gate:
    """Open what knows who was let in."""
    bus = sound.relay.events
    bus.subscribe(events.AccessChanged, lambda _: sound.broadcasts.sweep())
    gate = Gate(settings.data_dir, bus, paired=settings.access.paired)
    return await stack.enter_async_context(gate)


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
        desk,
        players.add_routes,
        access,
        lambda app: gate.add_routes(app, home, desk.pages.for_cards),
    )
    add_source_routes(signaling_app, sources)
    RoomDesk(sound.names).add_routes(signaling_app)
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
    stack.callback(players.end_listeners)
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
        desk.past,
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


if __name__ == "__main__":
    sys.exit(main())
