"""Who was turned away at a door is counted in the audit log."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from relay.web.audit import AuditLog
from relay.web.trust import VISITOR, Handler

TURNED_AWAY = {
    401: "no_credential",
    403: "forbidden",
    421: "unknown_host_name",
    429: "too_many_attempts",
    503: "no_room",
}
"""A status, and what it is called in the log."""


def note_refusals(
    audit: AuditLog,
) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Return the middleware; it is the outermost."""

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPException as error:
            _count(audit, request, error.status)
            raise
        _count(audit, request, response.status)
        return response

    return note


def _count(audit: AuditLog, request: web.Request, status: int) -> None:
    if status in TURNED_AWAY:
        visitor = request.get(VISITOR)
        address = visitor.address if visitor is not None else request.remote
        audit.refused(address or "?", TURNED_AWAY[status])
