"""S9: certificates change in the middle of streams over https."""

import asyncio
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from cryptography import x509

from bench.place import Place
from relay.private_file import write_whole
from relay.tls.authority import FILE_NAME as AUTHORITY_FILE
from relay.tls.authority import Authority
from relay.tls.certificates import FOLDER, utc_now
from relay.tls.leaf import issue
from relay.tls.names import Names
from relay.tls.own_certificate import FILE_NAME as OWN_FILE
from relay.tls.server_certificate import fingerprint
from tests.e2e.api import admin_token
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import WireClient, joined
from tests.faults.gaps import Gaps
from tests.faults.lan import Lan, give_address, lan
from tests.faults.row import Figure, Row

NEW_ADDRESS = "10.231.0.77"
AGE_DAYS = 60
"""A certificate so old is good for 29 days more."""
RENEWED_DAYS = 30
GIVEN_UP_AFTER_S = 30.0
PRIVATE, OPEN = 0o600, 0o644
SOUND_BYTES = 2000
SETTLE_S = 1.0

Change = Callable[["Transit"], Awaitable[float]]
"""Changes something; returns how long it takes until handshakes show it, in seconds."""


async def change() -> Row:
    """Do all changes, one after the other, on a server whose streams go on meanwhile."""
    with tempfile.TemporaryDirectory(prefix="earshot-tls-") as folder:
        files = Path(folder)
        calendar = files / "days"
        calendar.write_text(str(-AGE_DAYS))
        clock = (sys.executable, "-m", "tests.faults.calendar_of_file", str(calendar))
        options = (
            f"--certfile={files / 'cert.pem'}",
            f"--keyfile={files / 'cert.pem'}",
        )
        async with lan("--access=paired", *options, under=clock) as home:
            figures = await Transit(home, files).change_all()
        figures += await open_key_files(files)
    return Row("S9", "certificates change in the middle of streams over https", figures)


async def open_key_files(folder: Path) -> tuple[Figure, ...]:
    """Start a server twice; meanwhile everybody may read its keys."""
    relay = await RelayProcess.start(folder)
    keys = [folder / "data" / FOLDER / name for name in (AUTHORITY_FILE, OWN_FILE)]
    try:
        before = fingerprint(Authority.load(keys[0]).certificate)
        await relay.stop()
        for key in keys:
            key.chmod(OPEN)
        relay = await RelayProcess.start(folder)
        await relay.stop()
    finally:
        await relay.kill()
    left_open = sum(key.stat().st_mode & 0o777 != PRIVATE for key in keys)
    changed = fingerprint(Authority.load(keys[0]).certificate) != before
    return (
        Figure("keys that others may read after a start", left_open, limit=0),
        Figure("devices must trust it anew", changed, limit=0),
    )


class Transit:
    """A server, those who hear it over https, and whom they trust."""

    def __init__(self, home: Lan, files: Path) -> None:
        self.home = home
        self.files = files
        self._stranger = Authority.make(
            Names.of([home.link.near.address], "stranger"), "stranger", utc_now()
        )

    @property
    def own(self) -> Path:
        """Where the server keeps its keys."""
        return self.home.relay.log.parent / "data" / FOLDER

    def trust(self) -> ssl.SSLContext:
        """Return the context of a device that trusts the house's authority, and the stranger's."""
        authority = Authority.load(self.own / AUTHORITY_FILE)
        context = ssl.create_default_context(cadata=authority.pem.decode())
        context.load_verify_locations(cadata=self._stranger.pem.decode())
        return context

    async def shown(self, address: str | None = None) -> x509.Certificate | None:
        """Return what a handshake shows now; None if a device would not trust it."""
        host = address or self.home.link.near.address
        sock = self.home.guest.tcp()
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(sock, (host, self.home.relay.ports["https"]))
            _, writer = await asyncio.open_connection(
                sock=sock, ssl=self.trust(), server_hostname=host
            )
        except (ssl.SSLError, OSError):
            sock.close()
            return None
        der: bytes = writer.get_extra_info("ssl_object").getpeercert(True)
        writer.transport.abort()
        return x509.load_der_x509_certificate(der)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> float:
        """Wait until something is so; return how long that took, in seconds."""
        began = time.monotonic()
        while not await condition():
            if time.monotonic() - began > GIVEN_UP_AFTER_S:
                return GIVEN_UP_AFTER_S
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    async def change_all(self) -> tuple[Figure, ...]:
        token = await admin_token(self.home.relay)
        guest = self.home.guest
        headers = {"Authorization": f"Bearer {token}"}
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(
                guest.session(tls=self.trust(), headers=headers)
            )
            line = Line(self.home, session, guest)
            await stack.enter_async_context(line)
            took = {what: await do(self) for what, do in CHANGES.items()}
            dropped, lost = await line.losses()
        return (
            Figure("dropped streams", dropped, limit=0, stretch=0),
            Figure("lost packets", lost, limit=0, stretch=0),
            *(
                Figure(f"shown after {what}", seconds, "s", GIVEN_UP_AFTER_S - 1)
                for what, seconds in took.items()
            ),
        )

    # --- what changes -------------------------------------------------------------------

    async def new_address(self) -> float:
        """Have the router give the machine another address as well."""
        assert await self.shown(NEW_ADDRESS) is None
        give_address(self.home.link.near, f"{NEW_ADDRESS}/24")

        async def is_named() -> bool:
            return await self.shown(NEW_ADDRESS) is not None

        return await self.until(is_named)

    async def near_its_end(self) -> float:
        """Let so much time pass that 29 days are left."""
        before = await self.shown()
        assert before is not None, "the device trusts the server"
        (self.files / "days").write_text("0")

        async def is_renewed() -> bool:
            now = await self.shown()
            if now is None or now == before:
                return False
            return (now.not_valid_after_utc - utc_now()).days > RENEWED_DAYS

        return await self.until(is_renewed)

    async def foreign(self) -> float:
        """Put somebody else's certificate where the option says, or a newer one."""
        names = [self.home.link.near.address]
        written = issue(self._stranger, names, utc_now())
        wanted = x509.load_pem_x509_certificate(written)
        write_whole(self.files / "cert.pem", written)

        async def is_shown() -> bool:
            return await self.shown() == wanted

        return await self.until(is_shown)


class Line:
    """One speaks and one hears, by sockets over https; a player hears over https as well."""

    def __init__(self, home: Lan, session: aiohttp.ClientSession, place: Place) -> None:
        self._session = session
        self._url = home.url("https")
        self._place = place
        self._gaps = Gaps()
        self._stack = AsyncExitStack()
        self._clients: list[WireClient] = []
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Line":
        for _ in range(2):
            url = self._url.replace("http", "ws", 1) + "/ws"
            client = await self._stack.enter_async_context(joined(self._session, url))
            client.place = self._place
            self._clients.append(client)
        sender, receiver = self._clients
        await sender.send("Nursery")
        await receiver.receive(name="nursery")
        assert receiver.peer is not None
        receiver.peer.on_packet = self._gaps.take
        sound = await self._stack.enter_async_context(
            self._session.get(f"{self._url}/stream/nursery.mp3")
        )
        await sound.content.readexactly(SOUND_BYTES)
        self._listening = asyncio.create_task(_listen(sound))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await self._stack.aclose()

    async def losses(self) -> tuple[int, int]:
        """Return how many of the three are over, and the packets that were lost."""
        await asyncio.sleep(SETTLE_S)
        assert self._listening is not None
        over = [c.is_closed for c in self._clients] + [self._listening.done()]
        assert self._gaps.due
        return sum(over), self._gaps.missing


async def _listen(sound: aiohttp.ClientResponse) -> None:
    """Read to the end."""
    try:
        while await sound.content.read(SOUND_BYTES):
            pass
    except aiohttp.ClientError:
        pass


CHANGES: dict[str, Change] = {
    "a new address": Transit.new_address,
    "29 days are left": Transit.near_its_end,
    "a certificate of others": Transit.foreign,
    "its renewal": Transit.foreign,
}
"""In this order. The overlap of two authorities, once there can be two, belongs here too."""
