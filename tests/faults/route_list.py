"""Every route of the server, read from the routers that it really has."""

import asyncio
import contextlib
import io
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from aiohttp import web

import webrtc_server_relay as entry
from relay.options import gather
from relay.settings import Settings
from relay.web.http_server import HttpServer
from relay.web.trust import Need, need_of
from tests.e2e.relay_process import free_ports


@dataclass(frozen=True)
class Route:
    port: str
    """``signaling`` or ``audio``; what is at the first is at https as well."""
    method: str
    path: str
    """With its variable parts as ``{name}``."""
    need: Need | None

    def filled(self, parts: Mapping[str, str]) -> str:
        """Return a path that leads to the route."""
        return re.sub(r"\{(\w+)[^}]*\}", lambda part: parts[part[1]], self.path)


async def routes() -> list[Route]:
    """Open a whole server once, wired as ever, and close it again."""
    return await asyncio.to_thread(_read)


def _read() -> list[Route]:
    apps: dict[str, web.Application] = {}

    class ListedServer(HttpServer):
        def __init__(
            self, app: web.Application, port: int, option: str, **more: Any
        ) -> None:
            super().__init__(app, port, option, **more)
            apps[option.removesuffix("_port")] = app

    with (
        tempfile.TemporaryDirectory(prefix="earshot-routes-") as folder,
        patch.multiple(entry, HttpServer=ListedServer, stop_signal=_told_already),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        ports = (f"--{name}-port={port}" for name, port in free_ports().items())
        options = gather([*ports, f"--data-dir={folder}"], {})
        settings = Settings.from_options(options.values, demo=False, supervised=False)
        asyncio.run(entry.serve(settings, options.report()))
    return [
        Route(port, route.method, route.resource.canonical, need_of(route.handler))
        for port, app in apps.items()
        for route in app.router.routes()
        if route.resource is not None
    ]


def _told_already() -> asyncio.Event:
    """Stand for a signal to stop that came before the server was ready."""
    told = asyncio.Event()
    told.set()
    return told
