"""JSON that comes in over HTTP: small, checked, and answered in words."""

import asyncio
import functools
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import hdrs, web

from relay.errors import (
    AnalysisOff,
    CapacityExceeded,
    DeviceNotFound,
    FormatNotAvailable,
    HistoryOff,
    HistoryUnavailable,
    Hushed,
    MalformedMessage,
    MessageTooLarge,
    NotAllowed,
    RelayError,
    StreamNotFound,
    WrongCode,
)
from relay.signaling.fields import Json, KiB

logger = logging.getLogger(__name__)

SECONDS = 1.0
MAX_BODY_BYTES = 4 * KiB
BODY_TIMEOUT_S = 5 * SECONDS

NO_STORE = {hdrs.CACHE_CONTROL: "no-store"}

STATUSES: dict[type[RelayError], int] = {
    MessageTooLarge: 413,
    WrongCode: 403,
    NotAllowed: 403,
    DeviceNotFound: 404,
    StreamNotFound: 404,
    HistoryOff: 404,
    FormatNotAvailable: 501,
    AnalysisOff: 404,
    Hushed: 403,
    CapacityExceeded: 503,
    HistoryUnavailable: 503,
}
"""All others are 400."""

Desk = TypeVar("Desk")
Answer = Callable[[Desk, web.Request], Awaitable[web.StreamResponse]]


async def read_fields(request: web.Request) -> Json:
    """Return the object in a body. Raises `MalformedMessage` or `MessageTooLarge`."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise MessageTooLarge(f"a body has at most {MAX_BODY_BYTES} bytes")
    except TimeoutError:
        raise MalformedMessage("the body did not come in time") from None
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedMessage("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise MalformedMessage("the body is not an object")
    return fields


def in_json(handler: Answer[Desk]) -> Answer[Desk]:
    """Have a handler's errors answered as ``code`` and ``message``."""

    @functools.wraps(handler)
    async def answer(desk: Desk, request: web.Request) -> web.StreamResponse:
        try:
            return await handler(desk, request)
        except RelayError as error:
            status = STATUSES.get(type(error), 400)
            return refusal(status, error.code, str(error))
        except OSError as error:
            logger.error("the data folder cannot be written: %s", error.strerror)
            text = (
                "the server cannot write to its data folder: it holds until a restart"
            )
            return refusal(507, "internal_error", text)

    return answer


def refusal(status: int, code: str, message: str) -> web.Response:
    return answer_json({"code": code, "message": message}, status)


def answer_json(content: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(content, status=status, headers=NO_STORE)
