"""
How a stream is introduced to Home Assistant: its topics, and one message about all its entities.

The form is that of MQTT discovery for devices: one retained message with the components
under ``cmps``; most keys have short names of their own there.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from relay import __version__
from relay.features import SoundEventKind
from relay.hub.identity import StreamName
from relay.webrtc.line import Line

ORIGIN = {
    "name": "Earshot",
    "sw": __version__,
    "url": "https://github.com/earshot-audio/earshot",
}

ON, OFF = "ON", "OFF"
ONLINE, OFFLINE = "online", "offline"
PRESS = "PRESS"
UNKNOWN = "None"
"""What a sensor is told that has no value now."""

SENDER_CAME, SENDER_LEFT = "sender_came", "sender_left"
SPEECH_STARTED, SPEECH_ENDED = "speech_started", "speech_ended"
SENDER_EVENTS = (SENDER_CAME, SENDER_LEFT)
ALERT_EVENTS = tuple(f"alert_{kind.value}" for kind in SoundEventKind)
"""What the option ``alerts`` names."""
SPEECH_EVENTS = (SPEECH_STARTED, SPEECH_ENDED)


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics, below a prefix of our own and one of Home Assistant's."""

    prefix: str = "earshot"
    discovery_prefix: str = "homeassistant"

    @property
    def status(self) -> str:
        """Whether the server is there; no slug is called so."""
        return f"{self.prefix}/status"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery_prefix}/status"

    def of(self, slug: str, what: str) -> str:
        return f"{self.prefix}/{slug}/{what}"

    def config(self, slug: str) -> str:
        return f"{self.discovery_prefix}/device/{self.prefix}-{slug}/config"

    @property
    def heard(self) -> tuple[str, ...]:
        """What is subscribed to: commands, Home Assistant's birth, devices that it deletes."""
        return (
            self.of("+", "muted/set"),
            self.of("+", "hush"),
            self.birth,
            f"{self.discovery_prefix}/device/+/config",
        )

    def slug_of(self, topic: str, what: str) -> str | None:
        """Return the slug whose topic for ``what`` this is."""
        return _slug_in(topic, self.of("+", what))

    def slug_of_config(self, topic: str) -> str | None:
        return _slug_in(topic, self.config("+"))


def _slug_in(topic: str, pattern: str) -> str | None:
    before, after = map(re.escape, pattern.split("+"))
    found = re.fullmatch(f"{before}([a-z0-9-]+){after}", topic)
    return found[1] if found else None


# The entities of a stream by their key, which is also the topic of their state.
_ENTITIES: dict[str, dict[str, Any]] = {
    "on_air": {"p": "binary_sensor", "name": "On air", "dev_cla": "running"},
    "listeners": {
        "p": "sensor",
        "name": "Listeners",
        "ic": "mdi:account-voice",
        "stat_cla": "measurement",
    },
    "last_heard": {"p": "sensor", "name": "Last heard", "dev_cla": "timestamp"},
    "quality": {
        "p": "sensor",
        "name": "Connection quality",
        "dev_cla": "enum",
        "ops": [line.value for line in Line],
        "ent_cat": "diagnostic",
        "ic": "mdi:signal",
    },
    "muted": {"p": "switch", "name": "Mute", "ic": "mdi:microphone-off"},
    "hush": {"p": "button", "name": "Send listeners away", "ic": "mdi:account-cancel"},
    "event": {"p": "event", "name": "Event", "ic": "mdi:microphone-message"},
}
_MEASURED: dict[str, dict[str, Any]] = {
    "voice": {"p": "binary_sensor", "name": "Voice", "dev_cla": "sound"},
    "level": {
        "p": "sensor",
        "name": "Sound level",
        "ic": "mdi:volume-medium",
        "unit_of_meas": "dBFS",
        "stat_cla": "measurement",
        "sug_dsp_prc": 0,
    },
}
_COMMANDS = {"muted": "muted/set", "hush": "hush"}
_STATELESS = frozenset({"hush"})


def components(topics: Topics, slug: str, *, sound: bool) -> dict[str, dict[str, Any]]:
    """Return the entities of a stream; with ``sound`` those that measure it too."""
    entities: dict[str, dict[str, Any]] = {}
    for key, entity in (_ENTITIES | _MEASURED if sound else _ENTITIES).items():
        entities[key] = {**entity, "uniq_id": f"{topics.prefix}-{slug}-{key}"}
        if key not in _STATELESS:
            entities[key]["stat_t"] = topics.of(slug, key)
        if key in _COMMANDS:
            entities[key]["cmd_t"] = topics.of(slug, _COMMANDS[key])
    entities["event"]["evt_typ"] = [
        *(*SENDER_EVENTS, *ALERT_EVENTS),
        *(SPEECH_EVENTS if sound else ()),
    ]
    if not sound:
        # A component with nothing but its platform is one that is to be removed.
        entities |= {key: {"p": entity["p"]} for key, entity in _MEASURED.items()}
    return entities


def introduction(topics: Topics, name: StreamName, *, sound: bool) -> str:
    """Return the message that makes a device of a name."""
    return json.dumps(
        {
            "dev": {
                "ids": [f"{topics.prefix}-{name.slug}"],
                "name": name.text,
                "mf": "Earshot",
                "mdl": "Stream",
                "sw": __version__,
            },
            "o": ORIGIN,
            "avty_t": topics.status,
            "cmps": components(topics, name.slug, sound=sound),
        },
        ensure_ascii=False,
    )
