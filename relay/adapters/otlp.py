"""
Tells an OpenTelemetry collector what becomes of packets, and of those who join.

OTLP over HTTP, in batches and from a thread of the SDK: what a collector does not take in time
is dropped.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import set_span_in_context

from relay import __version__
from relay.events import ChunkTraced, EventBus, PeerConnected, RowsStored, Steps

PATH = "/v1/traces"
WAITING_SPANS = 512
"""Of some five a second: beyond it the SDK drops the newest."""
EVERY_MS = 2000
TIMEOUT_S = 5
CLOSE_TIMEOUT_S = 1.0
"""What waits may still leave."""

Attributes = Mapping[str, str | int | bool]

NS_PER_S = 1_000_000_000

# A collector that is away is no news, every two seconds, for whoever reads the log.
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)


class Traces:
    """Makes spans of what the bus tells. An async context manager."""

    def __init__(
        self,
        endpoint: str,
        events: EventBus,
        *,
        every_ms: int = EVERY_MS,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """``endpoint`` is the address of the collector, without a path."""
        self._events = events
        self._clock = clock
        self._wall_clock = wall_clock
        self._unsubscribe: tuple[Callable[[], None], ...] = ()
        self._provider = TracerProvider(
            resource=Resource(
                {"service.name": "earshot", "service.version": __version__}
            ),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint.rstrip("/") + PATH, timeout=TIMEOUT_S)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=WAITING_SPANS,
                max_export_batch_size=WAITING_SPANS,
                schedule_delay_millis=every_ms,
            )
        )
        self._tracer = self._provider.get_tracer("earshot", __version__)

    async def __aenter__(self) -> "Traces":
        events = self._events
        self._unsubscribe = (
            events.subscribe(ChunkTraced, self._chunk),
            events.subscribe(RowsStored, self._stored),
            events.subscribe(PeerConnected, self._joined),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        # A thread that nobody waits for: a collector that hangs holds up no exit.
        closing = Thread(target=self._provider.shutdown, name="otlp end", daemon=True)
        closing.start()
        until = self._clock() + CLOSE_TIMEOUT_S
        while closing.is_alive() and self._clock() < until:  # noqa: ASYNC110 - a thread
            await asyncio.sleep(0.01)

    def _chunk(self, chunk: ChunkTraced) -> None:
        attributes: Attributes = {
            "stream_id": chunk.stream_id,
            "chunk_size_bytes": chunk.size_bytes,
            "is_speech": chunk.is_speech,
        }
        self._tell("chunk", chunk.steps, attributes)

    def _stored(self, stored: RowsStored) -> None:
        steps = (("store", stored.began_at, stored.ended_at),)
        self._tell("history", steps, {"rows": stored.rows})

    def _joined(self, peer: PeerConnected) -> None:
        steps = tuple(
            (name, before, at) for (_, before), (name, at) in pairwise(peer.milestones)
        )
        self._tell("join", steps, {"role": peer.role})

    def _tell(self, name: str, steps: Steps, attributes: Attributes) -> None:
        """Make a span of all steps together, with one for each of them in it."""
        if not steps:
            return
        offset_s = self._wall_clock() - self._clock()

        def ns(instant: float) -> int:
            return round((instant + offset_s) * NS_PER_S)

        begin, end = min(step[1] for step in steps), max(step[2] for step in steps)
        whole = self._tracer.start_span(
            name, start_time=ns(begin), attributes=attributes
        )
        inside = set_span_in_context(whole)
        for step, began_at, ended_at in steps:
            span = self._tracer.start_span(
                step, inside, start_time=ns(began_at), attributes=attributes
            )
            span.end(ns(ended_at))
        whole.end(ns(end))
