"""Tests of relay/adapters/discovery.py: the introduction of a device, by Home Assistant's rules."""

import json
import re
from typing import Any

import pytest

from relay.adapters.discovery import Topics, introduction
from relay.hub.identity import RESERVED_SLUGS, StreamName
from tests.adapters.documented import documented_topics

NURSERY = StreamName.parse("Änne's room")
TOPICS = Topics("attic", "ha/discovery")

# What each platform has to be told, and what it may be; short names as Home Assistant has them.
REQUIRED = {
    "binary_sensor": {"stat_t"},
    "sensor": {"stat_t"},
    "switch": {"stat_t", "cmd_t"},
    "button": {"cmd_t"},
    "event": {"stat_t", "evt_typ"},
}
COMMON = {"p", "name", "uniq_id", "ic", "ent_cat", "dev_cla"}
OPTIONAL = {
    "binary_sensor": set(),
    "sensor": {"unit_of_meas", "stat_cla", "sug_dsp_prc", "ops"},
    "switch": set(),
    "button": set(),
    "event": set(),
}


def introduced(*, sound: bool = True, topics: Topics = TOPICS) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(introduction(topics, NURSERY, sound=sound))
    return message


@pytest.mark.parametrize("sound", [True, False])
def test_every_entity_is_complete(sound: bool) -> None:
    """It has a platform, what that asks for, and nothing that it does not know."""
    for key, entity in introduced(sound=sound)["cmps"].items():
        platform = entity["p"]
        if set(entity) == {"p"}:
            continue
        assert REQUIRED[platform] <= set(entity), key
        assert set(entity) <= REQUIRED[platform] | OPTIONAL[platform] | COMMON, key
        assert entity["uniq_id"] == f"attic-anne-s-room-{key}"


def test_the_device_has_its_name_and_its_origin() -> None:
    """Its id holds the prefix: two servers on one broker are two sets of devices."""
    message = introduced()
    assert message["dev"]["name"] == "Änne's room"
    assert message["dev"]["ids"] == ["attic-anne-s-room"]
    assert message["o"]["name"] == "Earshot"
    assert message["avty_t"] == "attic/status"


def test_entities_that_measure_sound_are_removed_without_it() -> None:
    """A component with nothing but its platform is taken away; no event speaks of speech."""
    entities = introduced(sound=False)["cmps"]
    assert entities["voice"] == {"p": "binary_sensor"}
    assert entities["level"] == {"p": "sensor"}
    assert entities["event"]["evt_typ"] == [
        *("sender_came", "sender_left", "alert_noise", "alert_speech", "alert_cry"),
        *("alert_silence", "alert_microphone_dead", "alert_stalled", "alert_lost"),
    ]
    assert introduced(sound=True)["cmps"].keys() == entities.keys()


def test_topics_are_found_again() -> None:
    """A command says whose it is, and nothing else is taken for one."""
    assert TOPICS.slug_of("attic/anne-s-room/hush", "hush") == "anne-s-room"
    assert TOPICS.slug_of("attic/anne-s-room/muted/set", "muted/set") == "anne-s-room"
    assert TOPICS.slug_of("attic/a/b/hush", "hush") is None
    assert TOPICS.slug_of("attic/a/hush/more", "hush") is None
    assert TOPICS.slug_of_config(TOPICS.config("anne-s-room")) == "anne-s-room"
    assert TOPICS.slug_of_config("ha/discovery/device/zigbee-1/config") is None


def test_its_own_topics_are_no_streams() -> None:
    """The status of the server is where no name can be."""
    assert TOPICS.status.rpartition("/")[2] in RESERVED_SLUGS


def test_the_discovery_topic_is_one_that_home_assistant_reads() -> None:
    """An object id has letters, digits, hyphens and underscores."""
    config = Topics().config(NURSERY.slug)
    assert re.fullmatch(r"homeassistant/device/[A-Za-z0-9_-]+/config", config)


def test_the_documented_topics_are_those_of_the_introduction() -> None:
    """docs/mqtt.md lists every topic that an entity names, and no other."""
    entities = introduced(topics=Topics())["cmps"].values()
    used = {e[key] for e in entities for key in ("stat_t", "cmd_t") if key in e}
    named = {topic.replace("anne-s-room", "<slug>") for topic in used}
    assert documented_topics() == named | {"earshot/status"}
