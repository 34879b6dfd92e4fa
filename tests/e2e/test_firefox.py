"""Firefox speaks and hears: the pages as people use them, beside Chromium and players."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from relay.webrtc.host_addresses import lan_addresses
from tests.e2e import people
from tests.e2e.chromium import Chromium
from tests.e2e.chromium import tones_heard as tones_heard_in_chromium
from tests.e2e.fickle_line import FickleLine, fickle_line
from tests.e2e.firefox import (
    PLAYS_AFTER_A_TAP,
    TONE_HZ,
    Firefox,
    FirefoxPage,
    firefox,
)
from tests.e2e.firefox_hearing import (
    KEEP_PEERS,
    Played,
    hears,
    hears_the_melody,
    statistics,
    tones_heard,
)
from tests.e2e.players import PLAYERS, open_folder, record, sound_of
from tests.e2e.relay_process import HOST, RelayProcess
from tests.e2e.tones import pitch_of
from tests.e2e.wire_client import wire_client

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(
        lan_addresses() == [HOST],
        reason="without a network Firefox has no address for a page without a microphone",
    ),
]

NEAR_HZ = 5.0
JITTER_BUFFER_S = 0.5
NOTICED_S = 10.0
SETTLE_S = 1.0
"""So long a connection shows what it is."""

SAMPLE_RATE = 48_000

# As in Chromium: what a browser makes up while a loaded machine keeps a packet waiting.
SHARE_MADE_UP = 0.25

FORMATS = """
  () => [peers.at(-1).localDescription, peers.at(-1).remoteDescription]
    .map(({ sdp }) => sdp.split("\\r\\n"))
"""

SELECTED_PAIR = """
  async () => [...(await peers.at(-1).getStats()).values()]
    .find(({ type, selected }) => type === "candidate-pair" && selected)
"""


def addresses() -> str:
    """
    Return the option with which Firefox finds the server, too.

    To a page that does not use a real microphone it gives the address of the default route
    alone, under a name, and from there no way leads to the loopback address.
    """
    return f"--media-addresses={','.join(dict.fromkeys([HOST, *lan_addresses()]))}"


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def shared_relay(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RelayProcess]:
    folder = tmp_path_factory.mktemp("relay")
    process = await RelayProcess.start(folder, addresses())
    try:
        yield process
        await process.stop()
    finally:
        await process.kill()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def shared_fox(requires_program: Callable[[str], str]) -> AsyncIterator[Firefox]:
    async with firefox(requires_program("firefox-esr")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def fox(relay: RelayProcess, shared_fox: Firefox) -> AsyncIterator[Firefox]:
    """The Firefox that tests share; that its pages have nothing to complain of is part of them."""
    yield shared_fox
    await shared_fox.close_pages()
    complaints = shared_fox.complaints.copy()
    shared_fox.complaints.clear()
    assert not complaints


async def speaker(fox: Firefox, url: str, name: str = "Nursery") -> FirefoxPage:
    """Return a send page that is on air under a name."""
    page = await fox.open(f"{url}/send.html", script=KEEP_PEERS)
    await page.fill("#name", name)
    await page.click("#talk")
    await on_air(page)
    return page


async def on_air(page: FirefoxPage) -> None:
    await page.sees("#talk[data-air=on]")


async def ear(fox: Firefox, url: str, stream: str = "nursery") -> FirefoxPage:
    return await fox.open(f"{url}/listen.html?stream={stream}", script=KEEP_PEERS)


async def says(page: FirefoxPage, state: str, timeout_s: float = 20.0) -> None:
    """Wait until a page says that what it hears is ``live``, ``waiting`` or ``lost``."""
    await page.sees(f"#state[data-state={state}]", timeout_s)


async def line_is(page: FirefoxPage, state: str) -> None:
    """Wait until a page's bar says how its line to the server is: ``open`` or ``waiting``."""
    await page.sees(f"#line[data-state={state}]")


@asynccontextmanager
async def line_to(relay: RelayProcess, fox: Firefox) -> AsyncIterator[FickleLine]:
    """Open a line that everybody has left before it ends: a lost page stays a while."""
    async with fickle_line(relay.ports["signaling"]) as line:
        yield line
        await fox.close_pages()
        await relay.until_empty()


async def the_only_stream(relay: RelayProcess) -> str:
    (stream,) = await relay.streams()
    stream_id: str = stream["stream_id"]
    return stream_id


async def test_what_firefox_sends_is_heard_in_chromium_and_in_players(
    relay: RelayProcess,
    fox: Firefox,
    browser: Chromium,
    requires_program: Callable[[str], str],
):
    """At the pitch of its microphone."""
    await speaker(fox, relay.url)
    listener = await people.ear(browser, relay, "nursery")
    await people.says(listener, "live")
    assert await tones_heard_in_chromium(listener, tones_hz=[TONE_HZ]) == [TONE_HZ]
    player = PLAYERS["ffmpeg"]
    program = requires_program(player.program)
    with open_folder() as folder:
        file = await record(player, program, relay.mp3_url("nursery"), folder)
        assert pitch_of(sound_of(file)) == pytest.approx(TONE_HZ, abs=NEAR_HZ)


async def test_what_chromium_sends_is_heard_in_firefox(
    relay: RelayProcess, fox: Firefox, browser: Chromium
):
    """By a page that waited for it, without a touch."""
    listener = await ear(fox, relay.url)
    await says(listener, "waiting")
    sender = await people.speaker(browser, relay, "Nursery")
    assert await hears_the_melody(listener)
    await says(listener, "live")
    assert await listener.text("#headline") == "Nursery"
    await sender.click("#stop")
    await says(listener, "lost", NOTICED_S)


async def assert_it_is_negotiated_in_full(page: FirefoxPage, opus: int) -> None:
    """With retransmission and forward error correction, over one port, towards ICE-lite."""
    for lines in await page.evaluate(FORMATS):
        assert f"a=rtcp-fb:{opus} nack" in lines
        assert "a=rtcp-mux" in lines
        (parameters,) = [li for li in lines if li.startswith(f"a=fmtp:{opus} ")]
        assert "useinbandfec=1" in parameters
    transport = await statistics(page, "transport")
    assert (transport["iceRole"], transport["dtlsRole"]) == ("controlling", "client")
    pair: dict[str, Any] = await page.evaluate(SELECTED_PAIR)
    assert pair["nominated"]


async def test_firefox_hears_firefox(relay: RelayProcess, fox: Firefox):
    """And hardly anything of it is made up; who is muted is not heard."""
    sender = await speaker(fox, relay.url)
    listener = await ear(fox, relay.url)
    assert await hears(listener, TONE_HZ)
    before = await Played.by(listener)
    await asyncio.sleep(SETTLE_S)
    played = await Played.by(listener) - before
    assert played.samples > 0.8 * SETTLE_S * SAMPLE_RATE
    assert played.share_concealed < SHARE_MADE_UP
    for page, opus in [(sender, 109), (listener, 111)]:
        await assert_it_is_negotiated_in_full(page, opus)
    await sender.until(
        "() => document.querySelector('#audience').innerText.includes('1 is listening')"
    )
    await sender.click("#talk")
    await says(listener, "muted")
    await asyncio.sleep(JITTER_BUFFER_S)
    assert await tones_heard(listener, [TONE_HZ], timeout_s=1) == []


async def test_who_holds_to_talk_in_firefox_is_heard(relay: RelayProcess, fox: Firefox):
    """And only while holding; on the talk page of another as well."""
    listener = await ear(fox, relay.url, "kitchen")
    other = await fox.open(f"{relay.url}/talk.html")
    talker = await fox.open(f"{relay.url}/talk.html")
    await talker.fill("#name", "Kitchen")
    await talker.press("#talk")
    await on_air(talker)
    assert await hears(listener, TONE_HZ)
    assert await hears(other, TONE_HZ)
    await talker.release()
    await talker.until("() => !document.querySelector('#talk[data-air=on]')")
    await asyncio.sleep(JITTER_BUFFER_S)
    assert await tones_heard(listener, [TONE_HZ], timeout_s=1) == []


@pytest.mark.slow
async def test_a_lost_line_is_taken_up_again_without_a_gap(
    relay: RelayProcess, fox: Firefox
):
    """By who speaks and who hears, over the same connections."""
    async with line_to(relay, fox) as line:
        sender = await speaker(fox, line.url)
        listener = await ear(fox, line.url)
        assert await hears(listener, TONE_HZ)
        stream_id = await the_only_stream(relay)
        before = await Played.by(listener)
        line.cut()
        await asyncio.gather(line_is(sender, "waiting"), line_is(listener, "waiting"))
        await asyncio.sleep(SETTLE_S)
        line.mend()
        await asyncio.gather(line_is(sender, "open"), line_is(listener, "open"))
        played = await Played.by(listener) - before
        assert played.samples > 0.8 * SETTLE_S * SAMPLE_RATE
        assert played.share_concealed < SHARE_MADE_UP
        assert await hears(listener, TONE_HZ)
        assert await the_only_stream(relay) == stream_id
        for page in (sender, listener):
            assert await page.evaluate("() => peers.length") == 1


@pytest.mark.slow
async def test_in_another_network_both_go_on_over_new_connections(
    relay: RelayProcess, fox: Firefox
):
    """In the same stream; the old connections are closed."""
    async with line_to(relay, fox) as line:
        sender = await speaker(fox, line.url)
        listener = await ear(fox, line.url)
        assert await hears(listener, TONE_HZ)
        stream_id = await the_only_stream(relay)
        for page in (sender, listener):
            await page.evaluate("() => void dispatchEvent(new Event('online'))")
            await page.until("() => peers[0].connectionState === 'closed'")
            assert await page.evaluate("() => peers.length") == 2
        await on_air(sender)
        await says(listener, "live")
        assert await hears(listener, TONE_HZ)
        assert await the_only_stream(relay) == stream_id


@pytest.mark.slow
async def test_a_server_that_starts_again_is_found_again(
    tmp_path: Path, shared_fox: Firefox
):
    """By those who speak and by those who listen; meanwhile they say that it is gone."""
    relay = await RelayProcess.start(tmp_path, addresses())
    try:
        sender = await speaker(shared_fox, relay.url)
        listener = await ear(shared_fox, relay.url)
        assert await hears(listener, TONE_HZ)
        await relay.stop()
        await says(listener, "lost", NOTICED_S)
        relay = await RelayProcess.start(tmp_path, addresses(), ports=relay.ports)
        await says(listener, "live", 40)
        assert await hears(listener, TONE_HZ)
        await on_air(sender)
        await shared_fox.close_pages()
        await relay.until_empty()
        await relay.stop()
    finally:
        await relay.kill()


async def test_a_firefox_as_it_comes_gets_a_tap_and_hears(
    relay: RelayProcess, requires_program: Callable[[str], str]
):
    """It plays nothing before a touch, and hides its addresses behind names."""
    async with (
        firefox(requires_program("firefox-esr"), PLAYS_AFTER_A_TAP) as strict,
        wire_client(relay.websocket_url) as whistler,
    ):
        await whistler.send("Whistle", frequency_hz=TONE_HZ)
        listener = await ear(strict, relay.url, "whistle")
        await listener.sees("#tap")
        assert await tones_heard(listener, [TONE_HZ], timeout_s=0.5) == []
        await listener.click("#tap")
        await listener.until("() => document.querySelector('#tap').hidden")
        assert await hears(listener, TONE_HZ)
        offered: list[str] = await listener.evaluate(CANDIDATE_ADDRESSES)
        assert offered
        assert all(address.endswith(".local") for address in offered)
        assert not strict.complaints
        await strict.close_pages()


CANDIDATE_ADDRESSES = """
  () => peers.at(-1).localDescription.sdp.split("\\r\\n")
    .filter((line) => line.startsWith("a=candidate:")).map((line) => line.split(" ")[4])
"""


async def test_what_firefox_complains_of_is_noticed(relay: RelayProcess, fox: Firefox):
    """What the other tests of this file rely on: errors, and breaches of the pages' policy."""
    page = await fox.open(f"{relay.url}/")
    await page.evaluate(MISBEHAVE)
    async with asyncio.timeout(people.PATIENCE_MS / 1000):
        while len(fox.complaints) < 2:  # noqa: ASYNC110 - they are a list
            await asyncio.sleep(0.05)
    assert "forgotten" in fox.complaints[0]
    assert "Content-Security-Policy" in fox.complaints[1]
    fox.complaints.clear()


MISBEHAVE = """() => {
  console.error("forgotten");
  new Image().src = "http://elsewhere.invalid/";
}"""


async def test_firefoxs_audio_element_plays_the_mp3(relay: RelayProcess, fox: Firefox):
    """With nothing but its address."""
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle", frequency_hz=TONE_HZ)
        page = await fox.open(f"{relay.url}/")
        await page.evaluate(PLAY_MP3, "stream/whistle.mp3")
        await page.until("() => player.currentTime > 0.5")
        await page.evaluate("() => { player.src = ''; }")


PLAY_MP3 = (
    "async (address) => { window.player = new Audio(address); await player.play(); }"
)
