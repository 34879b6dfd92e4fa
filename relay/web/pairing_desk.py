"""Where a device is let in, and where everybody learns who he is to the server."""

from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from relay.errors import MalformedMessage, WrongCode
from relay.signaling.fields import Json, read_text
from relay.web.access_mode import AccessMode, Mode
from relay.web.attempts import Attempts
from relay.web.credentials import COOKIE, SECURE_COOKIE, maker_of, tokens_of
from relay.web.devices import Device, Devices, Kind, checked_name
from relay.web.home_address import HomeAddress
from relay.web.json_request import answer_json, in_json, read_fields
from relay.web.pairing_codes import LIFETIME_S, PairingCodes
from relay.web.qr_code import svg_of
from relay.web.trust import EVERYTHING, Need, Role, Trust, needs, visitor_of

SECONDS = 1
COOKIE_LIFETIME_S = 400 * 86_400 * SECONDS
"""As long as browsers allow; a device that comes by gets it anew."""


@dataclass(frozen=True, slots=True)
class PairingDesk:
    """The handlers."""

    codes: PairingCodes
    devices: Devices
    mode: AccessMode
    attempts: Attempts
    home: HomeAddress

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/api/me", self.me)
        app.router.add_post("/api/pairing", self.issue)
        app.router.add_get("/api/pairing/qr", self.qr)
        app.router.add_post("/api/pair", self.pair)
        app.router.add_put("/api/access", self.switch)

    @needs(Need.NOTHING)
    @in_json
    async def me(self, request: web.Request) -> web.StreamResponse:
        """Answer who asks; a cookie that is good lives on, one that is not is taken back."""
        visitor = visitor_of(request)
        answer = answer_json(
            {
                "access": self.mode.now.value,
                "trust": visitor.trust.value,
                "name": visitor.name,
                "roles": sorted(visitor.roles),
                "device_id": visitor.device_id,
            }
        )
        for name in (COOKIE, SECURE_COOKIE):
            token = request.cookies.get(name)
            if token is None:
                continue
            if self.devices.of_token(token) is None:
                answer.del_cookie(name, secure=name is SECURE_COOKIE)
            else:
                self._set_cookie(answer, name, token)
        return answer

    @needs(Need.ADMIN)
    @in_json
    async def issue(self, request: web.Request) -> web.StreamResponse:
        """Answer with a code for one device."""
        roles = read_roles(await read_fields(request))
        code = self.codes.issue(maker_of(visitor_of(request)), roles).code
        return answer_json(
            {
                "code": code,
                "expires_in_s": int(LIFETIME_S),
                "link": self.link(request),
            }
        )

    def link(self, request: web.Request) -> str | None:
        """Return where a new device opens the asker's code, None if none is open."""
        code = self.codes.of(maker_of(visitor_of(request)))
        return code and self.home.page(request, f"pair.html#code={code}")

    @needs(Need.ADMIN)
    async def qr(self, request: web.Request) -> web.StreamResponse:
        """Answer with the asker's open code as a picture, so that it is in no address of ours."""
        link = self.link(request)
        if link is None:
            raise web.HTTPNotFound(text="no code is open\n")
        return web.Response(
            body=svg_of(link),
            content_type="image/svg+xml",
            headers={hdrs.CACHE_CONTROL: "no-store"},
        )

    @needs(Need.NOTHING)
    @in_json
    async def pair(self, request: web.Request) -> web.StreamResponse:
        """Let a device in that shows a code; its token is in the answer's cookie alone."""
        visitor = visitor_of(request)
        self.attempts.check(visitor.address)
        fields = await read_fields(request)
        name = checked_name(read_text(fields, "name") or "")
        # What the code was asked for may have waited for the body meanwhile.
        self.attempts.check(visitor.address)
        try:
            roles = self.codes.redeem(read_text(fields, "code") or "")
        except WrongCode:
            await self.attempts.failed(visitor.address)
            raise
        before = self._device_before(request)
        device, token = await self.devices.add(name, Kind.DEVICE, roles)
        if before is not None and before.roles <= roles:
            await self.devices.revoke(before.id)
        answer = answer_json({"device": device.fields()})
        secure = self.home.is_https(request)
        self._set_cookie(answer, SECURE_COOKIE if secure else COOKIE, token)
        return answer

    @needs(Need.ADMIN)
    @in_json
    async def switch(self, request: web.Request) -> web.StreamResponse:
        """Open the house to everybody at home, or ask everybody for a pairing."""
        fields = await read_fields(request)
        if fields.get("access") not in tuple(Mode):
            raise MalformedMessage("'access' is 'lan' or 'paired'")
        await self.mode.switch(Mode(fields["access"]))
        return answer_json({"access": self.mode.now.value})

    def _device_before(self, request: web.Request) -> Device | None:
        """Return as whom the same browser was let in before: it needs no second entry."""
        if visitor_of(request).trust is not Trust.PAIRED:
            return None
        known = map(self.devices.of_token, tokens_of(request))
        return next((device for device in known if device is not None), None)

    def _set_cookie(self, answer: web.Response, name: str, token: str) -> None:
        answer.set_cookie(
            name,
            token,
            max_age=COOKIE_LIFETIME_S,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=name is SECURE_COOKIE,
        )


def read_roles(fields: Json) -> frozenset[Role]:
    """Return what a device is to be allowed. Raises `MalformedMessage`."""
    roles: Any = fields.get("roles", [Role.LISTEN, Role.SPEAK])
    known = sorted(EVERYTHING)
    if not isinstance(roles, list) or not roles or any(r not in known for r in roles):
        raise MalformedMessage(f"'roles' is a list of {', '.join(known)}")
    return frozenset(map(Role, roles))
