"""Under which addresses other devices reach this server, as far as a request tells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from relay.web.greeting import in_url
from relay.web.home_network import HomeNetwork, address_of
from relay.web.own_names import host_of
from relay.web.trust import Trust, visitor_of

FORWARDED_PROTO = "X-Forwarded-Proto"


@dataclass(frozen=True, slots=True)
class HomeAddress:
    """Makes addresses to be opened elsewhere."""

    page_port: int
    audio_port: int
    addresses: Callable[[], Sequence[str]]
    """Those of this machine, best first."""
    network: HomeNetwork = field(default_factory=HomeNetwork)

    def page(self, request: web.Request, path: str) -> str:
        """Return where another device opens a page: where the one who asks has, if it can."""
        if self._tells_no_address(request):
            return f"http://{self._host(request)}:{self.page_port}/{path}"
        scheme = "https" if self.is_https(request) else "http"
        return f"{scheme}://{request.headers.get(hdrs.HOST, '')}/{path}"

    def sound(self, request: web.Request, path: str) -> str:
        """Return where a player hears something: plain http, few know our certificate."""
        return f"http://{self._host(request)}:{self.audio_port}{path}"

    def is_https(self, request: web.Request) -> bool:
        """Whether the browser's line is encrypted, if only as far as a trusted proxy."""
        if self.network.is_proxy(address_of(request.remote)):
            return request.headers.get(FORWARDED_PROTO) == "https"
        return request.secure

    def _host(self, request: web.Request) -> str:
        host = host_of(request.headers.get(hdrs.HOST, ""))
        if self._tells_no_address(request) or not host:
            host = next(iter(self.addresses()), "localhost")
        return in_url(host)

    def _tells_no_address(self, request: web.Request) -> bool:
        """Whether the request came by a name that is good on this machine alone."""
        if visitor_of(request).trust is Trust.INGRESS:
            return True
        host = host_of(request.headers.get(hdrs.HOST, ""))
        address = address_of(host)
        return host == "localhost" or (address is not None and address.is_loopback)
