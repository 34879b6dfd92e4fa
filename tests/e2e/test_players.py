"""What senders whistle is heard in every player, at the pitch it was whistled, and goes on."""

import asyncio
import json
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from playwright.async_api import Page

from tests.e2e.chromium import Chromium
from tests.e2e.players import (
    GIVES_UP_S,
    PLAYERS,
    Playing,
    open_folder,
    playing,
    sound_of,
)
from tests.e2e.relay_process import RelayProcess
from tests.e2e.tones import SAMPLE_RATE, pitch_of, tones_in_order
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WHISTLE_HZ, OTHER_HZ = 700.0, 1100.0
NEAR_HZ = 5.0
BIN_HZ = SAMPLE_RATE / 8192
"""Of the analyser in the page."""
PART_S = 2.5
"""Of each part of the concert: more than players keep in hand."""

Recordings = dict[str, NDArray[np.int16]]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def recordings(shared_relay: RelayProcess) -> Recordings:
    """
    What all players that are here made of one concert, at the same time.

    Somebody whistles, then nobody does, then somebody else under the same name.
    """
    async with AsyncExitStack() as stack:
        players: dict[str, Playing] = {}
        async with wire_client(shared_relay.websocket_url) as whistler:
            await whistler.send("Concert", frequency_hz=WHISTLE_HZ)
            for name, player in PLAYERS.items():
                if program := shutil.which(player.program):
                    folder = stack.enter_context(open_folder())
                    url = shared_relay.mp3_url("concert")
                    players[name] = await stack.enter_async_context(
                        playing(player, program, url, folder)
                    )
            await _all_hear(players)
        await _all_hear(players)
        async with wire_client(shared_relay.websocket_url) as successor:
            await successor.send("Concert", frequency_hz=OTHER_HZ)
            await _all_hear(players)
        await asyncio.gather(*(player.stop() for player in players.values()))
        return {name: sound_of(player.file) for name, player in players.items()}


async def _all_hear(players: dict[str, Playing]) -> None:
    await asyncio.gather(*(player.hear(PART_S) for player in players.values()))


@pytest.mark.parametrize("name", PLAYERS)
async def test_a_player_hears_one_sender_after_the_other(
    recordings: Recordings, requires_program: Callable[[str], str], name: str
):
    """Each at its pitch, with quiet in between, and without being asked to play again."""
    requires_program(PLAYERS[name].program)
    sound = recordings[name]
    heard = tones_in_order(sound, (WHISTLE_HZ, OTHER_HZ))
    if heard[0] == 0:
        del heard[0]  # some begin before the first sound has come
    assert heard == [WHISTLE_HZ, 0, OTHER_HZ]
    first = sound[: round(PART_S * SAMPLE_RATE)]
    assert pitch_of(first) == pytest.approx(WHISTLE_HZ, abs=NEAR_HZ)


async def test_ffprobe_says_what_it_is(
    relay: RelayProcess, requires_program: Callable[[str], str]
):
    """MP3 in mono, under the name that its sender gave."""
    program = requires_program("ffprobe")
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Ännes Zimmer", frequency_hz=WHISTLE_HZ)
        process = await asyncio.create_subprocess_exec(
            program,
            *("-v", "error", "-of", "json", "-show_streams", "-show_format"),
            relay.mp3_url("latest"),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await asyncio.wait_for(process.communicate(), GIVES_UP_S)
    assert process.returncode == 0
    found = json.loads(output)
    (sound,) = found["streams"]
    assert (sound["codec_name"], sound["channels"]) == ("mp3", 1)
    assert int(sound["sample_rate"]) == SAMPLE_RATE
    assert found["format"]["tags"]["icy-name"] == "Ännes Zimmer"


async def test_ffprobe_is_told_who_speaks(
    relay: RelayProcess, requires_program: Callable[[str], str]
):
    """By the title that stands between the sound, which it reads undisturbed."""
    program = requires_program("ffprobe")
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Ännes Zimmer", frequency_hz=WHISTLE_HZ)
        process = await asyncio.create_subprocess_exec(
            program,
            *("-v", "error", "-of", "json", "-read_intervals", "%+4"),
            *("-show_entries", "packet=size:format_tags=StreamTitle"),
            relay.mp3_url("latest"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(process.communicate(), GIVES_UP_S)
    assert (process.returncode, errors) == (0, b"")
    found = json.loads(output)
    assert found["format"]["tags"]["StreamTitle"] == "Ännes Zimmer"
    assert {packet["size"] for packet in found["packets"]} == {"288"}


ASKS = {
    "HTTP/1.1": ("--http1.1",),
    "HTTP/1.0": ("--http1.0",),
    "a range": ("--range", "1000-1999"),
    "HEAD": ("--head",),
}


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def heads(
    shared_relay: RelayProcess, requires_program: Callable[[str], str]
) -> dict[str, list[str]]:
    """The lines that curl is answered with before the sound, for each way to ask."""
    program = requires_program("curl")
    url = shared_relay.mp3_url("whistle")
    async with wire_client(shared_relay.websocket_url) as whistler:
        await whistler.send("Whistle", frequency_hz=WHISTLE_HZ)
        answers = [_head_of(program, *ask, url) for ask in ASKS.values()]
        return dict(zip(ASKS, await asyncio.gather(*answers), strict=True))


async def _head_of(program: str, *arguments: str) -> list[str]:
    """Return the head of an answer; the sound behind it goes on until curl is ended."""
    process = await asyncio.create_subprocess_exec(
        *(program, "--silent", "--include", "--no-buffer", *arguments),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None, "it has a pipe"
    try:
        head = await asyncio.wait_for(process.stdout.readuntil(b"\r\n\r\n"), GIVES_UP_S)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    lines = head.decode().split("\r\n")
    return [line for line in lines if not line.startswith("Date:")]


@pytest.mark.parametrize("ask", ASKS)
async def test_curl_is_answered_in_a_way_that_every_player_understands(
    heads: dict[str, list[str]], ask: str
):
    """Whole, without chunks, until the connection is closed; never a piece of something."""
    status, *headers = heads[ask]
    names = {line.partition(":")[0].lower() for line in headers}
    assert status in ("HTTP/1.0 200 OK", "HTTP/1.1 200 OK")
    assert "Content-Type: audio/mpeg" in headers
    assert "Accept-Ranges: none" in headers
    assert not names & {"transfer-encoding", "content-length", "content-range"}
    assert "keep-alive" not in " ".join(headers).lower()


async def test_head_is_answered_like_get(heads: dict[str, list[str]]):
    """But for the sound."""
    assert heads["HEAD"] == heads["HTTP/1.1"]


async def test_a_browsers_audio_element_hears_the_stream_go_on(
    relay: RelayProcess, browser: Chromium
):
    """With nothing but its address; the signaling port has it as well."""
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle", frequency_hz=WHISTLE_HZ)
        page = await browser.open(f"{relay.url}/", microphone=False)
        await page.evaluate(PLAY, "stream/whistle.mp3")
        await _until_page_hears(page, WHISTLE_HZ)
    await _until_page_hears(page, None)
    async with wire_client(relay.websocket_url) as successor:
        await successor.send("Whistle", frequency_hz=OTHER_HZ)
        await _until_page_hears(page, OTHER_HZ)


async def _until_page_hears(page: Page, hz: float | None) -> None:
    """Wait until a page plays a tone, or nothing."""
    async with asyncio.timeout(GIVES_UP_S):
        while True:
            heard_hz = await page.evaluate("heard_hz()")
            if (heard_hz is None) is (hz is None) and (
                hz is None or abs(heard_hz - hz) < BIN_HZ / 2 + NEAR_HZ
            ):
                return
            await asyncio.sleep(0.1)


# Plays an address; from then on ``heard_hz()`` is the strongest frequency, or null in silence.
PLAY = """async (address) => {
  const audio = new Audio(address);
  const context = new AudioContext({ sampleRate: 48000 });
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  context.createMediaElementSource(audio).connect(analyser);
  const levels = new Float32Array(analyser.frequencyBinCount);
  window.heard_hz = () => {
    analyser.getFloatFrequencyData(levels);
    const bin = levels.indexOf(Math.max(...levels));
    return levels[bin] > -50 ? (bin * 48000) / 8192 : null;
  };
  await audio.play();
}"""
