"""Where an admin sees who was let in, lets players in and sends anybody away."""

import re
from dataclasses import dataclass

from aiohttp import web

from relay.audio.formats import FORMATS
from relay.consumers.http_broadcast import LATEST
from relay.errors import MalformedMessage, NotAllowed
from relay.hub.identity import slug_of
from relay.signaling.fields import Json, read_text
from relay.web.credentials import JUST_LISTEN, JUST_NUMBERS, maker_of
from relay.web.devices import Devices, Kind
from relay.web.home_address import HomeAddress
from relay.web.json_request import answer_json, in_json, read_fields
from relay.web.pairing_codes import PairingCodes
from relay.web.pairing_desk import read_roles
from relay.web.signed_address import LONGEST_S, SignedAddresses
from relay.web.trust import Need, Role, Visitor, needs, visitor_of

_AS_IT_IS = re.compile(r"[A-Za-z0-9_-]{1,64}")
DEFAULT_FORMAT = "mp3"
SHORTEST_S = 60


@dataclass(frozen=True, slots=True)
class DeviceDesk:
    """The handlers."""

    devices: Devices
    codes: PairingCodes
    addresses: SignedAddresses
    home: HomeAddress

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/api/devices", self.list)
        app.router.add_post("/api/devices", self.add_player)
        app.router.add_post("/api/monitors", self.add_monitor)
        app.router.add_patch("/api/devices/{id}", self.change)
        app.router.add_delete("/api/devices/{id}", self.revoke)
        app.router.add_post("/api/links", self.link)
        app.router.add_delete("/api/links", self.void_links)

    @needs(Need.ADMIN)
    @in_json
    async def list(self, request: web.Request) -> web.StreamResponse:
        """Answer who was let in, and whether the asker's pairing code is still open."""
        issuer = maker_of(visitor_of(request))
        return answer_json(
            {
                "devices": [device.fields() for device in self.devices.all],
                "code_open": self.codes.is_open(issuer),
            }
        )

    @needs(Need.ADMIN)
    @in_json
    async def add_player(self, request: web.Request) -> web.StreamResponse:
        """Let a player in. Its key is in this answer, and nowhere else ever."""
        fields = await read_fields(request)
        path = sound_path(fields)
        name = read_text(fields, "name") or ""
        player, key = await self.devices.add(name, Kind.PLAYER, JUST_LISTEN)
        return answer_json(
            {
                "device": player.fields(),
                "key": key,
                "url": self.home.sound(request, f"/p/{key}/{path}"),
            }
        )

    @needs(Need.ADMIN)
    @in_json
    async def add_monitor(self, request: web.Request) -> web.StreamResponse:
        """Let a program in that reads numbers alone. Its key is in this answer, and nowhere else."""
        name = read_text(await read_fields(request), "name") or ""
        monitor, key = await self.devices.add(name, Kind.MONITOR, JUST_NUMBERS)
        return answer_json({"device": monitor.fields(), "key": key})

    @needs(Need.ADMIN)
    @in_json
    async def change(self, request: web.Request) -> web.StreamResponse:
        """Give somebody another name or other roles, whatever it does at this moment."""
        device_id = request.match_info["id"]
        fields = await read_fields(request)
        name = read_text(fields, "name")
        roles = read_roles(fields) if "roles" in fields else None
        if roles is not None:
            self._check_roles(device_id, visitor_of(request))
            if Role.ADMIN not in roles:
                self.codes.void(device_id)
        device = await self.devices.change(device_id, name=name, roles=roles)
        return answer_json({"device": device.fields()})

    def _check_roles(self, device_id: str, admin: Visitor) -> None:
        """Raises `NotAllowed` for whom no roles can be given."""
        device = self.devices.get(device_id)
        if device is not None and device.kind is not Kind.DEVICE:
            raise NotAllowed("only paired devices have roles to choose from")
        if device_id == admin.device_id:
            raise NotAllowed("another admin has to do this: nobody locks himself out")

    @needs(Need.ADMIN)
    @in_json
    async def revoke(self, request: web.Request) -> web.StreamResponse:
        """Send somebody away, whatever it does at this moment."""
        device_id = request.match_info["id"]
        self.codes.void(device_id)
        await self.devices.revoke(device_id)
        return answer_json({})

    @needs(Need.LISTEN)
    @in_json
    async def link(self, request: web.Request) -> web.StreamResponse:
        """Answer with the address of one stream that is good for a while."""
        fields = await read_fields(request)
        path = sound_path(fields)
        maker = maker_of(visitor_of(request))
        key, expires_at = await self.addresses.sign(path, maker, lasts_s(fields))
        return answer_json(
            {
                "url": self.home.sound(request, f"/p/{key}/{path}"),
                "expires_at": expires_at,
            }
        )

    @needs(Need.ADMIN)
    @in_json
    async def void_links(self, _: web.Request) -> web.StreamResponse:
        """Make every such address void."""
        await self.addresses.void()
        return answer_json({})


def sound_path(fields: Json) -> str:
    """Return the path of the sound of ``stream``, an id or a name. Raises `MalformedMessage`."""
    given = read_text(fields, "stream") or LATEST
    stream = given if _AS_IT_IS.fullmatch(given) else slug_of(given)
    extension = read_text(fields, "format") or DEFAULT_FORMAT
    if extension not in FORMATS:
        raise MalformedMessage(f"'format' is one of {', '.join(FORMATS)}")
    if not stream:
        raise MalformedMessage("'stream' has a letter a-z or a digit")
    return f"stream/{stream}.{extension}"


def lasts_s(fields: Json) -> float:
    """Return how long an address is to be good. Raises `MalformedMessage`."""
    seconds = fields.get("lasts_s", LONGEST_S)
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not SHORTEST_S <= seconds <= LONGEST_S
    ):
        raise MalformedMessage(f"'lasts_s' is {SHORTEST_S} to {LONGEST_S:.0f} seconds")
    return float(seconds)
