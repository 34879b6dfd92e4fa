"""What clients meet behind the doors, opened and put together."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from relay.consumers.analyser import Visualization
from relay.consumers.history import History
from relay.settings import Settings
from relay.sources.demo import DemoSource
from relay.sources.register import SourceRegister
from relay.tls.certificates import Certificates
from relay.web import checks, readings, sound_readings
from relay.web.app import Desk
from relay.web.audit import AuditLog
from relay.web.gate import Gate
from relay.web.health import MEDIA, Health, PartState
from relay.web.history_api import HistoryApi
from relay.web.home_network import HomeNetwork, address_of
from relay.web.house_rules import HouseRules, Rule
from relay.web.housekeeping import Housekeeping
from relay.web.limits import Limits
from relay.web.lobby import Lobby
from relay.web.loop_lag import LoopLag
from relay.web.media import Media
from relay.web.metrics import Metrics, Reading
from relay.web.onboarding import Onboarding
from relay.web.pages import Pages
from relay.web.roll import Roll
from relay.web.socket_media import SocketMedia
from relay.web.stream_list import StreamList
from relay.webrtc.host_addresses import lan_addresses
from relay.wiring.history import open_history
from relay.wiring.insight import open_insight
from relay.wiring.sound import Sound


async def open_desk(
    settings: Settings,
    options: Mapping[str, Any],
    sound: Sound,
    gate: Gate,
    sources: SourceRegister,
    certificates: Certificates | None,
    www: Path,
    stack: AsyncExitStack,
) -> Desk:
    """Open what clients meet behind the doors, and start those who look after it."""
    relay, endpoint, worker = sound.relay, sound.endpoint, sound.worker
    name_of, signaling = sound.names.text_of, settings.signaling
    history = await open_history(settings, relay.events, stack)
    roll = await open_roll(settings, stack)
    insight = await open_insight(settings, sound, roll, stack)
    media = Media(
        relay,
        endpoint,
        Visualization(sound.decoders),
        SocketMedia(sound.decoders, worker),
        analysis=insight.understanding.analysis,
        lookback=insight.kept.lookback,
    )
    streams = StreamList(relay, signaling.ice_servers)
    lobby = await stack.enter_async_context(
        Lobby(media, streams, roll, name_of, max_connections=signaling.max_connections)
    )
    housekeeping = await stack.enter_async_context(
        Housekeeping(relay, lobby, sound.broadcasts, settings.cleanup)
    )
    health = Health(relay, lobby, options=options)
    analysis_api = insight.understanding.api(media, roll)
    mqtt = await open_mqtt(settings, sound, media, roll, stack)
    metrics = metrics_of(
        *(sound, media, lobby, health, housekeeping, sources, mqtt, history),
        insight.readings(analysis_api),
    )
    loop_lag = await stack.enter_async_context(LoopLag(metrics.loop_lag.observe))
    health.register(MEDIA, checks.of_endpoint(endpoint))
    health.register("media_worker", checks.of_worker(worker))
    health.register("housekeeping", checks.of_housekeeping(housekeeping))
    health.register("event_loop", checks.of_loop(loop_lag))
    health.register("access", gate.check())
    health.register("analysis", insight.understanding.check())
    register_wanted(health, mqtt, history)
    await open_demo(settings, sound, health, stack)
    await stack.enter_async_context(sources)
    health.register("sources", checks.of_sources(sources))
    pages = Pages(www)
    onboarding = Onboarding(
        pages, certificates, signaling.port, settings.tls.port, lan_addresses
    )
    store = history.store if history else None
    history_api = HistoryApi(store, roll, streams, name_of)
    return Desk(
        *(lobby, streams, pages, onboarding, health, metrics, media, history_api),
        past=insight.kept.past,
        more_routes=tuple(api.add_routes for api in insight.apis(analysis_api)),
    )


def register_wanted(
    health: Health, mqtt: checks.MqttLine | None, history: History | None
) -> None:
    """Have those asked for their health whom somebody wanted."""
    if mqtt:
        health.register("mqtt", checks.of_mqtt(mqtt))
    if history:
        health.register("history", checks.of_history(history))


async def open_demo(
    settings: Settings, sound: Sound, health: Health, stack: AsyncExitStack
) -> None:
    """Let a built-in sender play, if that is wanted."""
    if settings.demo:
        demo = DemoSource(sound.relay)
        await stack.enter_async_context(demo)
        health.register("demo", lambda: PartState(demo.alive))


def metrics_of(
    sound: Sound,
    media: Media,
    lobby: Lobby,
    health: Health,
    housekeeping: Housekeeping,
    sources: SourceRegister,
    mqtt: checks.MqttLine | None,
    history: History | None,
    more: Sequence[Reading],
) -> Metrics:
    """Return every number that there is."""
    relay, endpoint, frames = sound.relay, sound.endpoint, media.sockets.counters
    return Metrics(
        [
            *readings.of_connections(lobby, health),
            *readings.of_roll(lobby.roll),
            *readings.of_streams(relay),
            *sound_readings.of_media(endpoint, sound.worker, lobby, frames),
            *sound_readings.of_frames(frames),
            *sound_readings.of_sound(sound.decoders),
            *sound_readings.of_listeners(sound.broadcasts),
            *readings.of_housekeeping(housekeeping),
            *readings.of_sources(sources),
            *(readings.of_mqtt(mqtt) if mqtt else ()),
            *(readings.of_history(history) if history else ()),
            *more,
        ],
        relay.events,
        readings.summary(health, lobby, relay, endpoint),
    )


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
