"""The names under which anybody ever sent, and the switch by which the house mutes one."""

from dataclasses import dataclass

from aiohttp import web

from relay.errors import MalformedMessage, StreamNotFound
from relay.signaling.fields import Json
from relay.web.json_request import answer_json, in_json, read_fields
from relay.web.known_names import KnownName, KnownNames
from relay.web.trust import Need, needs


@dataclass(frozen=True, slots=True)
class RoomDesk:
    """The handlers."""

    names: KnownNames

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/api/rooms", self.list)
        app.router.add_patch("/api/rooms/{slug}", self.change)

    @needs(Need.MEMBER)
    async def list(self, _: web.Request) -> web.Response:
        """Answer all names, the one last on the air last."""
        return answer_json({"rooms": [_fields(known) for known in self.names]})

    @needs(Need.ADMIN)
    @in_json
    async def change(self, request: web.Request) -> web.StreamResponse:
        """Mute a name, or let it through again, for whoever sends under it."""
        slug = request.match_info["slug"]
        muted = (await read_fields(request)).get("muted")
        if not isinstance(muted, bool):
            raise MalformedMessage("'muted' is true or false")
        self.names.set_muted(slug, muted)
        if (known := self.names.find(slug)) is None:
            raise StreamNotFound(f"nobody ever sent under the name {slug!r}")
        return answer_json({"room": _fields(known)})


def _fields(known: KnownName) -> Json:
    return {
        "slug": known.name.slug,
        "name": known.name.text,
        "last_seen": known.last_seen,
        "muted": known.muted,
    }
