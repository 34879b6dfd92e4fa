"""Home Assistant's ingress, as far as an app sees it: a prefix, a cookie, headers, no UDP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import hdrs, web

from tests.e2e.relay_process import HOST, RelayProcess, free_port
from tests.e2e.reverse_proxy import ReverseProxy

TOKEN = "Jq3mD0kPz-earshot-test"
PREFIX = f"/api/hassio_ingress/{TOKEN}"
COOKIE = "ingress_session"
SESSION = "f00dcafe"

USER = {
    "X-Remote-User-Id": "9c1d",
    "X-Remote-User-Name": "anna",
    "X-Remote-User-Display-Name": "Anna",
}


class Ingress:
    """Passes on what comes under the prefix from somebody who is logged in, and notes the rest."""

    def __init__(self, app_port: int) -> None:
        self._app = f"http://{HOST}:{app_port}"
        self.strays: list[str] = []
        """Requests outside the prefix."""
        self.base = ""
        """Where the app is for browsers, without a slash at the end."""
        self.proxy: ReverseProxy | None = None

    def page(self, path: str) -> str:
        """Return the address of Home Assistant's panel that leads to a page of the app."""
        return f"{self.base.removesuffix(PREFIX)}/panel?to={path}"

    async def panel(self, request: web.Request) -> web.Response:
        """Log in, as the frontend does before it shows the app."""
        page = f"{PREFIX}/{request.query_string.removeprefix('to=')}"
        answer = web.Response(status=302, headers={hdrs.LOCATION: page})
        answer.set_cookie(COOKIE, SESSION, path="/api/hassio_ingress/", httponly=True)
        return answer

    async def stray(self, request: web.Request) -> web.Response:
        self.strays.append(request.path_qs)
        raise web.HTTPNotFound

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.cookies.get(COOKIE) != SESSION:
            raise web.HTTPUnauthorized
        url = self._app + request.raw_path.removeprefix(PREFIX)
        headers = {
            **USER,
            "X-Ingress-Path": PREFIX,
            "X-Forwarded-For": request.remote or "",
            "X-Forwarded-Host": request.host,
            "X-Forwarded-Proto": "http",
        }
        assert self.proxy is not None, "ingress is open"
        return await self.proxy.pass_on(request, url, headers)


@asynccontextmanager
async def ingress(app_port: int) -> AsyncIterator[Ingress]:
    """Open it in front of an app's ingress port for the length of a ``with`` block."""
    door = Ingress(app_port)
    app = web.Application()
    app.router.add_get("/panel", door.panel)
    app.router.add_route("*", PREFIX + "/{path:.*}", door.handle)
    app.router.add_route("*", "/{path:.*}", door.stray)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    door.base = f"http://{HOST}:{runner.addresses[0][1]}{PREFIX}"
    try:
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            door.proxy = ReverseProxy(session)
            yield door
            await runner.cleanup()
    finally:
        await runner.cleanup()


@asynccontextmanager
async def supervised_relay(folder: Path) -> AsyncIterator[tuple[RelayProcess, Ingress]]:
    """Run a server as an app of Home Assistant, with ingress in front of it."""
    port = free_port()
    entry = ("-m", "tests.e2e.supervised_relay", str(port))
    relay = await RelayProcess.start(folder, entry=entry)
    try:
        async with ingress(port) as door:
            yield relay, door
        await relay.stop()
    finally:
        await relay.kill()
