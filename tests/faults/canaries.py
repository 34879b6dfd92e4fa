"""S8: secrets that are easily found are sent through everything, and looked for everywhere."""

import asyncio
import base64
import json
import re
import secrets
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import expect

from bench.free_port import free_port
from tests.e2e.admin import first_code
from tests.e2e.api import Api, at_player_port, bearing, pair
from tests.e2e.people import PATIENCE_MS
from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import joined
from tests.faults.browser import browser
from tests.faults.lan import MODES
from tests.faults.row import Figure, Row

LEVELS = ("debug", "trace")
PATIENCE_S = 20.0
SOUND_BYTES = 2000
SHOWN_ON_PURPOSE = "/pair.html#code="
"""The terminal tells its owner the first code."""

EVERYWHERE = (
    *(
        "/",
        "/health",
        "/metrics",
        "/api/me",
        "/api/streams",
        "/api/sources",
        "/api/tls",
    ),
    *("/api/listeners", "/api/devices", "/api/audit?limit=500", "/stream/status"),
    *("/streams.json", "/diagnose.html", "/no-such-page"),
)


def canary(what: str) -> str:
    """Return a secret that is nobody else's, and that is found whatever is around it."""
    return f"canary{what}{secrets.token_hex(6)}"


@dataclass
class Nest:
    """Every secret so far, by what it is."""

    secrets: dict[str, str] = field(default_factory=dict)

    def lay(self, what: str, secret: str | None = None) -> str:
        """Remember a secret, by default one that is made up now; return it."""
        return self.secrets.setdefault(what, secret or canary(what.replace(" ", "")))

    def found_in(self, text: str) -> set[str]:
        """Return what of it is there; a code of digits is not part of another number."""
        return {
            what
            for what, secret in self.secrets.items()
            if (
                re.search(rf"(?<![\d.]){secret}(?!\d)", text)
                if secret.isdigit()
                else secret in text
            )
        }


async def tell_secrets() -> Row:
    """Do it in both modes, at each level of the log that is for those who look for faults."""
    figures: list[Figure] = []
    for mode, level in zip(MODES, LEVELS, strict=True):
        with tempfile.TemporaryDirectory(prefix="earshot-faults-") as folder:
            figures += await _figures(Path(folder), mode, level)
    return Row("S8", "secrets go through everything, and are looked for", (*figures,))


async def _figures(folder: Path, mode: str, level: str) -> list[Figure]:
    nest, icecast_port = Nest(), free_port()
    address = f"http://{nest.lay('user')}:{nest.lay('source password')}@127.0.0.1:9/x"
    options = folder / "options.json"
    options.write_text(
        json.dumps(
            {
                "sources": [
                    {
                        "name": "radio",
                        "address": f"{address}?key={nest.lay('source key')}",
                    }
                ],
                "source_changes": True,
                "icecast_port": icecast_port,
                "icecast_password": nest.lay("icecast password"),
                "access": mode,
                "log_level": level,
            }
        )
    )
    relay = await RelayProcess.start(folder, f"--options={options}")
    try:
        shown = await Visit(relay, nest, icecast_port).everything()
        await relay.stop()
    finally:
        await relay.kill()
    log = relay.log.read_text().splitlines()
    shown["log"] = "\n".join(line for line in log if SHOWN_ON_PURPOSE not in line)
    for kept in _kept(relay):
        shown[f"file {kept.name}"] = kept.read_text(errors="replace")
    hits = {
        f"{what} in {where}" for where in shown for what in nest.found_in(shown[where])
    }
    for hit in sorted(hits):
        print(f"S8, {mode}: {hit}")
    return [
        Figure(f"hits in {mode} at {level}", len(hits), limit=0, stretch=0),
        Figure(f"secrets in {mode}", len(nest.secrets)),
        Figure(f"places in {mode}", len(shown)),
    ]


def _kept(relay: RelayProcess) -> list[Path]:
    """Return what is kept of those who came; keys for signing lie in their own files."""
    data = relay.log.parent / "data"
    return [f for f in data.glob("*.json*") if f.name != "address_keys.json"]


class Visit:
    """Everybody who has a secret, and shows it."""

    def __init__(self, relay: RelayProcess, nest: Nest, icecast_port: int) -> None:
        self._relay = relay
        self._nest = nest
        self._icecast = f"http://{relay.place.host}:{icecast_port}"
        self._audio = f"http://{relay.place.host}:{relay.ports['audio']}"
        self._shown: dict[str, str] = {}
        """What was to be seen, by where."""

    async def everything(self) -> dict[str, str]:
        """Use every secret well and badly; return all that can be seen afterwards."""
        nest, relay = self._nest, self._relay
        first = nest.lay("first code", first_code(relay))
        _, admin_token = await pair(relay, first, "Admin")
        async with AsyncExitStack() as stack:
            owner = await stack.enter_async_context(
                bearing(nest.lay("admin token", admin_token))
            )
            admin = Api(relay, owner)
            code = (await admin.ask("POST", "/api/pairing", {}))["code"]
            _, token = await pair(relay, nest.lay("used code", code), "Tablet")
            tablet = await stack.enter_async_context(
                bearing(nest.lay("device token", token))
            )
            stranger = await stack.enter_async_context(aiohttp.ClientSession())
            watcher = await stack.enter_async_context(
                joined(tablet, relay.websocket_url)
            )
            await watcher.say("get_available_streams", details=True)
            await self._speak(owner)
            await self._play(admin, stranger)
            await self._feed(admin)
            code = (await admin.ask("POST", "/api/pairing", {}))["code"]
            nest.lay("open code", code)
            await self._show_what_is_wrong(stranger, tablet)
            for who, session in (
                ("admin", owner),
                ("tablet", tablet),
                ("stranger", stranger),
            ):
                await self._look(who, session)
            self._shown["messages to others"] = await watcher.everything_heard()
            await self._diagnose(admin)
        return self._shown

    # --- secrets that are good ----------------------------------------------------------

    async def _speak(self, session: aiohttp.ClientSession) -> None:
        """Send and receive, lose the socket, and go on by the token for that."""
        nest, url = self._nest, self._relay.websocket_url
        async with joined(session, url) as sender, joined(session, url) as receiver:
            await sender.send("Nursery")
            await receiver.receive(name="nursery")
            for name, client in (("sender", sender), ("receiver", receiver)):
                assert client.peer is not None
                own, server = client.peer.passwords
                nest.lay(f"ICE password of the {name}", own)
                nest.lay(f"ICE password for the {name}", server)
            await receiver.sound(0.2)
        async with joined(session, url) as probe:
            await probe.say("start_sending", name="Probe")
            ready = await probe.hear("sender_ready")
            token = nest.lay("resume token", ready["resume_token"])
            probe.drop_socket()
        async with joined(session, url) as again:
            await again.say("resume", token=token)
            await again.hear("resumed", "error")

    async def _play(self, admin: Api, stranger: aiohttp.ClientSession) -> None:
        """Hear by a key and by an address that is good for a while, also badly spelled ones."""
        player = await admin.ask("POST", "/api/devices", {"name": "Speaker"})
        link = await admin.ask("POST", "/api/links", {"stream": "latest"})
        self._nest.lay("player key", player["key"])
        self._nest.lay("signed address", link["url"].split("/")[4])
        for told in (player, link):
            url = at_player_port(self._relay, told)
            spellings = (url, url.replace(".mp3", ".exe"), f"{url}/..", f"{url}?x=%ff")
            for spelled in (*spellings, url.replace("/stream", "/%73tream")):
                page = {"Accept": "text/html", "Referer": url}
                for headers in ({}, page):
                    await _status(stranger, "GET", spelled, headers=headers)

    async def _feed(self, admin: Api) -> None:
        """Be a source client, and add a source whose address has a password."""
        nest = self._nest
        address = f"http://me:{nest.lay('password of an added source')}@127.0.0.1:9/y"
        bad = f"gopher://me:{nest.lay('password in a bad address')}@127.0.0.1:9/y"
        for name, wanted in (("added", address), ("bad", bad), ("added", address)):
            fields = {"name": name, "address": wanted}
            await _status(
                admin.session, "POST", f"{self._relay.url}/api/sources", json=fields
            )
        right, wrong = (
            nest.secrets["icecast password"],
            nest.lay("wrong icecast password"),
        )
        async with aiohttp.ClientSession() as client:
            for password in (right, wrong):
                basic = base64.b64encode(f"source:{password}".encode()).decode()
                headers = {
                    "Authorization": f"Basic {basic}",
                    "Content-Type": "audio/mpeg",
                }
                await _status(
                    client,
                    "PUT",
                    f"{self._icecast}/x.mp3",
                    headers=headers,
                    data=b"x" * 999,
                )
                query = f"mode=updinfo&mount=/x.mp3&song=x&pass={password}"
                await _status(client, "GET", f"{self._icecast}/admin/metadata?{query}")
                nest.lay(f"{password[:12]} in base64", basic)

    # --- secrets that are not -----------------------------------------------------------

    async def _show_what_is_wrong(
        self, stranger: aiohttp.ClientSession, member: aiohttp.ClientSession
    ) -> None:
        """Show secrets that are no good, in every place where one may be."""
        wrong, relay = self._nest.lay("wrong token"), self._relay
        fronts = (relay.url, relay.https_url, self._audio)
        paths = (
            *(f"/p/{wrong}/stream/latest.mp3", f"/p/{wrong}/ws", f"/p/{wrong}"),
            *(
                f"/?{wrong}",
                f"/api/streams?token={wrong}",
                f"/stream/{wrong}%00?burst={wrong}",
            ),
            *(f"/stream/latest.mp3?burst={wrong}", f"/api/audit?limit={wrong}"),
        )
        shown: tuple[dict[str, str], ...] = (
            {},
            {"Authorization": f"Bearer {wrong}"},
            {"Authorization": f"Basic {wrong}"},
            {"Cookie": f"earshot_device={wrong}; __Host-earshot_device={wrong}"},
            {"Referer": f"http://evil.example/p/{wrong}?x={wrong}"},
        )
        await asyncio.gather(
            *(
                _status(stranger, "GET", front + path, headers=headers)
                for front in fronts
                for path in paths
                for headers in shown
            ),
            *(
                _status(stranger, "POST", f"{relay.url}/api/pair", json=body)
                for body in ({"code": wrong, "name": "x"}, {"code": [wrong]}, [wrong])
            ),
            *(self._mumble(port, wrong) for port in relay.ports.values()),
        )
        async with joined(member, relay.websocket_url) as client:
            for text in (
                f'{{"type":"resume","token":"{wrong}"}}',
                f'{{"type":"start_sending","token":"{wrong}"',
                f'{{"type":"webrtc_offer","offer":{{"type":"offer","sdp":"{wrong}"}}}}',
            ):
                await client.say_text(text)
                await client.hear("error")

    async def _mumble(self, port: int, wrong: str) -> None:
        """Say a secret in what is no HTTP."""
        try:
            reader, writer = await asyncio.open_connection(self._relay.place.host, port)
        except OSError:
            return  # it is no port of TCP
        writer.write(f"GET /p/{wrong} HTTP/9\r\nCookie {wrong}\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_S):
            await reader.read()
        writer.close()

    # --- where to look ------------------------------------------------------------------

    async def _look(self, who: str, session: aiohttp.ClientSession) -> None:
        for front in (self._relay.url, self._relay.https_url, self._audio):
            for path in EVERYWHERE:
                async with session.get(front + path, ssl=False) as answer:
                    text = await answer.text()
                self._shown[f"{front}{path} for {who}"] = text + str(answer.headers)

    async def _diagnose(self, admin: Api) -> None:
        """Have the page whose report people send to others look at everything."""
        secret = self._nest.lay("secret of a page")
        code = (await admin.ask("POST", "/api/pairing", {}))["code"]
        self._nest.lay("code in a link", code)
        url = self._relay.url
        async with browser() as chromium:
            page = await chromium.open(f"{url}/pair.html#code={code}")
            await page.click("#pair")
            await page.wait_for_url(f"{url}/", timeout=PATIENCE_MS)
            await page.goto(
                f"{url}/diagnose.html?stream=x&token={secret}#code={secret}"
            )
            await expect(page.locator("#again")).to_be_enabled(timeout=2 * PATIENCE_MS)
            self._shown["diagnosis"] = (
                await page.locator("#report").text_content() or ""
            )
            assert self._shown["diagnosis"]


async def _status(
    session: aiohttp.ClientSession, method: str, url: str, **options: Any
) -> int:
    """Ask, and read a little of the answer; 0: there was none."""
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            session.request(method, url, ssl=False, **options) as answer,
        ):
            await answer.content.read(SOUND_BYTES)
            return answer.status
    except (aiohttp.ClientError, OSError):
        return 0
