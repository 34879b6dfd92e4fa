"""How a device comes to trust this server: the authority to install, and how it stands."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from relay.tls.authority import Authority
from relay.tls.certificates import Certificates
from relay.tls.server_certificate import fingerprint
from relay.web.greeting import in_url
from relay.web.ios_profile import CONTENT_TYPE as PROFILE_TYPE
from relay.web.ios_profile import profile_of
from relay.web.json_request import in_json
from relay.web.pages import SECURITY_HEADERS, Pages
from relay.web.qr_code import svg_of
from relay.web.trust import Need, needs

CERTIFICATE_TYPE = "application/x-x509-ca-cert"
NO_STORE = {hdrs.CACHE_CONTROL: "no-store"}
POLICY = "Content-Security-Policy"

SHOWN_PAGES = {"trust": "trust.html", "send": "send.html", "listen": "listen.html"}
"""What the big screen may show as a QR code."""
CHECKING_PAGES = frozenset({"trust", "trust.html", "diagnose", "diagnose.html"})
"""Pages that ask the https port whether this browser trusts it: `Onboarding.checking_page`."""

_IN_POLICY = re.compile(r"[a-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Onboarding:
    """The handlers."""

    pages: Pages
    certificates: Certificates | None
    """None: there is no https."""
    http_port: int
    https_port: int
    addresses: Callable[[], Sequence[str]]
    """Those of this machine, best first."""

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/ca.crt", self.ca)
        app.router.add_get("/earshot.mobileconfig", self.profile)
        app.router.add_get("/ca-next.crt", self.next_ca)
        app.router.add_get("/earshot-next.mobileconfig", self.next_profile)
        app.router.add_post("/api/tls/authority", self.prepare)
        app.router.add_put("/api/tls/authority", self.switch)
        app.router.add_get("/api/tls", self.state)
        app.router.add_get("/api/tls/ping", self.ping)
        app.router.add_get("/api/qr", self.qr)

    @needs(Need.NOTHING)
    async def ca(self, _: web.Request) -> web.Response:
        """Answer with the authority's certificate, never with a key."""
        return _file(self._authority().pem, CERTIFICATE_TYPE, "earshot-ca.crt")

    @needs(Need.NOTHING)
    async def profile(self, _: web.Request) -> web.Response:
        profile = profile_of(self._authority())
        return _file(profile, PROFILE_TYPE, "earshot.mobileconfig")

    @needs(Need.NOTHING)
    async def next_ca(self, _: web.Request) -> web.Response:
        """Answer with the certificate of the authority that takes over."""
        return _file(self._next().pem, CERTIFICATE_TYPE, "earshot-ca-next.crt")

    @needs(Need.NOTHING)
    async def next_profile(self, _: web.Request) -> web.Response:
        profile = profile_of(self._next())
        return _file(profile, PROFILE_TYPE, "earshot-next.mobileconfig")

    @needs(Need.ADMIN)
    @in_json
    async def prepare(self, request: web.Request) -> web.Response:
        """Make the authority that takes over, for the names that this machine has now."""
        self._authority()
        assert self.certificates is not None, "there is an authority"
        await self.certificates.prepare_authority()
        return await self.state(request)

    @needs(Need.ADMIN)
    @in_json
    async def switch(self, request: web.Request) -> web.Response:
        """Have it take over now: devices that do not trust it yet will warn."""
        self._next()
        assert self.certificates is not None, "there is an authority"
        await self.certificates.switch_authority()
        return await self.state(request)

    @needs(Need.NOTHING)
    async def state(self, request: web.Request) -> web.Response:
        """Answer how it stands with https, for the address that was asked for."""
        report: dict[str, Any] = {
            "https": self.certificates is not None,
            "https_port": self.https_port,
            "host": _host(request),
            "pages": {
                name: self._shown_address(request, path)
                for name, path in SHOWN_PAGES.items()
            },
        }
        if self.certificates is not None:
            report |= _certificate(self.certificates, _host(request))
        return web.json_response(report, headers=NO_STORE)

    @needs(Need.NOTHING)
    async def ping(self, request: web.Request) -> web.Response:
        """
        Answer. Over https that alone says that the browser trusts the certificate.

        Pages of the same host may read it on whatever port they came from.
        """
        origin = request.headers.get(hdrs.ORIGIN, "")
        headers = NO_STORE | {hdrs.VARY: hdrs.ORIGIN}
        if _host(request) and _host_of(origin) == _host(request):
            headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        return web.json_response({"earshot": True}, headers=headers)

    @needs(Need.NOTHING)
    async def qr(self, request: web.Request) -> web.Response:
        """Answer with a QR code of one of our own pages."""
        path = SHOWN_PAGES.get(request.query.get("page", ""))
        if path is None:
            raise web.HTTPBadRequest(
                text=f"page is one of: {', '.join(SHOWN_PAGES)}\n", headers=NO_STORE
            )
        return web.Response(
            body=svg_of(self._shown_address(request, path)),
            content_type="image/svg+xml",
            headers=NO_STORE | {POLICY: "default-src 'none'"},
        )

    @needs(Need.NOTHING)
    async def checking_page(self, request: web.Request) -> web.Response:
        """Answer with a page that may also connect to the https port of its own host."""
        response = self.pages.page(request.path.removeprefix("/")).response(request)
        host = _host(request)
        # There is no way to write an IPv6 address in a policy.
        host = host if _IN_POLICY.fullmatch(host) else "*"
        response.headers[POLICY] = SECURITY_HEADERS[POLICY].replace(
            "connect-src 'self'", f"connect-src 'self' https://{host}:{self.https_port}"
        )
        return response

    def _authority(self) -> Authority:
        authority = self.certificates and self.certificates.authority
        return _there(authority or None, "there is no authority of our own here\n")

    def _next(self) -> Authority:
        authority = self.certificates and self.certificates.next_authority
        return _there(authority or None, "no authority is about to take over\n")

    def _is_covered(self, address: str) -> bool:
        return bool(self.certificates and self.certificates.current.covers(address))

    def _shown_address(self, request: web.Request, path: str) -> str:
        """
        Return where another device opens a page.

        The address at which this request came in is one that can be reached, unless it
        came from this machine or through a proxy on it; then one that the certificate
        is for, so that https works there too.
        """
        addresses = list(self.addresses())
        arrived_at = request.get_extra_info("sockname")
        host = arrived_at[0] if isinstance(arrived_at, tuple) else ""
        if host not in addresses:
            host = next(filter(self._is_covered, addresses), addresses[0])
        return f"http://{in_url(host)}:{self.http_port}/{path}"


def _there(authority: Authority | None, otherwise: str) -> Authority:
    if authority is None:
        raise web.HTTPNotFound(text=otherwise, headers=NO_STORE)
    return authority


def _file(body: bytes, content_type: str, name: str) -> web.Response:
    """Return something to keep and to install."""
    disposition = {hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}"'}
    headers = NO_STORE | disposition
    return web.Response(body=body, content_type=content_type, headers=headers)


def _certificate(certificates: Certificates, host: str) -> dict[str, Any]:
    state, current = certificates.state(), certificates.current
    authority, after = certificates.authority, certificates.next_authority
    return {
        "source": state.source,
        "fingerprint": fingerprint(current.certificate),
        "authority_fingerprint": authority and fingerprint(authority.certificate),
        "next_authority_fingerprint": after and fingerprint(after.certificate),
        "next_authority_from": authority and authority.replaced_at.isoformat(),
        "names": list(state.names),
        "valid_until": state.valid_until.isoformat(),
        "days_left": state.days_left,
        "covered": current.covers(host),
        "problem": state.problem,
    }


def _host(request: web.Request) -> str:
    """Return the host that a request names, without its port; empty for nonsense."""
    return _host_of(f"//{request.headers.get(hdrs.HOST, '')}")


def _host_of(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
