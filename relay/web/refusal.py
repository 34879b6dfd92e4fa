"""How a player is refused: in plain text, because it would try to play a page."""

import functools
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from relay.errors import BadRequest, CapacityExceeded, StreamNotFound
from relay.web.player_answer import NO_STORE

RETRY_AFTER_S = 30

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def in_words(handler: Handler) -> Handler:
    """Return a handler that answers what it cannot do; it must find out before it sends."""

    @functools.wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadRequest as error:
            return _refusal(400, f"{error}.\n")
        except StreamNotFound as error:
            return _refusal(404, f"{error}. /streams.json lists the streams.\n")
        except CapacityExceeded as error:
            refusal = _refusal(503, f"{error}.\n")
            refusal.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER_S)
            return refusal

    return answer


def _refusal(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers=NO_STORE)
