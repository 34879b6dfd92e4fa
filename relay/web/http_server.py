"""A listening HTTP server: an application behind one port."""

import asyncio
import errno
import logging
import socket
from collections.abc import Sequence

from aiohttp import web
from aiohttp.http import HttpProcessingError

from relay.errors import SettingsError

logger = logging.getLogger(__name__)

request_logger = logging.getLogger(f"{__name__}.requests")


def is_our_fault(record: logging.LogRecord) -> bool:
    """
    Whether a record is about more than bytes that are no HTTP.

    Those are answered with 400; a traceback for each would let anybody fill the log.
    """
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


request_logger.addFilter(is_our_fault)

SECONDS = 1.0
HANDLER_TIMEOUT_S = 0.25 * SECONDS
"""What a request that still runs at shutdown is given to end by itself."""

EVERYWHERE = ("0.0.0.0", "::")
MISSING = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class HttpServer:
    """
    Listens on a port of one or several addresses. An async context manager.

    Leaving it stops listening first, then shuts the application down.
    """

    def __init__(
        self,
        app: web.Application,
        port: int,
        option: str,
        *,
        hosts: Sequence[str] = EVERYWHERE,
    ) -> None:
        """``option`` is the one to change if the port is taken."""
        self._port = port
        self._option = option
        self._hosts = hosts
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=request_logger,
            handle_signals=False,
            shutdown_timeout=HANDLER_TIMEOUT_S,
        )
        self._servers: list[asyncio.Server] = []

    @property
    def alive(self) -> bool:
        return bool(self._servers) and all(s.is_serving() for s in self._servers)

    @property
    def port(self) -> int:
        port: int = self._servers[0].sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> "HttpServer":
        await self._runner.setup()
        try:
            for host in self._hosts:
                await self._listen_if_there(host)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _listen_if_there(self, host: str) -> None:
        """Listen, unless this machine lacks the address (no IPv6, say) and has another."""
        try:
            listener = _bound(host, self._port)
        except OSError as error:
            if error.errno not in MISSING or not self._servers:
                text = _in_words(error, host, self._port, self._option)
                raise SettingsError(text) from None
            logger.debug("not listening on %s: %s", host, error)
        else:
            await self._serve(listener)

    async def listen(self, host: str, port: int) -> None:
        """Listen on one more address. Raises `SettingsError` if that is not possible."""
        try:
            listener = _bound(host, port)
        except OSError as error:
            raise SettingsError(_in_words(error, host, port, None)) from None
        await self._serve(listener)

    async def _serve(self, listener: socket.socket) -> None:
        assert self._runner.server is not None, "the runner is set up"
        loop = asyncio.get_running_loop()
        self._servers.append(
            await loop.create_server(self._runner.server, sock=listener)
        )

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        await self._runner.cleanup()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128)


def _in_words(error: OSError, host: str, port: int, option: str | None) -> str:
    if error.errno == errno.EADDRINUSE:
        problem = f"TCP port {port} of {host} is taken by another program"
        advice = "stop that one"
    elif error.errno == errno.EACCES:
        problem = f"TCP port {port} needs more rights than this user has"
        advice = "start with those rights"
    else:
        return f"cannot listen on {host}, TCP port {port}: {error.strerror}"
    if option is not None:
        flag = "--" + option.replace("_", "-")
        advice += f", or choose another port with the option {option} ({flag})"
    return f"{problem}; {advice}"
