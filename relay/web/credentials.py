"""What devices and players show to be let in: a cookie, a header, or a key in the address."""

from dataclasses import replace

from aiohttp import hdrs, web

from relay.web.access_mode import AccessMode
from relay.web.attempts import Attempts
from relay.web.devices import Device, Devices, Kind
from relay.web.signed_address import Signature, SignedAddresses
from relay.web.trust import Role, Trust, Visitor

COOKIE = "earshot_device"
SECURE_COOKIE = "__Host-earshot_device"
"""The cookie over https; browsers take this name from nobody else (RFC 6265bis, 4.1.3)."""

PLAYER_PATH = "/p/{key}"
"""In front of a path that a player asks for: players can send neither cookies nor headers."""

BEARER = "Bearer "
JUST_LISTEN = frozenset({Role.LISTEN})
JUST_NUMBERS = frozenset({Role.MONITOR})


class DeviceCredentials:
    """Fulfils `relay.web.access.Credentials`."""

    def __init__(
        self,
        devices: Devices,
        addresses: SignedAddresses,
        mode: AccessMode,
        attempts: Attempts,
    ) -> None:
        self._devices = devices
        self._addresses = addresses
        self._mode = mode
        self._attempts = attempts

    def visitor(self, request: web.Request, address: str) -> Visitor | None:
        """
        Return who carries a credential that is valid now, None without one.

        Who shows a wrong key in an address is a stranger, at home too: what was revoked
        must not go on under the same address.
        """
        if "key" in request.match_info:
            return self._by_key(request, address)
        for token in tokens_of(request):
            if device := self._devices.of_token(token):
                return self._as_visitor(device, address)
        return None

    async def refuse(self, request: web.Request, address: str) -> None:
        """
        Count a refusal if a credential was shown and was no good, and let it wait.

        Raises `web.HTTPTooManyRequests` for who shows too many.
        """
        if "key" in request.match_info or tokens_of(request):
            self._attempts.check(address)
            await self._attempts.failed(address)

    def _by_key(self, request: web.Request, address: str) -> Visitor:
        key = request.match_info["key"]
        device = self._devices.of_token(key)
        if device is not None and device.kind is Kind.PLAYER:
            return self._as_visitor(device, address)
        path = request.path.removeprefix(f"/p/{key}/")
        signature = self._addresses.read(key, path)
        if signature is None or not self._is_good(signature):
            return Visitor(Trust.NONE, address)
        return Visitor(
            Trust.SIGNED,
            address,
            JUST_LISTEN,
            renew=lambda visitor: visitor if self._is_good(signature) else None,
        )

    def _as_visitor(self, device: Device, address: str) -> Visitor:
        self._devices.note_seen(device)
        return Visitor(
            Trust.PAIRED if device.kind is Kind.DEVICE else Trust.SIGNED,
            address,
            device.roles,
            device.name,
            device.id,
            renew=self._renewed,
        )

    def _renewed(self, visitor: Visitor) -> Visitor | None:
        device = self._devices.get(visitor.device_id)
        if device is None:
            return None
        return replace(visitor, roles=device.roles, name=device.name)

    def _is_good(self, signature: Signature) -> bool:
        """Whether it is good, and so is whoever made it."""
        if not self._addresses.is_good(signature):
            return False
        if signature.maker == Trust.LAN:
            return not self._mode.paired
        if signature.maker == Trust.INGRESS:
            return True
        maker = self._devices.get(signature.maker)
        return maker is not None and maker.may_listen


def tokens_of(request: web.Request) -> list[str]:
    """Return what a request shows; a browser that knows both ways in has two cookies."""
    header = request.headers.get(hdrs.AUTHORIZATION, "")
    bearer = header.removeprefix(BEARER) if header.startswith(BEARER) else None
    cookies = (request.cookies.get(name) for name in (SECURE_COOKIE, COOKIE))
    return [token for token in (bearer, *cookies) if token]


def maker_of(visitor: Visitor) -> str:
    """Return whom a signed address depends on."""
    return visitor.device_id or visitor.trust.value
