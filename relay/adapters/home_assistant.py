"""What Home Assistant is told of the named streams over MQTT, and what it may ask for."""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from relay import events
from relay.adapters import discovery
from relay.adapters.discovery import OFF, ON, UNKNOWN, Topics
from relay.adapters.mqtt_outbox import MqttMessage
from relay.adapters.sound_watch import SoundWatch
from relay.consumers.analyser import Measurement
from relay.consumers.decoder import PacketStream
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.hub.stream import StreamState
from relay.rtp.packet import RtpPacket
from relay.webrtc.line import Line

logger = logging.getLogger(__name__)

SECONDS = 1.0
CHANGES_EVERY_S = 0.25 * SECONDS
"""What comes and goes is told together, and no more often."""
MINUTE_S = 60
"""While a stream is on the air, when it was last heard is told to the minute."""
MAX_WITHDRAWN = 500

STATES = ("on_air", "listeners", "last_heard", "quality", "muted", "voice", "level")


class Name(Protocol):
    @property
    def name(self) -> StreamName: ...

    @property
    def last_seen(self) -> float:
        """Seconds since 1970."""

    @property
    def muted(self) -> bool: ...


class Visualization(Protocol):
    """`relay.consumers.analyser.Visualization`, or what stands for it in a test."""

    def subscribe(
        self, stream: PacketStream, watcher: Callable[[Measurement], None]
    ) -> Callable[[], None]: ...


class Names(Protocol):
    """`relay.web.known_names.KnownNames`."""

    def __iter__(self) -> Iterator[Name]: ...

    def find(self, slug: str) -> Name | None: ...

    def set_muted(self, slug: str, muted: bool) -> None: ...

    def forget(self, slug: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class House:
    """What there is to tell of, and to act upon."""

    relay: MediaRelay[RtpPacket]
    names: Names
    lines: Callable[[], Mapping[str, Line]]
    """How the packets of senders arrive, by stream id."""
    hush: Callable[[PacketStream], object]
    """Sends away everybody who hears a stream now."""
    visualization: Visualization | None = None
    """None: sound is not measured."""


@dataclass(slots=True)
class _OnAir:
    stream: PacketStream
    watch: SoundWatch | None = None
    unwatch: Callable[[], None] = lambda: None


class HomeAssistant:
    """
    One device for each known name. `open` before use, `close` after it.

    Synchronous: what there is to say goes to ``publish``, which never waits. Only what
    is new is said, until `announce` says everything again.
    """

    def __init__(
        self,
        house: House,
        topics: Topics,
        publish: Callable[[MqttMessage], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._house = house
        self._topics = topics
        self._publish = publish
        self._clock = clock
        self._wall = wall
        self._on_air: dict[str, _OnAir] = {}
        """By stream id: the relay has forgotten a stream when it tells of its end."""
        self._lines: Mapping[str, Line] = {}
        self._told: dict[str, str] = {}
        self._withdrawn: deque[str] = deque(maxlen=MAX_WITHDRAWN)
        """Names that were forgotten, maybe while the broker was away."""
        self._dirty: set[str] = set()
        self._due: asyncio.TimerHandle | None = None
        self._unsubscribe: tuple[Callable[[], None], ...] = ()

    def open(self) -> None:
        bus = self._house.relay.events
        self._unsubscribe = (
            bus.subscribe(events.StreamStarted, self._started),
            bus.subscribe(events.StreamChanged, self._changed),
            bus.subscribe(events.StreamEnded, self._ended),
            bus.subscribe(events.NameChanged, self._name_changed),
            bus.subscribe(events.AlertRaised, self._alert),
        )
        for stream in self._house.relay.streams:
            self._started(events.StreamStarted(stream.id))

    def close(self) -> None:
        """Say that the server is gone, and let go of the streams. Idempotent."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = ()
        if self._due is not None:
            self._due.cancel()
        for on_air in self._on_air.values():
            on_air.unwatch()
        self._on_air.clear()
        self._keep(self._topics.status, discovery.OFFLINE)

    # --- what is told -------------------------------------------------------------------

    def announce(self) -> None:
        """Say everything: the broker, or Home Assistant, knows nothing yet."""
        self._told.clear()
        for slug in self._withdrawn:
            if self._house.names.find(slug) is None:
                self._withdraw(slug)
        for name in self._house.names:
            self._refresh(name)
        self._keep(self._topics.status, discovery.ONLINE)

    def tick(self) -> None:
        """Tell what changes by itself. Call about once a second."""
        self._lines = self._house.lines()
        self._refresh_all({o.stream.slug for o in self._on_air.values()})

    def _refresh_all(self, slugs: set[str | None]) -> None:
        for slug in slugs:
            name = self._house.names.find(slug) if slug else None
            if name is not None:
                self._refresh(name)

    def _refresh(self, name: Name) -> None:
        slug = name.name.slug
        config = self._topics.config(slug)
        if config not in self._told:
            sound = self._house.visualization is not None
            introduction = discovery.introduction(self._topics, name.name, sound=sound)
            self._tell(config, introduction)
        on_air = next((o for o in self._on_air.values() if o.stream.slug == slug), None)
        for what, payload in self._states(name, on_air).items():
            self._tell(self._topics.of(slug, what), payload)

    def _states(self, name: Name, on_air: _OnAir | None) -> dict[str, str]:
        stream = on_air.stream if on_air else None
        live = stream is not None and stream.state is StreamState.LIVE
        states = {
            "on_air": ON if live else OFF,
            "listeners": str(
                stream.all_receivers + stream.all_listeners if stream else 0
            ),
            "last_heard": self._last_heard(name, stream),
            "quality": UNKNOWN,
            "muted": ON if name.muted else OFF,
        }
        if stream is not None and (line := self._lines.get(stream.id)) is not None:
            # A sender from which nothing comes has no good line, however good it was.
            states["quality"] = (line if live else Line.BAD).value
        if self._house.visualization is not None:
            watch = on_air.watch if on_air else None
            level = watch.level_dbfs if watch else None
            states["voice"] = ON if watch and watch.voice else OFF
            states["level"] = UNKNOWN if level is None else f"{level:.1f}"
        return states

    def _last_heard(self, name: Name, stream: PacketStream | None) -> str:
        at = name.last_seen
        if stream is not None:
            heard = self._wall() - (self._clock() - stream.last_frame_at)
            at = max(at, heard // MINUTE_S * MINUTE_S)
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")

    def _withdraw(self, slug: str) -> None:
        """Take a device back: nothing of it stays in the broker."""
        states = (self._topics.of(slug, what) for what in STATES)
        for topic in (self._topics.config(slug), *states):
            self._told.pop(topic, None)
            self._keep(topic, "")

    def _happened(self, slug: str, what: str, **more: float | None) -> None:
        if self._house.names.find(slug) is None:
            return
        payload = json.dumps({"event_type": what, **more})
        self._publish(MqttMessage(self._topics.of(slug, "event"), payload, every=True))

    def _tell(self, topic: str, payload: str) -> None:
        if self._told.get(topic) != payload:
            self._told[topic] = payload
            self._keep(topic, payload)

    def _keep(self, topic: str, payload: str) -> None:
        """Have the broker keep it: Home Assistant listens only after the introduction."""
        self._publish(MqttMessage(topic, payload, retain=True))

    # --- what the relay tells -----------------------------------------------------------

    def _started(self, event: events.StreamStarted) -> None:
        stream = self._house.relay.find(event.stream_id)
        if stream.slug is None:
            return
        on_air = self._on_air[stream.id] = _OnAir(stream)
        # Whoever measures a source that is made on demand would keep it going for ever.
        if self._house.visualization is not None and not stream.on_demand:
            on_air.watch = SoundWatch(self._clock)
            on_air.unwatch = self._house.visualization.subscribe(
                stream, lambda measurement: self._measured(on_air, measurement)
            )
        self._refresh_all({stream.slug})
        self._happened(stream.slug, discovery.SENDER_CAME)

    def _ended(self, event: events.StreamEnded) -> None:
        on_air = self._on_air.pop(event.stream_id, None)
        if on_air is None or on_air.stream.slug is None:
            return
        slug = on_air.stream.slug
        on_air.unwatch()
        if on_air.watch is not None and on_air.watch.voice:
            self._happened(slug, discovery.SPEECH_ENDED)
        self._refresh_all({slug})
        self._happened(slug, discovery.SENDER_LEFT)

    def _changed(self, event: events.StreamChanged) -> None:
        on_air = self._on_air.get(event.stream_id)
        if on_air is None or on_air.stream.slug is None:
            return
        self._dirty.add(on_air.stream.slug)
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(CHANGES_EVERY_S, self._tell_changes)

    def _tell_changes(self) -> None:
        self._due = None
        slugs: set[str | None] = set(self._dirty)
        self._dirty.clear()
        self._refresh_all(slugs)

    def _alert(self, alert: events.AlertRaised) -> None:
        event = alert.event
        self._happened(
            event.stream,
            f"alert_{event.kind.value}",
            began_at=event.began_at,
            level_dbfs=event.level_dbfs,
        )

    def _name_changed(self, event: events.NameChanged) -> None:
        if self._house.names.find(event.slug) is None:
            self._withdrawn.append(event.slug)
            self._withdraw(event.slug)
        else:
            self._refresh_all({event.slug})

    def _measured(self, on_air: _OnAir, measurement: Measurement) -> None:
        watch, slug = on_air.watch, on_air.stream.slug
        if watch is None or slug is None:
            return
        before = watch.voice
        if not watch.take(measurement):
            return
        self._refresh_all({slug})
        if watch.voice != before:
            started = watch.voice
            what = discovery.SPEECH_STARTED if started else discovery.SPEECH_ENDED
            self._happened(slug, what)

    # --- what Home Assistant tells ------------------------------------------------------

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:
        """Obey a message. A retained one is of the past, and says nothing about now."""
        if retained:
            return
        topics = self._topics
        if topic == topics.birth:
            if payload == discovery.ONLINE.encode():
                self.announce()
        elif slug := topics.slug_of_config(topic):
            self._config_heard(slug, payload)
        elif slug := topics.slug_of(topic, "muted/set"):
            if payload in (ON.encode(), OFF.encode()):
                self._house.names.set_muted(slug, payload == ON.encode())
        elif slug := topics.slug_of(topic, "hush"):
            self._hush(slug, payload)

    def _config_heard(self, slug: str, payload: bytes) -> None:
        """Home Assistant empties it when somebody deletes the device there."""
        if not payload and self._house.names.forget(slug):
            logger.info("%s was deleted in Home Assistant", slug)

    def _hush(self, slug: str, payload: bytes) -> None:
        stream = self._house.relay.by_slug(slug)
        if stream is not None and payload == discovery.PRESS.encode():
            self._house.hush(stream)
