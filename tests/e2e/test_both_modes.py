"""The main job where everybody at home may come in, and where everybody needs a pairing."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from cryptography import x509
from numpy.typing import NDArray
from playwright.async_api import Page, expect

from tests.e2e.admin import (
    become_admin,
    change,
    first_code,
    player_address,
    revoke,
    show_code,
    type_code,
)
from tests.e2e.api import Api, at_player_port, bearing, pair
from tests.e2e.chromium import Chromium, hears_the_melody
from tests.e2e.people import PATIENCE_MS, ear, go_on_air, says
from tests.e2e.players import PLAYERS, open_folder, record, sound_of
from tests.e2e.relay_process import HOST, RelayProcess
from tests.e2e.test_pages import NOT_SILENT
from tests.e2e.tones import SAMPLE_RATE, TONES_HZ
from tests.e2e.wire_client import joined

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

MODES = ("lan", "paired")
PAIRING_S = 20.0
"""From the code on the screen to the page that hears."""
CUT_S = 3.0
"""What a revocation may take until the sound is cut; it is meant to take less than one."""
PATIENCE_S = 20.0


@dataclass
class House:
    """A server in one of the modes, and those who come to it."""

    mode: str
    relay: RelayProcess
    browser: Chromium
    admin: Page

    async def come(self, page: Page, name: str) -> None:
        """Let whoever has opened a page in, if the house asks for it."""
        if self.mode == "paired":
            await page.wait_for_url("**/pair.html*", timeout=PATIENCE_MS)
            await type_code(page, await show_code(self.admin), name)

    async def player(self) -> str:
        """Return the address that a player takes."""
        if self.mode == "paired":
            return await player_address(self.admin, self.relay, "Kitchen speaker")
        return self.relay.mp3_url("latest")


@pytest_asyncio.fixture(loop_scope="session", params=MODES)
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, shared_browser: Chromium
) -> AsyncIterator[House]:
    relay = await RelayProcess.start(tmp_path, f"--access={request.param}")
    try:
        admin = await become_admin(shared_browser, relay)
        yield House(request.param, relay, shared_browser, admin)
        await shared_browser.close_pages()
        assert not shared_browser.complaints
        await relay.stop()
    finally:
        shared_browser.complaints.clear()
        await relay.kill()


def tones_in(sound: NDArray[np.int16]) -> list[int]:
    """Return which tones of the melody are in a recording, well above what is beside them."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    hz_per_bin = SAMPLE_RATE / len(sound)

    def strength(hz: float) -> float:
        near = slice(int((hz - 20) / hz_per_bin), int((hz + 20) / hz_per_bin))
        return float(spectrum[near].max())

    return [hz for hz in TONES_HZ if strength(hz) > 10 * strength(hz + 150)]


# Of an open house the tests of pages and players tell it too.
@pytest.mark.parametrize(
    "house", [pytest.param("lan", marks=pytest.mark.slow), "paired"], indirect=True
)
async def test_one_speaks_and_others_hear(
    house: House, requires_program: Callable[[str], str]
):
    """A page sends, a page and a player hear it, and the first page shows how loud it is."""
    relay, browser = house.relay, house.browser
    sender = await browser.open(f"{relay.url}/send.html")
    await house.come(sender, "Nursery phone")
    await sender.fill("#name", "Nursery")
    await go_on_air(sender)

    began = time.monotonic()
    tablet = await ear(browser, relay, "nursery")
    await house.come(tablet, "Kitchen tablet")
    await says(tablet, "live")
    took_s = time.monotonic() - began
    assert "listen.html?stream=nursery" in tablet.url
    assert await hears_the_melody(tablet)
    assert took_s < PAIRING_S

    player, address = PLAYERS["ffmpeg"], await house.player()
    with open_folder() as folder:
        file = await record(player, requires_program("ffmpeg"), address, folder)
        sound = sound_of(file)
    assert len(sound) > SAMPLE_RATE
    assert tones_in(sound) == list(TONES_HZ)

    await house.admin.goto(f"{relay.url}/")
    level = house.admin.locator("li.stream earshot-level")
    await expect(level).to_have_attribute(
        "aria-valuenow", NOT_SILENT, timeout=PATIENCE_MS
    )
    await house.admin.get_by_label("Copy the MP3 address of Nursery").click()
    shown = house.admin.locator("li.stream code")
    await expect(shown).to_contain_text("/stream/nursery.mp3", timeout=PATIENCE_MS)
    path = urlsplit(await shown.inner_text()).path
    assert path.startswith("/p/") is (house.mode == "paired")
    assert await status(f"http://{HOST}:{relay.ports['audio']}{path}") == 200


async def test_the_first_page_says_who_may_listen(house: House):
    """And an admin gets from it to where that is changed, in one tap."""
    admin, note = house.admin, house.admin.locator("#access-note")
    await admin.goto(f"{house.relay.url}/")
    await expect(note).to_be_visible(timeout=PATIENCE_MS)
    open_to_all = "Anybody at home can listen"
    if house.mode == "lan":
        await expect(note).to_contain_text(open_to_all)
        guest = await house.browser.open(f"{house.relay.url}/", microphone=False)
        await expect(guest.locator("#access-text")).to_have_text(f"{open_to_all}.")
        await expect(guest.locator("#devices-link")).to_be_hidden()
    else:
        await expect(note).not_to_contain_text(open_to_all)
    await note.get_by_role("link").click()
    await admin.click("#switch")
    now = "Only those you let in" if house.mode == "lan" else open_to_all
    await expect(admin.locator("#access-title")).to_have_text(now)


async def status(url: str, **options: Any) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, **options) as answer,
    ):
        return answer.status


async def test_a_stranger_hears_nothing_in_a_house_of_the_paired(
    own_paired_relay: RelayProcess, shared_browser: Chromium
):
    """Neither by a page, which leads to pairing, nor by an address."""
    relay = own_paired_relay
    page = await ear(shared_browser, relay, "nursery")
    await page.wait_for_url("**/pair.html?next=listen*", timeout=PATIENCE_MS)
    await page.fill("#code", "000000")
    await page.click("#pair")
    await expect(page.locator("#trouble")).to_contain_text("wrong", timeout=PATIENCE_MS)
    await shared_browser.close_pages()
    for path in ("/stream/latest.mp3", "/stream/status", "/api/streams", "/ws"):
        assert await status(relay.url + path) == 401
    assert await status(relay.mp3_url("latest")) == 401


@pytest_asyncio.fixture(loop_scope="session")
async def own_paired_relay(tmp_path: Path) -> AsyncIterator[RelayProcess]:
    relay = await RelayProcess.start(tmp_path, "--access=paired", "--log-level=trace")
    try:
        yield relay
        await relay.stop()
    finally:
        await relay.kill()


async def until_it_ends(answer: aiohttp.ClientResponse, since: list[float]) -> float:
    """Read to the end; return how long after the newest of some moments it came."""
    try:
        while await answer.content.read(4096):
            pass
    except aiohttp.ClientPayloadError:
        pass
    return time.monotonic() - since[-1]


async def test_a_revocation_cuts_the_sound(own_paired_relay: RelayProcess):
    """A device's, a player's, and that of an address which was good for a while."""
    relay = own_paired_relay
    _, admin_token = await pair(relay, first_code(relay), "Admin")
    async with (
        bearing(admin_token) as admin_session,
        joined(admin_session, relay.websocket_url) as whistler,
        aiohttp.ClientSession() as players,
    ):
        admin = Api(relay, admin_session)
        await whistler.send("Nursery")
        tablet_id, token = await admin.let_in("Tablet")
        player = await admin.ask("POST", "/api/devices", {"name": "Speaker"})
        async with bearing(token) as tablet_session:
            tablet = Api(relay, tablet_session)
            async with joined(tablet_session, relay.websocket_url) as hearer:
                await hearer.receive(name="nursery")
                link = await tablet.ask("POST", "/api/links", {"stream": "nursery"})
                other = await admin.ask("POST", "/api/links", {"stream": "nursery"})
                urls = [at_player_port(relay, told) for told in (player, link, other)]
                answers = [await players.get(url) for url in urls]
                for answer in answers:
                    assert answer.status == 200
                    await answer.content.readexactly(4096)
                revoked_at = [time.monotonic()]
                by_key, by_link, by_other = (
                    asyncio.create_task(until_it_ends(answer, revoked_at))
                    for answer in answers
                )

                await admin.ask("DELETE", f"/api/devices/{tablet_id}")
                assert hearer.peer is not None
                async with asyncio.timeout(PATIENCE_S):
                    await hearer.peer.lost.wait()
                    webrtc_s = time.monotonic() - revoked_at[-1]
                    link_s = await by_link
                    assert await hearer.closed() == 1008
                revoked_at.append(time.monotonic())
                await admin.ask("DELETE", f"/api/devices/{player['device']['id']}")
                key_s = await asyncio.wait_for(by_key, PATIENCE_S)
                assert not by_other.done()
                revoked_at.append(time.monotonic())
                await admin.ask("DELETE", "/api/links")
                all_s = await asyncio.wait_for(by_other, PATIENCE_S)
                print(f"cut: {webrtc_s:.3f} {link_s:.3f} {key_s:.3f} {all_s:.3f} s")
                assert max(webrtc_s, link_s, key_s, all_s) < CUT_S
        assert [await status(url) for url in urls] == [401] * 3
        (stream,) = (await admin.ask("GET", "/api/streams"))["streams"]
        assert stream["receivers"] == stream["listeners"] == 0


async def test_a_page_of_a_revoked_device_says_so(house: House):
    """It stays where it is, and leads to the page of pairing when somebody wants that."""
    if house.mode == "lan":
        await house.admin.click("#switch")
        house.mode = "paired"
    tablet = await ear(house.browser, house.relay)
    await house.come(tablet, "Kitchen tablet")
    await says(tablet, "waiting")
    await revoke(house.admin, "Kitchen tablet")
    notice = tablet.locator(".stranger")
    await expect(notice).to_contain_text("not let in any more", timeout=PATIENCE_MS)
    await notice.get_by_role("link").click()
    await type_code(tablet, await show_code(house.admin), "Kitchen tablet")
    await says(tablet, "waiting")


async def test_secrets_stay_where_they_belong(own_paired_relay: RelayProcess):
    """S8: no code, token or key is in the log, however talkative, nor where numbers are."""
    relay = own_paired_relay
    terminal = first_code(relay)
    _, admin_token = await pair(relay, terminal, "Admin")
    secrets = [admin_token]
    async with bearing(admin_token) as session:
        admin = Api(relay, session)
        secrets.append((await admin.ask("POST", "/api/pairing", {}))["code"])
        _, token = await pair(relay, secrets[-1], "Tablet")
        player = await admin.ask("POST", "/api/devices", {"name": "Speaker"})
        link = await admin.ask("POST", "/api/links", {"stream": "latest"})
        secrets += [token, player["key"], link["url"].split("/")[4]]
        secrets.append((await admin.ask("POST", "/api/pairing", {}))["code"])
        wrong = "canary-of-a-wrong-key"
        for told in (player, link):
            url = at_player_port(relay, told)
            for way in (url, url.replace(".mp3", ".exe"), f"{url}/..", url + "?x=%ff"):
                await status(way)
        for path in (f"/p/{wrong}/stream/latest.mp3", f"/p/{wrong}/ws", f"/?{wrong}"):
            for options in ({}, {"headers": {"Authorization": f"Bearer {wrong}"}}):
                await status(relay.url + path, **options)
        async with joined(session, relay.websocket_url) as client:
            await client.say("resume", token=wrong)
            await client.hear("error")
        numbers = [
            await admin.session.get(relay.url + path)
            for path in (
                "/metrics",
                "/health",
                "/api/devices",
                "/api/me",
                "/api/streams",
            )
        ]
        shown = [await answer.text() for answer in numbers]
    lines = relay.log.read_text().splitlines()
    shown.append("\n".join(line for line in lines if "/pair.html#code=" not in line))
    for secret in [*secrets, terminal, wrong]:
        assert not [text for text in shown if secret in text], secret
    kept = [path.read_text() for path in kept_files(relay)]
    assert kept
    for secret in (admin_token, token, player["key"]):
        assert not [text for text in kept if secret in text], secret


def kept_files(relay: RelayProcess) -> list[Path]:
    return list((relay.log.parent / "data").glob("*.json"))


@pytest.mark.parametrize("house", ["paired"], indirect=True)
async def test_a_speaker_who_may_only_listen_now_is_told_so(house: House):
    """An admin takes the role away on the page, and gives the device another name."""
    page = await house.browser.open(f"{house.relay.url}/send.html")
    await house.come(page, "Tablet")
    await page.fill("#name", "Nursery")
    await go_on_air(page)
    await change(house.admin, "Tablet", name="Kids tablet", roles="Listens")
    await expect(page.locator("#talk[data-air=off]")).to_be_visible(timeout=PATIENCE_MS)
    await expect(page.get_by_text("may not do that")).to_be_visible(timeout=PATIENCE_MS)
    row = house.admin.locator(".person", has_text="Kids tablet")
    await expect(row).to_contain_text("Listens ·")
    await change(house.admin, "Kids tablet", roles="Listens and speaks")
    await go_on_air(page)


@pytest.mark.parametrize("house", ["paired"], indirect=True)
async def test_prometheus_gets_a_key_on_the_page(house: House):
    """It opens the numbers, and no stream."""
    await house.admin.fill("#monitor-name", "Prometheus")
    await house.admin.click("#monitor-form button[type=submit]")
    shown = house.admin.locator("#made-key code")
    await expect(shown).not_to_be_empty(timeout=PATIENCE_MS)
    key = {"Authorization": f"Bearer {await shown.inner_text()}"}
    assert await status(f"{house.relay.url}/metrics", headers=key) == 200
    assert await status(f"{house.relay.url}/api/streams", headers=key) == 403
    row = house.admin.locator(".person", has_text="Prometheus")
    await expect(row).to_contain_text("Reads numbers")


@pytest.mark.parametrize("house", ["paired"], indirect=True)
async def test_an_admin_prepares_the_next_authority_and_switches_to_it(house: House):
    """Whoever opens the page meanwhile is offered both."""
    page = house.admin
    await page.goto(f"{house.relay.url}/trust.html")
    await page.click("#identity summary")
    await page.click("#prepare")
    shown = page.locator("#next-fingerprint")
    await expect(shown).to_contain_text(":", timeout=PATIENCE_MS)
    after = await shown.inner_text()
    async with page.expect_download() as download:
        await page.click("#next-download")
    file = await (await download.value).path()
    assert x509.load_pem_x509_certificate(file.read_bytes())
    assert await page.inner_text("#fingerprint") != after
    await page.click("#switch")
    await page.click("#switch")
    await expect(page.locator("#fingerprint")).to_have_text(after, timeout=PATIENCE_MS)
    await expect(page.locator("#next")).to_be_hidden()
