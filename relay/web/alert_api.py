"""The alerts of late, for pages that were not open."""

from collections.abc import Callable
from dataclasses import asdict

from aiohttp import web

from relay.consumers.alerts import Alerts
from relay.errors import RelayError
from relay.features import SoundEvent
from relay.signaling.server_messages import Alert
from relay.web.guest import Guest
from relay.web.json_request import answer_json
from relay.web.roll import Roll
from relay.web.trust import Need, Role, needs

PATH = "/api/alerts"

NameOf = Callable[[str], str | None]
"""Says how the name of a slug is written; `relay.web.known_names.KnownNames.text_of`."""


class AlertApi:
    def __init__(self, alerts: Alerts, roll: Roll, name_of: NameOf) -> None:
        self._alerts = alerts
        self._roll = roll
        self._name_of = name_of

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.list)

    @needs(Need.LISTEN)
    async def list(self, request: web.Request) -> web.Response:
        """Answer with those of streams that one may hear, the newest first."""
        guest = Guest.of(request, self._roll.network)
        rows = [
            fields_of(event, self._name_of)
            for event in reversed(self._alerts.recent)
            if may_know(self._roll, guest, event)
        ]
        return answer_json({"alerts": rows})


def may_know(roll: Roll, guest: Guest, event: SoundEvent) -> bool:
    """Tell whether somebody may hear the stream that an event is of."""
    slug = None if event.stream == event.session else event.stream
    try:
        roll.check(guest, Role.LISTEN, event.stream, slug)
    except RelayError:
        return False
    return True


def message_of(event: SoundEvent, name_of: NameOf) -> Alert:
    return Alert(
        event.id,
        event.kind.value,
        event.stream,
        name_of(event.stream),
        event.began_at,
        event.level_dbfs,
    )


def fields_of(event: SoundEvent, name_of: NameOf) -> dict[str, object]:
    """Return an alert for programs."""
    return asdict(message_of(event, name_of))
