"""The sources over HTTP: how they are, and if the options allow it, more and fewer of them."""

import dataclasses
import json

from aiohttp import hdrs, web

from relay.errors import (
    BadAddress,
    BadName,
    CapacityExceeded,
    MalformedMessage,
    MessageTooLarge,
    NameTaken,
    NotAllowed,
    RelayError,
    StreamNotFound,
)
from relay.sources.register import SourceRegister
from relay.sources.report import SourceReport
from relay.web.trust import Need, needs

PATH = "/api/sources"
MAX_BODY_BYTES = 8 * 1024
NO_STORE = {hdrs.CACHE_CONTROL: "no-store"}

_STATUS: dict[type[RelayError], int] = {
    MalformedMessage: 400,
    BadName: 400,
    BadAddress: 400,
    NotAllowed: 403,
    StreamNotFound: 404,
    NameTaken: 409,
    MessageTooLarge: 413,
    CapacityExceeded: 503,
}


class SourceApi:
    """The handlers of ``/api/sources``."""

    def __init__(self, register: SourceRegister) -> None:
        self._register = register

    @needs(Need.MEMBER)
    async def list(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "sources": [_fields(report) for report in self._register.reports],
                "changes_allowed": self._register.changes_allowed,
            },
            headers=NO_STORE,
        )

    @needs(Need.SPEAK)
    async def add(self, request: web.Request) -> web.Response:
        """Answer ``{"name": ..., "address": ...}`` with 201 and the new source."""
        try:
            fields = await _object(request)
            report = self._register.add(_text(fields, "name"), _text(fields, "address"))
        except RelayError as error:
            return _refusal(error)
        return web.json_response(_fields(report), status=201, headers=NO_STORE)

    @needs(Need.SPEAK)
    async def remove(self, request: web.Request) -> web.Response:
        try:
            await self._register.remove(request.match_info["name"])
        except RelayError as error:
            return _refusal(error)
        return web.Response(status=204, headers=NO_STORE)


def add_source_routes(app: web.Application, register: SourceRegister) -> None:
    """Give an application the routes below ``/api/sources``."""
    api = SourceApi(register)
    app.router.add_get(PATH, api.list)
    app.router.add_post(PATH, api.add)
    app.router.add_delete(PATH + "/{name}", api.remove)


def _fields(report: SourceReport) -> dict[str, object]:
    fields = dataclasses.asdict(report)
    if report.retry_in_s is not None:
        fields["retry_in_s"] = round(report.retry_in_s, 1)
    return fields


async def _object(request: web.Request) -> dict[str, object]:
    """
    Return the JSON object of a request.

    Its type is insisted on: a browser asks the server before it sends such a request
    for a page from elsewhere, and is told nothing that would permit it.
    """
    if request.content_type != "application/json":
        raise MalformedMessage("the body is application/json")
    data = b""
    async for part in request.content.iter_any():
        data += part
        if len(data) > MAX_BODY_BYTES:
            raise MessageTooLarge(f"a request has at most {MAX_BODY_BYTES} bytes")
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise MalformedMessage("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise MalformedMessage("the body is not an object")
    return fields


def _text(fields: dict[str, object], key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise MalformedMessage(f"{key} is missing, or no text")
    return value


def _refusal(error: RelayError) -> web.Response:
    return web.json_response(
        {"code": error.code, "message": str(error)},
        status=_STATUS[type(error)],
        headers=NO_STORE,
    )
