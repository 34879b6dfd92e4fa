"""The truth about the server: each part says itself how it is."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from relay import __version__
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.lobby import Lobby
from relay.web.trust import Need, needs, visitor_of

logger = logging.getLogger(__name__)

MEDIA = "media"
AUDIO_SERVER = "audio_server"


@dataclass(frozen=True, slots=True)
class PartState:
    """How one part is."""

    alive: bool
    details: Mapping[str, Any] = field(default_factory=dict)


Check = Callable[[], PartState]
"""Asks one part; must return at once."""


class Health:
    """The parts of the server, each with its check."""

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        lobby: Lobby,
        *,
        options: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``options`` are told only to this machine itself; their secrets are masked."""
        self._relay = relay
        self._lobby = lobby
        self._options = options or {}
        self._clock = clock
        self._started_at = clock()
        self._checks: dict[str, Check] = {}

    def register(self, part: str, check: Check) -> None:
        assert part not in self._checks, f"{part} has two checks"
        self._checks[part] = check

    @property
    def uptime_s(self) -> float:
        return self._clock() - self._started_at

    def states(self) -> dict[str, PartState]:
        return {part: _state(part, check) for part, check in self._checks.items()}

    def is_alive(self, part: str) -> bool:
        check = self._checks.get(part)
        return check is not None and _state(part, check).alive

    @needs(Need.NOTHING)
    async def handle(self, request: web.Request) -> web.Response:
        """Answer ``GET /health``: 200, or 503 if any part is dead; strangers get no details."""
        states = self.states()
        healthy = all(state.alive for state in states.values())
        report = self._report(healthy, states)
        visitor = visitor_of(request)
        if not visitor.may(Need.STATE):
            report = {"status": report["status"]}
        elif visitor.here:
            report["options"] = self._options
        return web.json_response(
            report,
            status=200 if healthy else 503,
            headers={"Cache-Control": "no-store"},
        )

    def _report(self, healthy: bool, states: Mapping[str, PartState]) -> dict[str, Any]:
        """The first six fields are those that existing monitors read."""
        return {
            "status": "healthy" if healthy else "unhealthy",
            "webrtc_available": self.is_alive(MEDIA),
            "audio_server_running": self.is_alive(AUDIO_SERVER),
            "active_streams": len(self._relay.streams),
            "connected_clients": self._lobby.connected_clients,
            "uptime_seconds": round(self.uptime_s, 3),
            "version": __version__,
            "parts": {
                part: {"alive": state.alive, **state.details}
                for part, state in states.items()
            },
        }


def _state(part: str, check: Check) -> PartState:
    try:
        return check()
    except Exception:
        # A part that cannot even be asked is dead, and the others still have to be told.
        logger.exception("the check of %s failed", part)
        return PartState(alive=False)
