"""A small working fake of Home Assistant: a dashboard's page, the Supervisor, the way to its apps."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import aiohttp
from aiohttp import web
from playwright.async_api import Page

from relay.web.http_server import HttpServer
from tests.e2e.chromium import Chromium
from tests.e2e.relay_process import HOST, RelayProcess
from tests.e2e.reverse_proxy import ReverseProxy

FILES = Path(__file__).parent / "dashboard"
WWW = Path(__file__).parents[2] / "www"
SLUG = "5c53de3b_earshot"
APP = {"config": {"components": ["frontend", "hassio"]}}
"""What a card sees of a house under the Supervisor."""


class Supervised:
    """Home Assistant with the relay as its app, and what a test may change about it."""

    def __init__(self, relay: RelayProcess, session: aiohttp.ClientSession) -> None:
        self.url = ""
        self.knows_ingress_commands = True
        """As of 2026.11."""
        self.user_is_admin = True
        self.app_state = "started"
        self.sessions: list[str] = []
        """Those that are good, the newest last."""
        self.requests: list[str] = []
        """The paths that were asked for through ingress."""
        self._relay = relay
        self._proxy = ReverseProxy(session)
        self._token = f"token-{uuid4()}"

    @property
    def resource(self) -> str:
        """The card as the app's own port serves it."""
        return f"{self._relay.url}/earshot-card.js"

    @property
    def copied_resource(self) -> str:
        """The card as Home Assistant serves what was copied there."""
        return f"{self.url}/local/earshot/earshot-card.js"

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/", _index)
        app.router.add_post("/command", self._command)
        app.router.add_route(
            "*", "/api/hassio_ingress/{token}/{path:.*}", self._ingress
        )
        app.router.add_static("/local/earshot", WWW)
        app.router.add_static("/", FILES)
        return app

    async def hang_up(self) -> None:
        """End all sockets to the app, as a restart of Home Assistant does."""
        await self._proxy.hang_up()

    # --- what the frontend's socket does ------------------------------------------------

    async def _command(self, request: web.Request) -> web.Response:
        message = json.loads(await request.text())
        try:
            return web.json_response({"result": self._answer(message)})
        except LookupError as refusal:
            error = {"code": str(refusal.args[0]), "message": "refused"}
            return web.json_response({"error": error})

    def _answer(self, message: dict[str, Any]) -> Any:
        """Raises `LookupError` with the code of the refusal."""
        kind = message["type"]
        if kind.startswith("supervisor/ingress/"):
            if not self.knows_ingress_commands:
                raise LookupError("unknown_command")
            return self._serve(kind.removeprefix("supervisor"), message)
        assert kind == "supervisor/api", message
        endpoint = message["endpoint"].replace(f"/addons/{SLUG}", "/ingress")
        if endpoint == "/addons":
            if not self.user_is_admin:
                raise LookupError("unauthorized")
            return {"addons": [{"slug": "core_ssh"}, {"slug": SLUG}]}
        return self._serve(endpoint, message.get("data", {}))

    def _serve(self, endpoint: str, data: dict[str, Any]) -> Any:
        if endpoint == "/ingress/info":
            url = f"/api/hassio_ingress/{self._token}/"
            return {"slug": SLUG, "state": self.app_state, "ingress_url": url}
        if endpoint == "/ingress/session":
            self.sessions.append(uuid4().hex)
            return {"session": self.sessions[-1]}
        assert endpoint == "/ingress/validate_session", endpoint
        if data["session"] not in self.sessions:
            raise LookupError("unknown_error")
        return {}

    # --- the way to the app -------------------------------------------------------------

    async def _ingress(self, request: web.Request) -> web.StreamResponse:
        if request.cookies.get("ingress_session") not in self.sessions:
            raise web.HTTPUnauthorized
        if request.match_info["token"] != self._token or self.app_state != "started":
            raise web.HTTPServiceUnavailable
        path = "/" + request.match_info["path"]
        self.requests.append(path)
        return await self._proxy.pass_on(request, self._relay.url + path)


@asynccontextmanager
async def supervised(relay: RelayProcess) -> AsyncIterator[Supervised]:
    """Run Home Assistant with a relay as its app for the length of a ``with`` block."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        house = Supervised(relay, session)
        async with HttpServer(house.app(), 0, "dashboard", hosts=[HOST]) as server:
            house.url = f"http://{HOST}:{server.port}"
            yield house


async def card_on(
    browser: Chromium,
    house: Supervised,
    options: dict[str, Any] | None = None,
    *,
    type_: str = "earshot-card",
    state: dict[str, Any] | None = None,
    resource: str | None = None,
    url: str | None = None,
    microphone: bool = True,
    transport: str | None = None,
    script: str | None = None,
) -> Page:
    """Return a dashboard with one card, for whom ``state`` is what is special about the house."""
    url = url or house.url
    host = urlsplit(url).hostname or HOST
    card = {
        "resource": resource or house.resource.replace(HOST, host),
        "type": type_,
        "options": options or {},
        "house": APP | (state or {}),
    }
    # In the address, since for the browser a script of a test is a touch of the person's.
    query = {"card": json.dumps(card)} | ({"transport": transport} if transport else {})
    return await browser.open(
        f"{url}/?{urlencode(query)}", microphone=microphone, script=script
    )


async def _index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(FILES / "index.html")
