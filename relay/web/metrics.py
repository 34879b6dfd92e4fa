"""The numbers of the server, for Prometheus or as JSON."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from relay import events
from relay.events import EventBus
from relay.web.tally import CloseReason
from relay.web.trust import Need, needs

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

MS_PER_S = 1000
_UP_TO_A_SECOND = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_UP_TO_A_DAY = (1, 10, 60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
_WORK = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05)
_JOIN = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)

# Why peers close: by themselves, or because their connection says so.
PEER_CLOSE_REASONS = frozenset(
    {
        "bad_offer",
        "closed_by_client",
        "consent_expired",
        "dtls_failed",
        "failed",
        "name_taken",
        "negotiation_timeout",
        "replaced",
        "stopped",
        "stream_ended",
        "unowned",
    }
) | {reason.value for reason in CloseReason}
OTHER = "other"
ROLES = ("sender", "receiver")

Values = float | Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that a part keeps anyway, read whenever somebody asks."""

    name: str
    help: str
    read: Callable[[], Values]
    label: str | None = None
    """With a label, `read` returns a number for each of its values: a closed set."""

    def family(self) -> Metric:
        """Counters are those whose names end in ``_total``, by Prometheus's own rule."""
        family_class = (
            CounterMetricFamily if self.name.endswith("_total") else GaugeMetricFamily
        )
        family = family_class(
            self.name, self.help, labels=[self.label] if self.label else []
        )
        values = self.read()
        if isinstance(values, Mapping):
            for label_value, value in values.items():
                family.add_metric([label_value], value)
        else:
            family.add_metric([], values)
        return family


class Metrics(Collector):
    """All readings, and the histograms that events feed. Its registry is its own."""

    def __init__(
        self,
        readings: Iterable[Reading],
        bus: EventBus,
        summary: Callable[[], Mapping[str, Any]],
    ) -> None:
        """``summary`` is what a client gets that asks for JSON."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=False)
        self._readings = tuple(readings)
        self._summary = summary
        self.registry.register(self)
        self.connection_duration = self._histogram(
            "voice_connection_duration_seconds",
            "How long clients stay connected",
            _UP_TO_A_DAY,
        )
        self.processing_latency = self._histogram(
            "voice_processing_latency_ms",
            "From a packet's arrival until its sound is decoded, or analysed, and handed on,"
            " in milliseconds",
            [bound * MS_PER_S for bound in _UP_TO_A_SECOND],
        )
        self.decode = self._histogram(
            "voice_decode_seconds", "Work to decode one chunk of sound", _WORK
        )
        self.encode = self._histogram(
            "voice_encode_seconds",
            "Work to encode and analyse one chunk of sound for all who asked for it",
            _WORK,
        )
        self.join_duration = self._histogram(
            "voice_join_duration_seconds",
            "From a session description to media, by role of the peer",
            _JOIN,
            label="role",
        )
        self.loop_lag = self._histogram(
            "voice_loop_lag_seconds",
            "How late the event loop wakes up what is due",
            _UP_TO_A_SECOND,
        )
        self.audio_chunks = Counter(
            "voice_audio_chunks_total",
            "Chunks of sound decoded for listeners, levels or analysis",
            registry=self.registry,
        )
        self.peer_closes = Counter(
            "voice_peer_closes_total",
            "Peer connections that ended, by role and reason",
            ["role", "reason"],
            registry=self.registry,
        )
        for role in ROLES:
            self.join_duration.labels(role)
        bus.subscribe(events.ConnectionClosed, self._connection_closed)
        bus.subscribe(events.PeerConnected, self._peer_connected)
        bus.subscribe(events.PeerClosed, self._peer_closed)
        bus.subscribe(events.SoundDecoded, self._sound_decoded)
        bus.subscribe(events.FrameAnalysed, self._frame_analysed)

    def collect(self) -> Iterable[Metric]:
        """Called by the registry at every scrape."""
        return [reading.family() for reading in self._readings]

    @needs(Need.STATE)
    async def handle(self, request: web.Request) -> web.Response:
        """Answer ``GET /metrics``: JSON for those who accept that and no text."""
        accept = request.headers.get("Accept", "")
        headers = {"Cache-Control": "no-store"}
        if "application/json" in accept and "text/" not in accept:
            return web.json_response(dict(self._summary()), headers=headers)
        return web.Response(
            body=generate_latest(self.registry),
            headers={**headers, "Content-Type": CONTENT_TYPE},
        )

    def _histogram(
        self,
        name: str,
        help_: str,
        bounds: Iterable[float],
        label: str | None = None,
    ) -> Histogram:
        return Histogram(
            name,
            help_,
            [label] if label else [],
            buckets=tuple(bounds),
            registry=self.registry,
        )

    def _connection_closed(self, event: events.ConnectionClosed) -> None:
        self.connection_duration.observe(event.lifetime_s)

    def _peer_connected(self, event: events.PeerConnected) -> None:
        self.join_duration.labels(event.role).observe(event.negotiation_s)

    def _peer_closed(self, event: events.PeerClosed) -> None:
        known = event.reason in PEER_CLOSE_REASONS
        self.peer_closes.labels(event.role, event.reason if known else OTHER).inc()

    def _sound_decoded(self, event: events.SoundDecoded) -> None:
        self.audio_chunks.inc()
        self.decode.observe(event.decode_s)
        self.encode.observe(event.consume_s)
        self.processing_latency.observe(event.latency_s * MS_PER_S)

    def _frame_analysed(self, event: events.FrameAnalysed) -> None:
        self.processing_latency.observe(event.latency_s * MS_PER_S)
