"""What the server was told to do, as frozen objects: each part gets the group it needs."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from relay.alert_settings import AlertSettings
from relay.analysis_settings import AnalysisSettings
from relay.cassandra_settings import CassandraSettings
from relay.errors import SettingsError
from relay.history_settings import HistorySettings
from relay.lookback_settings import LookbackSettings

SECONDS = 1.0
KBIT_PER_S = 1000

INGRESS_PORT = 8099
"""The Supervisor's default, so the manifest need not name it."""
INGRESS_HOST = "172.30.32.1"
"""The host on the Supervisor's network: where a host-network app is looked for."""
INGRESS_PEER = "172.30.32.2"
"""The Supervisor; nobody else may use the ingress port."""

SUPERVISED_DATA_DIR = Path("/data")
SUPERVISED_SSL_DIR = Path("/ssl")
DATA_DIR = Path("data")


@dataclass(frozen=True, slots=True)
class SignalingSettings:
    """The pages, the API and the WebSocket."""

    port: int
    advertise: bool
    """Whether programs on the LAN are told that the server is here."""
    max_connections: int
    ice_servers: tuple[str, ...]
    """STUN addresses handed to clients that ask; empty: nothing leaves the LAN."""


@dataclass(frozen=True, slots=True)
class Mp3Settings:
    """Sound over HTTP."""

    port: int
    bitrate_bps: int
    frames_per_write: int = 1
    """Frames that are collected before they are sent: cheaper, and later by as many."""
    silence_without_sender: bool = True
    """Whether a known name without a sender plays quiet; otherwise it is not found."""


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """The one UDP port of all WebRTC peers."""

    port: int
    addresses: tuple[str, ...]
    """IP addresses to offer to clients; empty: those of the network cards, by rule."""
    sender_redundancy: bool = False
    """Whether senders are asked to repeat their sound in every packet (RFC 2198)."""
    sender_dtx: bool = False
    """Whether senders are asked to send next to nothing in silence (RFC 7587, 3.1.3)."""


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Who may come in."""

    paired: bool = False
    """Whether everybody needs a pairing, until somebody says otherwise on a page."""
    host_names: tuple[str, ...] = ()
    """Further names and addresses by which this machine is asked."""
    allowed_origins: tuple[str, ...] = ()
    """Web origins of other machines whose pages may use the server."""
    allowed_networks: tuple[str, ...] = ()
    """Networks that count as the home, beside private ones."""
    trusted_proxies: tuple[str, ...] = ()
    """Reverse proxies, whose word about their clients is believed."""
    ingress_admins: tuple[str, ...] = ()
    """Users of Home Assistant who are admins here, beside those who administer it."""
    rules: tuple[Mapping[str, Any], ...] = ()
    """Zones and hours, as `relay.web.house_rules` reads them."""


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """How many may come. Who shares an address with others counts in total alone."""

    peers: int
    """Pages and cards that hear or send."""
    listeners: int
    """Players over HTTP."""
    peers_per_address: int
    listeners_per_address: int
    new_connections_per_second: int
    """From one address."""


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """The pages over https."""

    port: int
    enabled: bool
    certfile: Path
    """A certificate (PEM) that somebody else renews; need not exist."""
    keyfile: Path
    """The key of ``certfile``."""


@dataclass(frozen=True, slots=True)
class CleanupSettings:
    """The periodic sweep, which finds what everything else missed."""

    interval_s: float
    stale_s: float
    """A stream without media for so long is ended."""


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: str
    """``trace``, ``debug``, ``info``, ``warning`` or ``error``."""
    format: str
    """``text`` or ``json``."""


@dataclass(frozen=True, slots=True)
class ConfiguredSource:
    """A stream that is fetched from an address, as the owner wrote both down."""

    name: str
    address: str = field(repr=False)
    """It may hold a password."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Sound that does not come from browsers."""

    sources: tuple[ConfiguredSource, ...] = ()
    changes: bool = False
    """Whether sources may be added and removed over the API."""
    media_dir: Path | None = None
    """Where files that are sources lie; without it there are none."""
    icecast_port: int = 0
    """For source clients; 0: closed."""
    icecast_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """The broker through which Home Assistant gets entities."""

    enabled: bool = False
    host: str | None = None
    """None: the Supervisor knows, if there is one."""
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    cafile: Path | None = None
    prefix: str = "earshot"
    discovery_prefix: str = "homeassistant"
    sound: bool = False
    """Whether all streams are measured, to tell of voices and levels."""
    supervisor_token: str | None = field(default=None, repr=False)

    @property
    def wanted(self) -> bool:
        """Whether there is anybody to ask for a broker, or one that was named."""
        return self.enabled and bool(self.host or self.supervisor_token)


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Everything the server was told. Every option is exactly one field.

    The defaults of options live in ``config.json`` alone; see `relay.options`.
    """

    signaling: SignalingSettings
    mp3: Mp3Settings
    media: MediaSettings
    access: AccessSettings
    tls: TlsSettings
    limits: LimitSettings
    cleanup: CleanupSettings
    log: LogSettings
    data_dir: Path
    sources: SourceSettings = SourceSettings()
    mqtt: MqttSettings = MqttSettings()
    history: HistorySettings = field(default_factory=HistorySettings)
    cassandra: CassandraSettings = field(default_factory=CassandraSettings)
    lookback: LookbackSettings = field(default_factory=LookbackSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    demo: bool = False
    """Whether a built-in sender plays, for people without a microphone at hand."""
    supervised: bool = False
    """Whether Home Assistant's Supervisor started the process: then there is ingress."""
    supervisor_token: str | None = field(default=None, repr=False)
    """What the Supervisor is asked with."""

    @classmethod
    def from_options(
        cls,
        options: Mapping[str, Any],
        *,
        demo: bool = False,
        supervised: bool = False,
        supervisor_token: str | None = None,
    ) -> "Settings":
        """
        Build the settings from options that passed the schema.

        Raises `SettingsError` for what a schema of single values cannot say.
        """
        _check_ports(options, supervised)
        default_data_dir = SUPERVISED_DATA_DIR if supervised else DATA_DIR
        certificates = SUPERVISED_SSL_DIR if supervised else Path()
        return cls(
            signaling=_signaling(options),
            mp3=Mp3Settings(
                port=options["audio_port"],
                bitrate_bps=int(options["mp3_bitrate"]) * KBIT_PER_S,
                frames_per_write=options["mp3_frames_per_write"],
                silence_without_sender=options["audio_without_sender"] == "silence",
            ),
            media=MediaSettings(
                port=options["media_port"],
                addresses=tuple(map(_address, options["media_addresses"])),
                sender_redundancy=options["sender_redundancy"],
                sender_dtx=options["sender_dtx"],
            ),
            access=AccessSettings(
                paired=options["access"] == "paired",
                host_names=tuple(options["host_names"]),
                allowed_origins=tuple(options["allowed_origins"]),
                allowed_networks=tuple(options["allowed_networks"]),
                trusted_proxies=tuple(options["trusted_proxies"]),
                ingress_admins=tuple(options["ingress_admins"]),
                rules=tuple(options["rules"]),
            ),
            limits=LimitSettings(
                peers=options["max_peers"],
                listeners=options["max_listeners"],
                peers_per_address=options["max_peers_per_address"],
                listeners_per_address=options["max_listeners_per_address"],
                new_connections_per_second=options["new_connections_per_second"],
            ),
            tls=_tls(options, certificates),
            cleanup=CleanupSettings(
                interval_s=options["cleanup_interval"] * SECONDS,
                stale_s=options["stale_stream_timeout"] * SECONDS,
            ),
            log=LogSettings(level=options["log_level"], format=options["log_format"]),
            data_dir=Path(options.get("data_dir") or default_data_dir),
            sources=_sources(options),
            mqtt=_mqtt(options, certificates, supervisor_token),
            history=HistorySettings.from_options(options),
            cassandra=CassandraSettings.from_options(options, certificates),
            lookback=LookbackSettings.from_options(options),
            alerts=AlertSettings.from_options(options),
            analysis=AnalysisSettings.from_options(options),
            demo=demo,
            supervised=supervised,
            supervisor_token=supervisor_token,
        )


def _tls(options: Mapping[str, Any], certificates: Path) -> TlsSettings:
    return TlsSettings(
        port=options["https_port"],
        enabled=options["ssl"],
        certfile=certificates / options["certfile"],
        keyfile=certificates / options["keyfile"],
    )


def _signaling(options: Mapping[str, Any]) -> SignalingSettings:
    return SignalingSettings(
        port=options["signaling_port"],
        advertise=options["advertise"],
        max_connections=options["max_connections"],
        ice_servers=tuple(options["ice_servers"]),
    )


def _sources(options: Mapping[str, Any]) -> SourceSettings:
    folder = options.get("media_dir")
    return SourceSettings(
        sources=tuple(
            ConfiguredSource(source["name"], source["address"])
            for source in options["sources"]
        ),
        changes=options["source_changes"],
        media_dir=Path(folder) if folder else None,
        icecast_port=options["icecast_port"],
        icecast_password=options.get("icecast_password") or None,
    )


def _mqtt(
    options: Mapping[str, Any], certificates: Path, supervisor_token: str | None
) -> MqttSettings:
    cafile = options.get("mqtt_cafile")
    return MqttSettings(
        enabled=options["mqtt"] == "auto",
        host=options.get("mqtt_host"),
        port=options["mqtt_port"],
        username=options.get("mqtt_username"),
        password=options.get("mqtt_password"),
        tls=options["mqtt_tls"],
        cafile=certificates / cafile if cafile else None,
        prefix=options["mqtt_prefix"],
        discovery_prefix=options["mqtt_discovery_prefix"],
        sound=options["mqtt_sound"],
        supervisor_token=supervisor_token,
    )


def _check_ports(options: Mapping[str, Any], supervised: bool) -> None:
    """Refuse two listeners on one TCP port; the media port is UDP and may share a number."""
    keys = ["signaling_port", "audio_port", "icecast_port"]
    keys += ["https_port"] * options["ssl"]
    opened = [key for key in keys if options[key]]
    for first, second in combinations(opened, 2):
        if options[first] == options[second]:
            raise SettingsError(
                f"{first} and {second} are both {options[first]}; give each its own"
            )
    for key in opened:
        if supervised and options[key] == INGRESS_PORT:
            raise SettingsError(
                f"{key}: {INGRESS_PORT} belongs to Home Assistant's ingress; choose another"
            )


def _address(text: str) -> str:
    """Return an address that other machines can send to, in its usual spelling."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise SettingsError(f"media_addresses: {text!r} is not an IP address") from None
    if address.is_unspecified or address.is_multicast:
        raise SettingsError(
            f"media_addresses: {text!r} is no address of one machine;"
            " leave the list empty to use all of them"
        )
    return str(address)
