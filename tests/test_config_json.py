"""
config.json by the rules of Home Assistant's Supervisor, and of the linter for apps.

The Supervisor drops a key that it does not know without a word, so a slip would show
nowhere; the linter refuses every key that is set to its default.
"""

import json
import re
import struct
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from relay.errors import SettingsError
from relay.history_file import COPY_NAME, LIVE_NAMES
from relay.lookback_settings import SOUND_FOLDER
from relay.option_schema import check, is_optional
from relay.private_file import HALF_WRITTEN

ROOT = Path(__file__).resolve().parent.parent
MANIFEST: dict[str, Any] = json.loads((ROOT / "config.json").read_text())
SCHEMA: dict[str, Any] = MANIFEST["schema"]
OPTIONS: dict[str, Any] = MANIFEST["options"]

REQUIRED = {"name", "version", "slug", "description", "arch"}
DEFAULTS: dict[str, Any] = {
    "apparmor": True,
    "audio": False,
    "auth_api": False,
    "backup": "hot",
    "boot": "auto",
    "devicetree": False,
    "docker_api": False,
    "full_access": False,
    "gpio": False,
    "hassio_api": False,
    "hassio_role": "default",
    "homeassistant_api": False,
    "host_dbus": False,
    "host_ipc": False,
    "host_network": False,
    "host_pid": False,
    "host_uts": False,
    "ingress": False,
    "ingress_port": 8099,
    "ingress_stream": False,
    "init": True,
    "journald": False,
    "kernel_modules": False,
    "legacy": False,
    "map": [],
    "options": {},
    "panel_admin": True,
    "panel_icon": "mdi:puzzle",
    "realtime": False,
    "schema": {},
    "stage": "stable",
    "startup": "application",
    "stdin": False,
    "timeout": 10,
    "tmpfs": False,
    "uart": False,
    "udev": False,
    "ulimits": {},
    "usb": False,
    "video": False,
}
WITHOUT_DEFAULT = {
    "backup_exclude",
    "backup_post",
    "backup_pre",
    "breaking_versions",
    "devices",
    "discovery",
    "environment",
    "homeassistant",
    "image",
    "ingress_entry",
    "machine",
    "panel_title",
    "ports",
    "ports_description",
    "privileged",
    "services",
    "url",
}

# What an app may ask for beyond its own container; each costs trust, or the rating below.
POWERS = {
    *(
        "audio",
        "auth_api",
        "devices",
        "devicetree",
        "docker_api",
        "full_access",
        "gpio",
    ),
    *("hassio_api", "hassio_role", "homeassistant_api", "host_dbus", "host_ipc"),
    *("host_network", "host_pid", "host_uts", "journald", "kernel_modules"),
    *("privileged", "realtime", "stdin", "uart", "udev", "usb", "video"),
}
GRAVE_PRIVILEGES = {
    *("BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH", "NET_ADMIN", "NET_RAW"),
    *("PERFMON", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO"),
}

# The Supervisor's own words for an option's type.
TYPE = re.compile(
    r"(?:bool|email|url|port"
    r"|(?:str|password)(?:\(\d*,\d*\))?"
    r"|int(?:\(\d*,\d*\))?"
    r"|float(?:\([\d.]*,[\d.]*\))?"
    r"|match\(.*\)|list\(.+\))\??"
)

# For each option, values just outside of what it allows.
REFUSED = {
    "signaling_port": [0, 65536, "http"],
    "audio_port": [0, 65536],
    "media_port": [0, 65536],
    "https_port": [0, 65536],
    "advertise": ["sometimes", 2],
    "ssl": ["sometimes", 2],
    "certfile": [["a"], True],
    "keyfile": [["a"], True],
    "media_addresses": ["192.0.2.1", ["host.example"]],
    "data_dir": [["a"], True],
    "ice_servers": [["turn:host:3478"], ["stun:"], ["http:host"]],
    "max_connections": [0, 10001, 1.5],
    "access": ["open", True, ["lan"]],
    "max_peers": [0, 10001],
    "max_listeners": [0, 10001],
    "max_peers_per_address": [0, 10001],
    "max_listeners_per_address": [0, 10001],
    "new_connections_per_second": [0, 1001],
    "host_names": ["earshot.home", ["two words"], ["http://earshot.home"]],
    "allowed_networks": ["10.0.0.0/8", ["home"]],
    "trusted_proxies": ["10.0.0.1", ["proxy.home"]],
    "ingress_admins": ["anna", ["x" * 81]],
    "rules": [
        ["nobody"],
        [{"who": "x", "may": "shout", "streams": "y"}],
        [{"who": "x", "may": "listen"}],
        [{"who": "x", "may": "listen", "streams": "y", "from": "25:00"}],
    ],
    "sender_redundancy": ["sometimes", 2],
    "sender_dtx": ["sometimes", 2],
    "mp3_bitrate": [65, "97", ""],
    "mp3_frames_per_write": [0, 9],
    "audio_without_sender": ["noise"],
    "allowed_origins": [
        "http://host",
        ["*"],
        ["dashboard.local"],
        ["http://host/path"],
    ],
    "sources": ["radio", ["radio"], [{"name": "Radio"}], [{"address": "file:a"}]],
    "source_changes": ["sometimes", 2],
    "media_dir": [["a"], True],
    "icecast_port": [-1, 65536, "http"],
    "icecast_password": ["short", ["a"]],
    "mqtt": ["sometimes", True],
    "mqtt_host": ["", ["a"]],
    "mqtt_port": [0, 65536],
    "mqtt_username": ["", ["a"]],
    "mqtt_password": ["", ["a"]],
    "mqtt_tls": ["sometimes", 2],
    "mqtt_cafile": [["a"], True],
    "mqtt_prefix": ["", "two words", "a/b", "a+"],
    "mqtt_discovery_prefix": ["", "#", "/a", "a/"],
    "mqtt_sound": ["sometimes", 2],
    "history": ["later", 2],
    "history_store": ["mysql", ""],
    "history_days": [0, 3651],
    "history_max_mb": [9, 100_001],
    "cassandra_hosts": ["localhost", [""], [["a"]]],
    "cassandra_port": [0, 65536],
    "cassandra_keyspace": ["", "Attic", "9lives", "a b", "a;b", "a" * 49],
    "cassandra_replication": ["", "0", "home", "home:3,", "it's:1", "home:3 cabin:1"],
    "cassandra_username": ["", ["a"]],
    "cassandra_password": ["", ["a"]],
    "cassandra_tls": ["sometimes", 2],
    "cassandra_cafile": [["a"], True],
    "lookback_seconds": [-1, 1801],
    "clips": ["cry", ["music"], ["lost"]],
    "clips_kept": [0, 5001],
    "clip_days": [0, 366],
    "recording_minutes": [0, 1441],
    "recordings_max_mb": [0, 1_000_001],
    "alerts": [
        "nursery",
        [{"streams": "nursery"}],
        [{"streams": "nursery", "kinds": "cry", "hold_s": -1}],
        [{"streams": "nursery", "kinds": "cry", "quiet_from": "25:00"}],
    ],
    "analysis": ["sometimes", True],
    "analysis_streams": [
        ["Attic"],
        [{"name": "Attic"}],
        [{"name": "Attic", "mode": "sometimes"}],
        [{"name": "", "mode": "off"}],
    ],
    "analysis_in_silence": ["sometimes", 2],
    "voice_detector": ["ears", True],
    "voice_threshold_dbfs": [1, "quiet"],
    "noise_dbfs": [1, "loud"],
    "silence_after": [0, 86401],
    "cleanup_interval": [0, 86401],
    "stale_stream_timeout": [0, 86401],
    "otlp_endpoint": ["collector", "ftp://a"],
    "log_level": ["INFO", "verbose"],
    "log_format": ["yaml"],
}


def picture_size(name: str) -> tuple[int, int]:
    """Return a PNG's width and height in pixels."""
    data = (ROOT / name).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def security_rating(manifest: dict[str, Any], *, has_profile: bool) -> int:
    """Return the stars of the store, 1 to 8, by the Supervisor's published rules."""
    if manifest.get("docker_api") or manifest.get("full_access"):
        return 1
    privileges = set(manifest.get("privileged", []))
    apparmor = manifest.get("apparmor", True)
    rating = 5 + (has_profile and apparmor) - (not apparmor)
    rating += 2 if manifest.get("ingress") else bool(manifest.get("auth_api"))
    rating -= bool(privileges & GRAVE_PRIVILEGES or manifest.get("kernel_modules"))
    rating -= {"manager": 1, "admin": 2}.get(manifest.get("hassio_role", ""), 0)
    rating -= bool(manifest.get("host_network"))
    rating -= 2 * bool(manifest.get("host_pid"))
    rating -= bool(manifest.get("host_uts") and "SYS_ADMIN" in privileges)
    return min(max(rating, 1), 8)


def test_no_key_is_missing_or_unknown():
    """Among the keys of 2026; what is obsolete, such as a watchdog, is not among them."""
    assert set(MANIFEST) >= REQUIRED
    assert set(MANIFEST) <= REQUIRED | set(DEFAULTS) | WITHOUT_DEFAULT


def test_no_key_is_set_to_its_default():
    """The linter refuses it."""
    assert [key for key in MANIFEST if MANIFEST[key] == DEFAULTS.get(key)] == []


def test_it_is_built_for_what_home_assistant_runs_on():
    """The 32-bit kinds are no longer supported, and have no wheels."""
    assert MANIFEST["arch"] == ["aarch64", "amd64"]


def test_the_panel_is_there_for_the_whole_household():
    """Over ingress, which passes on what is posted as it comes; no administrator is needed."""
    assert MANIFEST["ingress"] is True
    assert MANIFEST["ingress_stream"] is True
    assert MANIFEST["panel_admin"] is False
    assert re.fullmatch(r"mdi:[a-z-]+", MANIFEST["panel_icon"])


def test_home_assistants_certificate_can_be_read_and_not_changed():
    """A private key belongs to who made it."""
    assert MANIFEST["map"] == [{"type": "ssl", "read_only": True}]


def test_it_asks_for_no_power_but_those_it_uses():
    """Browsers have to reach its UDP port, and Home Assistant knows who administers it."""
    assert POWERS & set(MANIFEST) <= {"host_network", "homeassistant_api"}


def test_its_security_rating_is_high():
    """5, and 2 for ingress, less 1 for the host's network; a profile of its own is 1 more."""
    has_profile = (ROOT / "apparmor.txt").exists()
    assert security_rating(MANIFEST, has_profile=has_profile) == 6 + has_profile


@pytest.mark.parametrize(
    ("change", "rating"),
    [
        ({}, 6),
        ({"host_network": False}, 7),
        ({"apparmor": False}, 5),
        ({"ingress": False, "auth_api": True}, 5),
        ({"privileged": ["NET_ADMIN"]}, 5),
        ({"hassio_role": "admin", "host_pid": True}, 2),
        ({"full_access": True}, 1),
    ],
)
def test_more_powers_would_cost_stars(change: dict[str, Any], rating: int):
    """As the Supervisor counts, so that the number above means something."""
    assert security_rating(MANIFEST | change, has_profile=False) == rating


def test_home_assistant_may_find_it_and_it_may_find_the_broker():
    """The integration is offered by itself; MQTT is used if there is one."""
    assert MANIFEST["discovery"] == [MANIFEST["slug"]]
    assert MANIFEST["services"] == ["mqtt:want"]


def test_it_goes_on_while_it_is_backed_up():
    """
    See the decision about backups: each file is whole, but for those just being written,
    and the history, of which there is a copy as long as the backup takes.
    """
    assert "backup" not in MANIFEST
    left_out = MANIFEST["backup_exclude"]
    assert f"*{HALF_WRITTEN}" in left_out
    for name in LIVE_NAMES:
        assert any(PurePosixPath(f"/data/{name}").match(glob) for glob in left_out)
    assert f"{SOUND_FOLDER}/*" in left_out
    assert not any(PurePosixPath(f"/data/{COPY_NAME}").match(g) for g in left_out)


@pytest.mark.parametrize("when", ["backup_pre", "backup_post"])
def test_the_commands_around_a_backup_are_those_of_the_image(when: str):
    """The Supervisor runs them in the container, and has no backup if one fails."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    python, flag, module, action = MANIFEST[when].split()
    assert (flag, module) == ("-m", "relay.backup")
    assert f"{python} -m compileall" in dockerfile
    assert action == {"backup_pre": "prepare", "backup_post": "tidy"}[when]


def test_every_option_has_a_type_that_the_supervisor_knows():
    """A list has one element type, which may be an object of types; lists do not nest."""
    for type_ in SCHEMA.values():
        assert not isinstance(type_, list) or len(type_) == 1
        element = type_[0] if isinstance(type_, list) else type_
        for inner in element.values() if isinstance(element, dict) else [element]:
            assert TYPE.fullmatch(inner)
        fields = element.values() if isinstance(element, dict) else [element]
        assert all(TYPE.fullmatch(field) for field in fields)


def test_an_option_has_a_default_unless_it_is_optional():
    """A default makes it required; without one it must say that it may be absent."""
    optional = {key for key, type_ in SCHEMA.items() if is_optional(type_)}
    assert set(OPTIONS) == set(SCHEMA) - optional


def test_the_defaults_pass_the_schema_as_they_are():
    """Home Assistant can start the app without anybody opening its configuration."""
    assert check(SCHEMA, OPTIONS) == (OPTIONS, [])


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key in REFUSED for value in REFUSED[key]]
)
def test_a_step_out_of_range_is_refused_by_name(key: str, value: Any):
    """Every option has an end, and says which."""
    with pytest.raises(SettingsError, match=f"^{key}"):
        check(SCHEMA, OPTIONS | {key: value})


def test_the_table_of_refused_values_is_complete():
    """So that the test above speaks of every option."""
    assert set(REFUSED) == set(SCHEMA)


def test_the_repository_is_introduced():
    """What Home Assistant reads when somebody adds its address."""
    repository = json.loads((ROOT / "repository.json").read_text())
    assert set(repository) == {"name", "url", "maintainer"}
    assert repository["url"] == MANIFEST["url"]


def test_the_pictures_have_the_sizes_that_the_store_shows():
    """A square icon, and a logo of about 250 by 100."""
    assert picture_size("icon.png") == (128, 128)
    assert picture_size("logo.png") == (250, 100)
