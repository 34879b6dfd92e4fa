"""How a device comes to trust the server, in a browser that checks certificates itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from cryptography import x509
from playwright.async_api import Error, Page, Playwright, expect

from relay.tls.authority import Authority
from relay.tls.leaf import issue
from relay.tls.server_certificate import ServerCertificate, Source
from tests.e2e.bidi import BiDiError
from tests.e2e.chromium import (
    INSECURE_HOST,
    STRANGER,
    Chromium,
    chromium,
    hears_the_melody,
)
from tests.e2e.firefox import firefox
from tests.e2e.people import PATIENCE_MS, ear, go_on_air, speaker
from tests.e2e.relay_process import RelayProcess
from tests.tls.house_keys import TODAY

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

ROWS = 10


def at_home(relay: RelayProcess, path: str) -> str:
    """Return a page's address over plain http, as other devices of the house type it."""
    return f"http://{INSECURE_HOST}:{relay.ports['signaling']}/{path}"


@pytest_asyncio.fixture(loop_scope="session")
async def trusting_browser(
    shared_relay: RelayProcess,
    relay: RelayProcess,
    requires_program: Callable[[str], str],
    playwright: Playwright,
    melody: Path,
    tmp_path: Path,
) -> AsyncIterator[Chromium]:
    """A browser whose user has taken over the server's authority, and nothing else."""
    program = requires_program("chromium")
    await trust(requires_program("certutil"), relay, tmp_path)
    async with chromium(playwright, program, melody, home=tmp_path) as running:
        yield running
        await running.close_pages()
        assert not running.complaints


async def trust(certutil: str, relay: RelayProcess, home: Path) -> None:
    """Do what the page says for Linux: import the certificate that the server gives out."""
    certificate, store = home / "ca.crt", home / ".pki" / "nssdb"
    async with (
        aiohttp.ClientSession(relay.url) as session,
        session.get("/ca.crt") as answer,
    ):
        certificate.write_bytes(await answer.read())
    store.mkdir(parents=True)
    database = f"sql:{store}"
    for arguments in (
        ("-N", "--empty-password"),
        ("-A", "-t", "C,,", "-n", "Earshot", "-i", str(certificate)),
    ):
        await output_of(certutil, "-d", database, *arguments)


async def output_of(program: str, *arguments: str) -> str:
    """Run a program that has to end well; return what it wrote."""
    process = await asyncio.create_subprocess_exec(
        program, *arguments, stdout=asyncio.subprocess.PIPE
    )
    written, _ = await process.communicate()
    assert process.returncode == 0, program
    return written.decode().strip()


async def verdict_is(page: Page, state: str) -> None:
    sign = page.locator(f"#verdict[data-state={state}]")
    await expect(sign).to_be_visible(timeout=PATIENCE_MS)


async def test_over_https_the_microphone_works(
    trusting_browser: Chromium, relay: RelayProcess
):
    """By address, in a browser that was told to ignore nothing."""
    sender = await trusting_browser.open(f"{relay.https_url}/send.html")
    assert await sender.evaluate("isSecureContext")
    await sender.fill("#name", "Nursery")
    await go_on_air(sender)
    assert await hears_the_melody(await ear(trusting_browser, relay, "nursery"))


async def test_from_a_page_without_a_microphone_to_one_with_it(
    trusting_browser: Chromium,
    relay: RelayProcess,
    record_property: Callable[[str, object], None],
):
    """
    Two taps, once the device trusts the server.

    The send page leads to the trust page, which sees that it does, and leads on.
    """
    before, taps = time.monotonic(), 0
    page = await trusting_browser.open(at_home(relay, "send.html"))
    assert not await page.evaluate("isSecureContext")
    await expect(page.locator("#withheld")).to_contain_text("cannot use the microphone")
    await page.get_by_role("link", name="trust this server").click()
    taps += 1
    await verdict_is(page, "good")
    await expect(page.locator("#steps")).not_to_have_attribute("open", "")
    await page.get_by_role("link", name="Continue to the microphone").click()
    taps += 1
    await page.wait_for_url(
        f"https://{INSECURE_HOST}:{relay.ports['https']}/send.html",
        timeout=PATIENCE_MS,
    )
    assert await page.evaluate("isSecureContext")
    took_s = time.monotonic() - before
    await page.fill("#name", "Nursery")
    await go_on_air(page)
    record_property("taps", taps)
    record_property("seconds", round(took_s, 1))
    print(f"{taps} taps, {took_s:.1f} s")
    assert taps == 2


async def test_a_device_that_does_not_trust_it_is_shown_how(
    browser: Chromium, relay: RelayProcess
):
    """With the steps of its system first, and the file to download."""
    page = await browser.open(at_home(relay, "trust.html"), microphone=False)
    await verdict_is(page, "warn")
    await expect(page.locator("#headline")).to_contain_text("does not trust")
    await expect(page.locator("#continue")).to_be_hidden()
    await expect(page.locator("#step-list")).to_contain_text("Manage certificates")
    async with page.expect_download() as download:
        await page.locator("#download").click()
    file = await (await download.value).path()
    assert x509.load_pem_x509_certificate(file.read_bytes())
    await page.locator("#systems label", has_text="iPhone").click()
    await expect(page.locator("#download")).to_have_attribute(
        "href", "earshot.mobileconfig"
    )


async def test_on_the_computer_itself_nothing_is_needed(
    browser: Chromium, relay: RelayProcess
):
    """And phones find the way by a picture."""
    page = await browser.open(f"{relay.url}/trust.html", microphone=False)
    await verdict_is(page, "good")
    await expect(page.locator("#phones img")).to_be_visible()
    await expect(page.locator("#address")).to_contain_text("/trust.html")


async def test_the_picture_can_be_read(
    browser: Chromium,
    relay: RelayProcess,
    requires_program: Callable[[str], str],
    tmp_path: Path,
):
    """By a program that knows nothing of ours, from what is on the screen."""
    zbarimg = requires_program("zbarimg")
    page = await browser.open(f"{relay.url}/trust.html", microphone=False)
    await verdict_is(page, "good")
    picture = tmp_path / "qr.png"
    await page.locator("#phones img").screenshot(path=picture)
    read = await output_of(zbarimg, "--quiet", "--raw", str(picture))
    assert read == await page.locator("#address").inner_text()


@asynccontextmanager
async def forger(relay: RelayProcess, folder: Path, name: str) -> AsyncIterator[int]:
    """Serve another site as who stole the authority's key would; yield the port."""
    authority = Authority.load(relay.log.parent / "data" / "tls" / "authority.pem")
    forged = folder / "forged.pem"
    forged.write_bytes(issue(authority, [name], TODAY))
    context = ServerCertificate.load(forged, forged, Source.OWN).context

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_the_authority_cannot_be_used_against_the_house(
    trusting_browser: Chromium, relay: RelayProcess, tmp_path: Path
):
    """Who steals its key still cannot be another site to who trusts it."""
    async with forger(relay, tmp_path, STRANGER) as port:
        with pytest.raises(Error, match="ERR_CERT"):
            await trusting_browser.open(f"https://{STRANGER}:{port}/")
    async with forger(relay, tmp_path, INSECURE_HOST) as port:
        page = await trusting_browser.open(f"https://{INSECURE_HOST}:{port}/")
        assert await page.inner_text("body") == "hello", "only the name was wrong"


async def test_firefox_trusts_it_for_the_house_alone(
    relay: RelayProcess, requires_program: Callable[[str], str], tmp_path: Path
):
    """Its user imported the same certificate."""
    program = requires_program("firefox-esr")
    await trust(requires_program("certutil"), relay, tmp_path)
    stranger = {"network.dns.localDomains": f"{STRANGER},{INSECURE_HOST}"}
    authorities = tmp_path / ".pki" / "nssdb"
    async with firefox(program, stranger, authorities=authorities) as fox:
        page = await fox.open(f"{relay.https_url}/send.html")
        assert await page.evaluate("() => isSecureContext")
        await page.sees("#talk")
        page = await fox.open(at_home(relay, "trust.html"))
        await page.sees("#verdict[data-state=good]")
        page = await fox.open(f"{relay.https_url}/diagnose.html")
        await page.until("() => !document.querySelector('#again').disabled")
        assert "[broken]" not in await page.evaluate(
            "() => document.querySelector('#report').textContent"
        )
        async with forger(relay, tmp_path, STRANGER) as port:
            with pytest.raises(BiDiError, match="SEC_ERROR_CERT_NOT_IN_NAME_SPACE"):
                await fox.open(f"https://{STRANGER}:{port}/")
        assert not fox.complaints


async def states(page: Page) -> dict[str, str]:
    """Wait until a diagnosis is complete; return the state of every row by its title."""
    await expect(page.locator("#again")).to_be_enabled(timeout=2 * PATIENCE_MS)
    rows: dict[str, str] = await page.locator("#rows > li").evaluate_all(
        "rows => Object.fromEntries(rows.map("
        "row => [row.querySelector('h2').textContent, row.dataset.state]))"
    )
    assert len(rows) == ROWS
    return rows


async def test_a_diagnosis_of_what_is_well(
    trusting_browser: Chromium, relay: RelayProcess
):
    """Over https, with a stream on the air: every row is good."""
    await speaker(trusting_browser, relay, "Nursery")
    page = await trusting_browser.open(f"{relay.https_url}/diagnose.html")
    found = await states(page)
    assert {row for row, state in found.items() if state != "good"} == set()
    await expect(page.locator("#summary")).to_have_text("Nothing wrong was found.")
    await page.get_by_role("button", name="Copy report").click()
    report = await page.locator("#report").inner_text()
    assert report.count("[ok]") == ROWS
    assert "Nursery" not in report


async def test_a_diagnosis_of_a_device_that_trusts_nobody(
    browser: Chromium, relay: RelayProcess
):
    """Over http, with nothing on the air: what is missing is named, and nothing is guessed."""
    url = at_home(relay, "diagnose.html?stream=secret")
    page = await browser.open(url, microphone=False)
    found = await states(page)
    assert found["Secure page"] == "warn"
    assert found["Certificate for this address"] == "warn"
    assert found["WebSocket"] == "good"
    assert found["Live sound (UDP)"] == "open"
    assert found["Separated devices (client isolation)"] == "open"
    assert found["Clock of this device"] == "good"
    assert found["Address and path"] == "good"
    assert "secret" not in await page.locator("#report").inner_text()
    for row in await page.locator("#rows > li[data-state=warn]").all():
        await expect(row.locator(".fix")).not_to_be_empty()
