"""The port for Icecast source clients: ffmpeg, butt, ezstream, liquidsoap and their like."""

import asyncio
import errno
import hmac
import logging
import socket
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from relay.errors import BadName, NameTaken, RelayError, SettingsError
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.sources import icecast_answer
from relay.sources.failure import SourceFailed
from relay.sources.icecast_answer import METADATA_TAKEN, Refusal, answer
from relay.sources.icecast_body import body
from relay.sources.icecast_request import (
    MAX_HEAD_BYTES,
    METADATA,
    IcecastRequest,
    parse,
)
from relay.sources.mount import FORMATS, Mount, device_of, name_of
from relay.sources.report import SourceReport

logger = logging.getLogger(__name__)

SECONDS = 1.0
HEAD_TIMEOUT_S = 10 * SECONDS
SEND_TIMEOUT_S = 5 * SECONDS
LINGER_S = 2 * SECONDS
GUESS_DELAY_S = 1 * SECONDS
"""What a wrong password costs whoever tries many."""

MAX_CONNECTIONS = 32
MAX_REQUESTS = 4
"""On one connection: clients first ask without their password, then again with it."""
MAX_REMEMBERED = 16
"""Sources that failed and are gone, so that their owner finds out why."""

EVERYWHERE = ("0.0.0.0", "::")
MISSING = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class IcecastServer:
    """Listens while its ``async with`` block runs; leaving it ends what its clients play."""

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        port: int,
        password: str,
        *,
        hosts: Sequence[str] = EVERYWHERE,
        guess_delay_s: float = GUESS_DELAY_S,
        head_timeout_s: float = HEAD_TIMEOUT_S,
    ) -> None:
        self._relay = relay
        self._port = port
        self._password = password.encode()
        self._hosts = hosts
        self._guess_delay_s = guess_delay_s
        self._head_timeout_s = head_timeout_s
        self._servers: list[asyncio.Server] = []
        self._clients: set[asyncio.Task[None]] = set()
        self._mounts: dict[str, Mount] = {}
        self._failed: deque[SourceReport] = deque(maxlen=MAX_REMEMBERED)
        self._dropped_before = 0
        """By clients that have left."""

    @property
    def alive(self) -> bool:
        return bool(self._servers) and all(s.is_serving() for s in self._servers)

    @property
    def port(self) -> int:
        port: int = self._servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def clients(self) -> int:
        """Connections of all kinds."""
        return len(self._clients)

    @property
    def packets_dropped(self) -> int:
        present = sum(mount.report.dropped for mount in self._mounts.values())
        return self._dropped_before + present

    @property
    def reports(self) -> list[SourceReport]:
        """Of those who are here, and of those who failed lately and are not back."""
        present = [mount.report for mount in self._mounts.values()]
        return present + [r for r in self._failed if r.slug not in self._mounts]

    async def __aenter__(self) -> "IcecastServer":
        try:
            for host in self._hosts:
                await self._listen(host)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening and let all clients go. Idempotent."""
        for server in self._servers:
            server.close()
        for client in self._clients:
            client.cancel()
        if self._clients:
            await asyncio.wait(self._clients)

    async def _listen(self, host: str) -> None:
        """Listen, unless this machine lacks the address (no IPv6, say) and has another."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, self._port), family=family)
        except OSError as error:
            if error.errno in MISSING and self._servers:
                return
            raise SettingsError(
                f"icecast_port: cannot listen on {host}, TCP port {self._port}:"
                f" {error.strerror}; choose another port"
            ) from None
        self._servers.append(
            await asyncio.start_server(
                self._connected, sock=listener, limit=MAX_HEAD_BYTES
            )
        )

    # --- one connection -----------------------------------------------------------------

    async def _connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served by a task"
        self._clients.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # it left, or said nothing for too long
        except asyncio.CancelledError:
            pass  # the end of the server; the task is asyncio's, and ends with it
        except Exception:  # the outer edge of a task: the other clients go on
            logger.exception("serving a source client failed")
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if len(self._clients) > MAX_CONNECTIONS:
            await _send(writer, answer(503, "too many source clients\n"))
            return
        for _ in range(MAX_REQUESTS):
            try:
                async with asyncio.timeout(self._head_timeout_s):
                    request = parse(await _head(reader))
                await self._check_password(request)
                if request.method != "GET":
                    await self._play(request, reader, writer)
                    return
                self._update_metadata(request)
            except Refusal as refusal:
                await _send(writer, _refused(refusal))
                if refusal.status != 401:
                    await _hang_up(reader, writer)
                    return
            else:
                text = answer(
                    200, METADATA_TAKEN, content_type="text/xml", keep_alive=True
                )
                await _send(writer, text)

    async def _check_password(self, request: IcecastRequest) -> None:
        if request.password is None:
            raise icecast_answer.unauthorized("a password is needed")
        if not hmac.compare_digest(request.password, self._password):
            await asyncio.sleep(self._guess_delay_s)
            raise icecast_answer.unauthorized("the password is wrong")

    def _update_metadata(self, request: IcecastRequest) -> None:
        if request.path != METADATA or request.query.get("mode") != "updinfo":
            raise Refusal(404, "there is nothing at this path for source clients")
        mount = self._mounts.get(_name(request.query.get("mount", "")).slug)
        if mount is None:
            raise Refusal(400, "Source does not exist")
        mount.rename(_song(request.query.get("song", "")))

    # --- one source ---------------------------------------------------------------------

    async def _play(
        self,
        request: IcecastRequest,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        mount = self._mount(request, writer)
        slug = mount.name.slug
        self._mounts[slug] = mount
        self._forget(slug)
        logger.info("source client %s plays %s", mount.report.address, slug)
        reason = "source_left"
        try:
            await _send(
                writer,
                icecast_answer.CONTINUE
                if request.expects_continue
                else icecast_answer.WELCOME,
            )
            await mount.play(body(reader, request))
            logger.info("source client of %s has left", slug)
            if request.expects_continue:
                await _send(writer, answer(200, "thank you\n"))
        except (SourceFailed, RelayError, Refusal) as error:
            mount.error = str(error)
            logger.warning("source client of %s: %s", slug, error)
            self._failed.append(mount.report)
            await _say_goodbye(reader, writer, request, str(error))
        except asyncio.CancelledError:
            reason = "shutdown"
            raise
        finally:
            self._dropped_before += self._mounts.pop(slug).report.dropped
            if reason == "shutdown":
                mount.end(reason)
            else:
                mount.leave(reason)

    def _mount(self, request: IcecastRequest, writer: asyncio.StreamWriter) -> Mount:
        """Return the mount that a client may have. Raises `Refusal`."""
        if not request.content_type:
            raise Refusal(403, "No Content-type given")
        formats = FORMATS.get(request.content_type)
        if formats is None:
            known = ", ".join(FORMATS)
            raise Refusal(415, f"Content-type not supported; these are: {known}")
        name = _name(request.path)
        address = str(writer.get_extra_info("peername")[0])
        if name.slug in self._mounts:
            raise Refusal(403, "Mountpoint in use")
        try:
            self._relay.check_name(name, device_of(name))
        except NameTaken:
            raise Refusal(403, "Mountpoint in use") from None
        return Mount(self._relay, name, formats, address)

    def _forget(self, slug: str) -> None:
        """Whoever is back has not failed."""
        kept = [report for report in self._failed if report.slug != slug]
        self._failed = deque(kept, MAX_REMEMBERED)


def _name(path: str) -> StreamName:
    try:
        return name_of(path)
    except BadName as error:
        raise Refusal(
            400, f"the mount point is the stream's name, and {error}"
        ) from None


def _song(text: str) -> str:
    """Return a title that was read as Latin-1 in the encoding in which it was sent."""
    with suppress(UnicodeDecodeError):
        return text.encode("latin-1").decode()
    return text


async def _head(reader: asyncio.StreamReader) -> bytes:
    """Return what stands before the first empty line; some clients end lines by LF alone."""
    head = b""
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # a line that is longer than a whole head may be
            line = b" " * MAX_HEAD_BYTES
        if not line:
            raise asyncio.IncompleteReadError(head, None)
        if line in (b"\r\n", b"\n"):
            return head
        head += line
        if len(head) > MAX_HEAD_BYTES:
            return head


def _refused(refusal: Refusal) -> bytes:
    return answer(
        refusal.status,
        f"{refusal}\n",
        *refusal.headers,
        keep_alive=refusal.status == 401,
    )


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        writer.write(data)
        await writer.drain()


async def _say_goodbye(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: IcecastRequest,
    text: str,
) -> None:
    """Tell a client that was welcome at first why it has to go."""
    with suppress(OSError, TimeoutError):
        await _send(
            writer,
            answer(415, f"{text}\n")
            if request.expects_continue
            else f"{text}\n".encode(),
        )
        await _hang_up(reader, writer)


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """
    Say that nothing follows and read on for a moment.

    Closing a connection on which bytes wait would take the answer away from the client
    (RFC 9112, section 9.6).
    """
    with suppress(OSError, TimeoutError):
        writer.write_eof()
        async with asyncio.timeout(LINGER_S):
            while await reader.read(MAX_HEAD_BYTES):
                pass
