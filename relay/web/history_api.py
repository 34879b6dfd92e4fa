"""The history over HTTP: what was measured, in JSON for pages and as files for programs."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from aiohttp import hdrs, web

from relay.errors import (
    BadRequest,
    CapacityExceeded,
    HistoryOff,
    HistoryUnavailable,
    RelayError,
)
from relay.features import FEATURE_NAMES, SoundEvent
from relay.ports import HistoryQuery, HistoryStore, HistoryTable, KnownStream
from relay.web.guest import Guest
from relay.web.history_exports import Export, available, export
from relay.web.history_wish import Form, HistoryWish, instant_of
from relay.web.json_request import NO_STORE, answer_json, in_json
from relay.web.roll import Roll
from relay.web.stream_list import StreamList
from relay.web.trust import Need, Role, needs

SECONDS = 1.0
PATH = "/api/history"
EXPORTS_AT_ONCE = 2
ROWS_PER_PART = 10_000
READER_TIMEOUT_S = 30 * SECONDS
"""Who takes nothing of an export for so long is gone."""
MAX_EVENTS = 2000
"""The newest of a time."""

OFF = HistoryOff("no history is kept here; the option 'history' switches it on")


class HistoryApi:
    """The handlers. Everybody sees of whom he may hear; admins may have it forgotten."""

    def __init__(
        self,
        store: HistoryStore | None,
        roll: Roll,
        streams: StreamList,
        name_of: Callable[[str], str | None] = lambda slug: None,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Without a store history is off; ``name_of`` tells how a slug's name is written."""
        self._kept_in = store
        self._roll = roll
        self._streams = streams
        self._name_of = name_of
        self._now = now
        self._exports = 0

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.table)
        app.router.add_delete(PATH, self.forget)
        app.router.add_get(PATH + "/streams", self.known)
        app.router.add_get(PATH + "/latest", self.latest)

    @needs(Need.LISTEN)
    @in_json
    async def table(self, request: web.Request) -> web.StreamResponse:
        """Answer with numbers over time, and in JSON with what was noticed."""
        store = self._store
        accept = request.headers.get(hdrs.ACCEPT, "")
        wish = HistoryWish.read(request.query, accept, self._now())
        heard = await self._heard(request, wish.stream)
        there = [s for s in heard if s.since < wish.until and s.until >= wish.since]
        query = wish.query(len(there))
        if wish.form is not Form.JSON:
            return await self._export(request, wish.form, query, there)
        slugs = {stream.stream for stream in there}
        table = _only(await store.table(query), slugs)
        events = [e for e in await store.events(query) if e.stream in slugs]
        body = await _in_pieces(query, table, events[-MAX_EVENTS:])
        return web.Response(
            text=body, content_type="application/json", headers=NO_STORE
        )

    @needs(Need.LISTEN)
    @in_json
    async def known(self, request: web.Request) -> web.StreamResponse:
        """Answer of which streams there is history, and in which formats."""
        live = {s.slug or s.stream_id for s in self._streams.details()}
        return answer_json(
            {
                "streams": [
                    asdict(stream)
                    | {
                        "name": self._name_of(stream.stream),
                        "live": stream.stream in live,
                    }
                    for stream in await self._heard(request)
                ],
                "formats": available(),
            }
        )

    @needs(Need.LISTEN)
    @in_json
    async def latest(self, request: web.Request) -> web.StreamResponse:
        """Answer with the newest second of each stream."""
        rows = await self._store.latest()
        return answer_json(
            {
                "rows": [
                    {
                        "stream": row.stream,
                        "session": row.session,
                        "captured_at": row.captured_at,
                        **dict(
                            zip(FEATURE_NAMES, map(_known, row.values), strict=True)
                        ),
                    }
                    for row in rows
                    if self._may_hear(request, row.stream)
                ]
            }
        )

    @needs(Need.ADMIN)
    @in_json
    async def forget(self, request: web.Request) -> web.StreamResponse:
        """Delete what is known of a stream and a time, and note who did that."""
        store = self._store
        missing = {"stream", "from", "to"} - request.query.keys()
        if missing:
            raise BadRequest(f"{' and '.join(sorted(missing))} is missing")
        stream = request.query["stream"]
        since = instant_of(request.query["from"], "from")
        until = instant_of(request.query["to"], "to")
        deleted = await store.delete(stream, since, until)
        guest = Guest.of(request, self._roll.network)
        self._roll.audit.forgot(guest, stream, since, until, deleted)
        return answer_json({"deleted": deleted})

    # --- who may know what --------------------------------------------------------------

    @property
    def _store(self) -> HistoryStore:
        if self._kept_in is None:
            raise OFF
        return self._kept_in

    async def _heard(
        self, request: web.Request, wanted: str | None = None
    ) -> list[KnownStream]:
        """
        Return the streams that may be heard, of all or of one.

        Raises `NotAllowed` if it is one that may not.
        """
        if wanted is not None:
            self._check(request, wanted)
        return [
            known
            for known in await self._store.streams()
            if known.stream == wanted
            or (wanted is None and self._may_hear(request, known.stream))
        ]

    def _may_hear(self, request: web.Request, stream: str) -> bool:
        try:
            self._check(request, stream)
        except RelayError:
            return False
        return True

    def _check(self, request: web.Request, stream: str) -> None:
        # As the house's rules know it: a stream without a name has an id alone.
        slug = None if stream.startswith("stream_") else stream
        guest = Guest.of(request, self._roll.network)
        self._roll.check(guest, Role.LISTEN, stream, slug)

    # --- files --------------------------------------------------------------------------

    async def _export(
        self,
        request: web.Request,
        form: Form,
        query: HistoryQuery,
        streams: Sequence[KnownStream],
    ) -> web.StreamResponse:
        """Write a file part by part; whoever reads slowly gets it slowly."""
        if self._exports >= EXPORTS_AT_ONCE:
            raise CapacityExceeded("others are exporting; try again in a minute")
        self._exports += 1
        try:
            # Off the event loop: packages are loaded here, and many lines written.
            file = await asyncio.to_thread(export, form, query.features, query.step_s)
            response = web.StreamResponse(headers=_headers(form, query))
            await response.prepare(request)
            async for data in self._parts(file, query, streams):
                async with asyncio.timeout(READER_TIMEOUT_S):
                    await response.write(data)
        except (TimeoutError, HistoryUnavailable):
            # What has begun cannot be answered otherwise: it ends before its end.
            response.force_close()
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._exports -= 1
        return response

    async def _parts(
        self, file: Export, query: HistoryQuery, streams: Sequence[KnownStream]
    ) -> AsyncIterator[bytes]:
        slugs = {stream.stream for stream in streams}
        step = query.step_s
        span = max(ROWS_PER_PART // max(len(streams), 1), 1) * step
        since = max(query.since, min((s.since for s in streams), default=0))
        until = min(query.until, max((s.until + 1 for s in streams), default=0))
        begin = since // step * step
        yield await asyncio.to_thread(file.add, _nothing(query))
        while begin < until:
            part = replace(query, since=begin, until=min(begin + span, query.until))
            table = _only(await self._store.table(part), slugs)
            if table.times:
                yield await asyncio.to_thread(file.add, table)
            begin += span
        yield await asyncio.to_thread(file.end)


def _headers(form: Form, query: HistoryQuery) -> dict[str, str]:
    # A stream that somebody asks for may have any name; one that there is has a plain one.
    plain = "".join(
        c for c in query.stream or "all" if (c.isascii() and c.isalnum()) or c in "-_"
    )
    name = f"history-{plain}-{query.since:.0f}-{query.until:.0f}.{form.suffix}"
    disposition = f'attachment; filename="{name}"'
    headers: dict[str, str] = {
        hdrs.CONTENT_TYPE: form.media_type,
        hdrs.CONTENT_DISPOSITION: disposition,
    }
    return headers | NO_STORE


def _nothing(query: HistoryQuery) -> HistoryTable:
    """Return a table without rows: an export has its columns, whatever comes."""
    empty: dict[str, list[float | None]] = {name: [] for name in query.features}
    return HistoryTable([], [], empty, empty, empty)


def _only(table: HistoryTable, slugs: set[str]) -> HistoryTable:
    """Leave out the streams that may not be heard."""
    if slugs.issuperset(table.streams):
        return table
    places = [p for p, stream in enumerate(table.streams) if stream in slugs]

    def chosen(
        columns: dict[str, list[float | None]],
    ) -> dict[str, list[float | None]]:
        return {name: [column[p] for p in places] for name, column in columns.items()}

    return HistoryTable(
        [table.times[p] for p in places],
        [table.streams[p] for p in places],
        chosen(table.mean),
        chosen(table.minimum),
        chosen(table.maximum),
    )


async def _in_pieces(
    query: HistoryQuery, table: HistoryTable, events: Sequence[SoundEvent]
) -> str:
    """Write the answer column by column, so that sound may pass in between."""
    head: dict[str, Any] = {"stream": query.stream, "session": query.session}
    head |= {"from": query.since, "to": query.until, "step": query.step_s}
    pieces = [f'"{name}":{json.dumps(value)}' for name, value in head.items()]
    pieces.append(f'"features":{json.dumps(query.features)}')
    pieces.append(f'"times":{json.dumps(table.times)}')
    if query.stream is None:
        pieces.append(f'"streams":{json.dumps(table.streams)}')
    for part in ("mean", "minimum", "maximum"):
        columns = []
        for name, column in getattr(table, part).items():
            columns.append(f'"{name}":{json.dumps(column)}')
            await asyncio.sleep(0)
        pieces.append(f'"{part}":{{{",".join(columns)}}}')
    told = [asdict(event) for event in events]
    pieces.append(f'"events":{json.dumps(told)}')
    return "{" + ",".join(pieces) + "}"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
