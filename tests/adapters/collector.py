"""A small OpenTelemetry collector on loopback: it takes OTLP over HTTP and keeps the spans."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from relay.web.http_server import HttpServer
from relay.web.trust import Need, needs


@dataclass(frozen=True, slots=True)
class Span:
    name: str
    id: bytes
    parent: bytes
    trace: bytes
    begin_ns: int
    end_ns: int
    attributes: dict[str, Any]

    @property
    def seconds(self) -> float:
        return (self.end_ns - self.begin_ns) / 1e9


class Collector:
    """What it was told."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.url = ""

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def inside(self, whole: Span) -> list[Span]:
        """Return the spans of its steps, in order."""
        inner = [span for span in self.spans if span.parent == whole.id]
        return sorted(inner, key=lambda span: span.end_ns)

    @needs(Need.NOTHING)
    async def take(self, request: web.Request) -> web.Response:
        assert request.content_type == "application/x-protobuf"
        told = ExportTraceServiceRequest.FromString(await request.read())
        for resource in told.resource_spans:
            self.services.add(_values(resource.resource.attributes)["service.name"])
            for scope in resource.scope_spans:
                self.spans += map(_span, scope.spans)
        return web.Response(body=b"", content_type="application/x-protobuf")


def _span(told: Any) -> Span:
    return Span(
        *(told.name, told.span_id, told.parent_span_id, told.trace_id),
        begin_ns=told.start_time_unix_nano,
        end_ns=told.end_time_unix_nano,
        attributes=_values(told.attributes),
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in attributes}


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with HttpServer(app, 0, "collector", hosts=["127.0.0.1"]) as server:
        collector.url = f"http://127.0.0.1:{server.port}"
        yield collector
