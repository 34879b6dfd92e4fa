"""Settings: options in, frozen groups out."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.errors import SettingsError
from relay.options import MANIFEST, read_file
from relay.settings import INGRESS_PORT, Settings

DEFAULTS: dict[str, Any] = read_file(MANIFEST)["options"]

# Every option with a value that is not its default.
OTHER_VALUES: dict[str, Any] = {
    "signaling_port": 9080,
    "audio_port": 9081,
    "media_port": 9082,
    "https_port": 9443,
    "advertise": False,
    "ssl": False,
    "certfile": "house.pem",
    "keyfile": "house.key",
    "media_addresses": ["192.0.2.7"],
    "data_dir": "/somewhere",
    "ice_servers": ["stun:stun.example:3478"],
    "max_connections": 7,
    "access": "paired",
    "max_peers": 8,
    "max_listeners": 9,
    "max_peers_per_address": 3,
    "max_listeners_per_address": 4,
    "new_connections_per_second": 5,
    "host_names": ["earshot.home"],
    "allowed_networks": ["100.64.0.0/10"],
    "trusted_proxies": ["192.0.2.9"],
    "ingress_admins": ["anna"],
    "rules": [{"who": "Kids tablet", "may": "listen", "streams": "nursery"}],
    "sender_redundancy": True,
    "sender_dtx": True,
    "mp3_bitrate": "320",
    "mp3_frames_per_write": 4,
    "audio_without_sender": "refuse",
    "allowed_origins": ["http://dashboard.local:8123"],
    "sources": [{"name": "Radio", "address": "http://radio.example/live"}],
    "source_changes": True,
    "media_dir": "/music",
    "icecast_port": 9083,
    "icecast_password": "let me in",
    "mqtt": "off",
    "mqtt_host": "broker.home",
    "mqtt_port": 8883,
    "mqtt_username": "earshot",
    "mqtt_password": "let me in too",
    "mqtt_tls": True,
    "mqtt_cafile": "house-ca.pem",
    "mqtt_prefix": "attic",
    "mqtt_discovery_prefix": "ha",
    "cassandra_hosts": ["one.home", "two.home"],
    "cassandra_port": 9043,
    "cassandra_keyspace": "attic",
    "cassandra_replication": "home:3",
    "cassandra_username": "earshot",
    "cassandra_password": "let me in as well",
    "cassandra_tls": True,
    "cassandra_cafile": "cassandra-ca.pem",
    "mqtt_sound": True,
    "history": False,
    "history_store": "cassandra",
    "history_days": 5,
    "history_max_mb": 50,
    "lookback_seconds": 30,
    "clips": ["cry"],
    "clips_kept": 10,
    "clip_days": 3,
    "recording_minutes": 5,
    "recordings_max_mb": 7,
    "alerts": [{"streams": "Nursery", "kinds": "cry"}],
    "analysis": "always",
    "analysis_streams": [{"name": "Attic", "mode": "off"}],
    "analysis_in_silence": True,
    "voice_detector": "energy",
    "voice_threshold_dbfs": -50,
    "noise_dbfs": -30,
    "silence_after": 60,
    "otlp_endpoint": "http://collector.home:4318",
    "cleanup_interval": 11,
    "stale_stream_timeout": 12,
    "log_level": "error",
    "log_format": "json",
}


def leaves(group: Any, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield every field that is not itself a group, by its path."""
    for field in dataclasses.fields(group):
        value = getattr(group, field.name)
        if dataclasses.is_dataclass(value):
            yield from leaves(value, f"{path}{field.name}.")
        else:
            yield path + field.name, value


def test_every_option_of_the_manifest_has_another_value_here():
    """The table above is complete, so the next test speaks of all options."""
    assert set(OTHER_VALUES) == set(read_file(MANIFEST)["schema"])


@pytest.mark.parametrize("key", OTHER_VALUES)
def test_an_option_is_exactly_one_field(key: str):
    """Changing one option changes one field and no other."""
    before = dict(leaves(Settings.from_options(DEFAULTS)))
    changed = DEFAULTS | {key: OTHER_VALUES[key]}
    after = dict(leaves(Settings.from_options(changed)))
    assert sum(before[path] != after[path] for path in before) == 1


def test_two_options_never_share_a_field():
    """Changing all options changes as many fields as there are options."""
    before = dict(leaves(Settings.from_options(DEFAULTS)))
    after = dict(leaves(Settings.from_options(OTHER_VALUES)))
    assert sum(before[path] != after[path] for path in before) == len(OTHER_VALUES)


def test_the_bit_rate_is_kept_in_bits_per_second():
    """The option counts kbit/s, the encoder bit/s."""
    assert Settings.from_options(DEFAULTS).mp3.bitrate_bps == 96_000


def test_the_data_folder_is_beside_who_starts_the_program():
    """Without a Supervisor and an option, data goes to ./data."""
    assert Settings.from_options(DEFAULTS).data_dir == Path("data")


def test_the_data_folder_of_an_app_is_the_supervisors():
    """Under the Supervisor, data goes to /data, which is in its backups."""
    assert Settings.from_options(DEFAULTS, supervised=True).data_dir == Path("/data")


def test_the_data_folder_is_where_the_option_says():
    """The option wins over both rules; an empty one is none."""
    chosen = DEFAULTS | {"data_dir": "/srv/earshot"}
    assert Settings.from_options(chosen, supervised=True).data_dir == Path(
        "/srv/earshot"
    )
    assert Settings.from_options(DEFAULTS | {"data_dir": ""}).data_dir == Path("data")


def test_two_tcp_listeners_cannot_share_a_port():
    """The error names both keys."""
    with pytest.raises(SettingsError, match="signaling_port and audio_port"):
        Settings.from_options(DEFAULTS | {"audio_port": 8080})


def test_the_https_port_counts_only_if_it_is_used():
    """Who has switched https off may give its port to something else."""
    wanted = DEFAULTS | {"https_port": 8081}
    with pytest.raises(SettingsError, match="audio_port and https_port"):
        Settings.from_options(wanted)
    assert not Settings.from_options(wanted | {"ssl": False}).tls.enabled


def test_a_certificate_is_looked_for_where_home_assistant_keeps_it():
    """Under the Supervisor in /ssl, otherwise beside who starts the program."""
    assert Settings.from_options(DEFAULTS).tls.keyfile == Path("privkey.pem")
    supervised = Settings.from_options(DEFAULTS, supervised=True)
    assert supervised.tls.certfile == Path("/ssl/fullchain.pem")
    elsewhere = DEFAULTS | {"certfile": "/etc/own.pem"}
    settings = Settings.from_options(elsewhere, supervised=True)
    assert settings.tls.certfile == Path("/etc/own.pem")


def test_the_media_port_may_have_the_number_of_a_tcp_port():
    """UDP and TCP ports with one number do not meet."""
    settings = Settings.from_options(DEFAULTS | {"media_port": 8080})
    assert settings.media.port == settings.signaling.port


def test_the_ingress_port_is_taken_only_under_the_supervisor():
    """8099 is free for everybody whom the Supervisor did not start."""
    wanted = DEFAULTS | {"audio_port": INGRESS_PORT}
    assert Settings.from_options(wanted).mp3.port == INGRESS_PORT
    with pytest.raises(SettingsError, match=r"audio_port.*ingress"):
        Settings.from_options(wanted, supervised=True)


@pytest.mark.parametrize("address", ["1.2.3", "0.0.0.0", "::", "224.0.0.1", "::12345"])
def test_a_media_address_is_the_address_of_one_machine(address: str):
    """What nobody could send to is refused, by name."""
    with pytest.raises(SettingsError, match="media_addresses"):
        Settings.from_options(DEFAULTS | {"media_addresses": [address]})


def test_media_addresses_are_kept_in_their_usual_spelling():
    """So that equal addresses are equal text."""
    given = DEFAULTS | {"media_addresses": ["192.0.2.7", "2001:DB8:0:0::1"]}
    assert Settings.from_options(given).media.addresses == ("192.0.2.7", "2001:db8::1")


def test_addresses_and_passwords_of_sources_are_not_shown():
    """A group that ends up in a log or a traceback gives nothing away."""
    address = "http://me:secret@radio.example/live"
    options = DEFAULTS | {
        "sources": [{"name": "Radio", "address": address}],
        "icecast_password": "let me in",
    }
    shown = repr(Settings.from_options(options))
    assert "Radio" in shown
    assert "secret" not in shown
    assert "let me in" not in shown


def test_mqtt_is_wanted_only_where_a_broker_can_be_known() -> None:
    """One that was named, or one that the Supervisor knows; and never against the owner's word."""
    named = DEFAULTS | {"mqtt_host": "broker.home"}
    assert not Settings.from_options(DEFAULTS).mqtt.wanted
    assert Settings.from_options(named).mqtt.wanted
    assert Settings.from_options(DEFAULTS, supervisor_token="abc").mqtt.wanted
    for options in (named | {"mqtt": "off"}, DEFAULTS | {"mqtt": "off"}):
        settings = Settings.from_options(options, supervisor_token="abc")
        assert not settings.mqtt.wanted


def test_secrets_do_not_show() -> None:
    """Whoever prints the settings prints none."""
    options = DEFAULTS | {"mqtt_password": "let me in"}
    shown = repr(Settings.from_options(options, supervisor_token="token of a test"))
    assert "let me in" not in shown
    assert "token of a test" not in shown
