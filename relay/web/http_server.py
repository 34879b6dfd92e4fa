"""A listening HTTP server: an application behind one port."""

import asyncio
import errno
import logging
import socket
import ssl
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

from aiohttp import ClientConnectionResetError, web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from relay.errors import SettingsError
from relay.web.acceptor import Acceptor
from relay.web.descriptors import connections_per_port, descriptors

logger = logging.getLogger(__name__)

request_logger = logging.getLogger(f"{__name__}.requests")


def is_our_fault(record: logging.LogRecord) -> bool:
    """
    Whether a record is about more than bytes that are no HTTP, or a client that has left.

    The former are answered with 400, the latter asked and did not wait for the answer; a
    traceback for each would let anybody fill the log.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ClientConnectionResetError)


request_logger.addFilter(is_our_fault)

SECONDS = 1.0
MS_PER_S = 1000
HANDLER_TIMEOUT_S = 0.25 * SECONDS
"""What a request that still runs at shutdown is given to end by itself."""

HEAD_TIMEOUT_S = 8 * SECONDS
"""A connection has so long for a request's head, whether it dribbles or is silent."""

STALLED_WRITE_S = 60 * SECONDS
"""Who takes nothing of an answer for so long is cut off by the kernel, whatever is written:
it may be gone, or keep its window shut. Live sound and signaling look sooner."""

GOODBYE_S = 1 * SECONDS
"""What a client is given to end encryption in order."""

BACKLOG = 1024
"""Of connections the kernel keeps until they are taken; the next one would try again in a second."""

DROPPED_AT_ONCE_SHARE = 32
"""Such a part of all connections makes room at once: to choose takes longer the more there are."""

EVERYWHERE = ("0.0.0.0", "::")
MISSING = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class HttpServer:
    """
    Listens on a port of one or several addresses. An async context manager.

    Leaving it stops listening first, then shuts the application down.

    Only so many connections are open at a time. When there is one more, some of those
    go that no request is being answered on: the oldest of the address that has the most
    of them, so that whoever floods the server makes room for all others. Where all are
    busy, the new one goes.
    """

    def __init__(
        self,
        app: web.Application,
        port: int,
        option: str,
        *,
        hosts: Sequence[str] = EVERYWHERE,
        max_connections: int | None = None,
    ) -> None:
        """
        ``option`` is the one to change if the port is taken.

        By default there are as many connections as there are file descriptors for.
        """
        self._port = port
        self._option = option
        self._hosts = hosts
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=request_logger,
            handle_signals=False,
            shutdown_timeout=HANDLER_TIMEOUT_S,
            keepalive_timeout=HEAD_TIMEOUT_S,
        )
        app.middlewares.insert(0, self._answer)
        self._acceptors: list[Acceptor] = []
        self._arriving: dict[asyncio.Task[None], socket.socket] = {}
        self._answering: set[web.RequestHandler] = set()
        self.max_connections = max_connections or connections_per_port(descriptors())
        self._at_once = max(1, self.max_connections // DROPPED_AT_ONCE_SHARE)
        self.connections_dropped = 0
        """Closed for the sake of newer ones, no request being answered on them."""
        self.connections_refused = 0
        """Closed at once, since all others were busy."""

    @property
    def alive(self) -> bool:
        return bool(self._acceptors) and all(a.alive for a in self._acceptors)

    @property
    def port(self) -> int:
        return self._acceptors[0].port

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open()) + len(self._arriving)

    async def __aenter__(self) -> "HttpServer":
        await self._runner.setup()
        try:
            for host in self._hosts:
                await self._listen_if_there(host, self._port, self._option)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def listen_with_tls(
        self, port: int, option: str, tls: ssl.SSLContext
    ) -> None:
        """Listen with TLS on a further port of the same addresses. Raises `SettingsError`."""
        for host in self._hosts:
            await self._listen_if_there(host, port, option, tls)

    async def _listen_if_there(
        self, host: str, port: int, option: str, tls: ssl.SSLContext | None = None
    ) -> None:
        """Listen, unless this machine lacks the address (no IPv6, say) and has another."""
        try:
            listener = _bound(host, port)
        except OSError as error:
            if error.errno not in MISSING or not self._acceptors:
                text = _in_words(error, host, port, option)
                raise SettingsError(text) from None
            logger.debug("not listening on %s: %s", host, error)
        else:
            self._serve(listener, tls)

    async def listen(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None
    ) -> None:
        """
        Listen on one more address, encrypted or not.

        Raises `SettingsError` if that is not possible.
        """
        try:
            listener = _bound(host, port)
        except OSError as error:
            raise SettingsError(_in_words(error, host, port, None)) from None
        self._serve(listener, tls)

    def _serve(
        self, listener: socket.socket, tls: ssl.SSLContext | None = None
    ) -> None:
        self._acceptors.append(Acceptor(listener, partial(self._take, tls)))

    def _take(self, tls: ssl.SSLContext | None, connection: socket.socket) -> None:
        """Have a new connection served, if there is room for it."""
        if not self._make_room():
            self.connections_refused += 1
            connection.close()
            return
        connection.setsockopt(
            *(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
            int(STALLED_WRITE_S * MS_PER_S),
        )
        arriving = asyncio.create_task(
            self._welcome(connection, tls), name="http arrival"
        )
        self._arriving[arriving] = connection
        arriving.add_done_callback(self._arrived)

    async def _welcome(
        self, connection: socket.socket, tls: ssl.SSLContext | None
    ) -> None:
        assert self._runner.server is not None, "the runner is set up"
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._runner.server,
                connection,
                ssl=tls,
                ssl_handshake_timeout=HEAD_TIMEOUT_S if tls else None,
                ssl_shutdown_timeout=GOODBYE_S if tls else None,
            )
        except OSError as error:
            logger.debug("a connection was over before it began: %s", error)
            connection.close()

    def _arrived(self, arriving: asyncio.Task[None]) -> None:
        connection = self._arriving.pop(arriving)
        if arriving.cancelled():
            connection.close()  # it may not even have begun

    def _make_room(self) -> bool:
        """Close connections that wait for a request, if that is necessary."""
        if self.connections < self.max_connections:
            return True
        waiting = [c for c in self._open() if c not in self._answering]
        for connection in of_the_greediest(waiting)[: self._at_once]:
            self.connections_dropped += 1
            connection.force_close()
        if waiting:
            return True
        for arriving in self._arriving:  # slow handshakes, if any
            if not arriving.cancelling():
                self.connections_dropped += 1
                return arriving.cancel()
        return False

    def _open(self) -> list[web.RequestHandler]:
        """Return the connections that are open, the oldest first."""
        server = self._runner.server
        return [c for c in server.connections if c.connected] if server else []

    @web.middleware
    async def _answer(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Note which connections are busy."""
        self._answering.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self._answering.discard(request.protocol)

    async def _close(self) -> None:
        for acceptor in self._acceptors:
            acceptor.close()
        for arriving in self._arriving:
            arriving.cancel()
        await asyncio.gather(*self._arriving, return_exceptions=True)
        await self._runner.cleanup()


def of_the_greediest(
    waiting: Sequence[web.RequestHandler],
) -> list[web.RequestHandler]:
    """Return the connections of the address that has the most, in their order."""
    by_address = defaultdict(list)
    for connection in waiting:
        by_address[(connection.peername or "")[0:1]].append(connection)
    return max(by_address.values(), key=len, default=[])


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


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
