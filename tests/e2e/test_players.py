"""What a sender whistles is heard in every player, at the pitch it was whistled."""

import asyncio
import json
from collections.abc import Callable

import pytest

from tests.e2e.chromium import Chromium
from tests.e2e.players import GIVES_UP_S, PLAYERS, open_folder, record, sound_of
from tests.e2e.relay_process import RelayProcess
from tests.e2e.tones import SAMPLE_RATE, pitch_of
from tests.e2e.wire_client import wire_client

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

WHISTLE_HZ = 700.0
NEAR_HZ = 5.0


@pytest.mark.parametrize("name", PLAYERS)
async def test_a_player_hears_the_stream(
    relay: RelayProcess, requires_program: Callable[[str], str], name: str
):
    """By the stream's name, on the port for players."""
    player = PLAYERS[name]
    program = requires_program(player.program)
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle", frequency_hz=WHISTLE_HZ)
        with open_folder() as folder:
            file = await record(player, program, relay.mp3_url("whistle"), folder)
            sound = sound_of(file)
    assert len(sound) > SAMPLE_RATE
    assert pitch_of(sound) == pytest.approx(WHISTLE_HZ, abs=NEAR_HZ)


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


async def test_a_browsers_audio_element_hears_the_stream(
    relay: RelayProcess, browser: Chromium
):
    """With nothing but its address; the signaling port has it as well."""
    async with wire_client(relay.websocket_url) as whistler:
        await whistler.send("Whistle", frequency_hz=WHISTLE_HZ)
        page = await browser.open(f"{relay.url}/", microphone=False)
        heard_hz = await page.evaluate(PITCH_OF_AUDIO_ELEMENT, "stream/whistle.mp3")
    # Half as wide as the analyser's bins are.
    assert heard_hz == pytest.approx(WHISTLE_HZ, abs=SAMPLE_RATE / 8192 / 2 + NEAR_HZ)


# Plays an address, and resolves to the strongest frequency once there is sound.
PITCH_OF_AUDIO_ELEMENT = """async (address) => {
  const audio = new Audio(address);
  const context = new AudioContext({ sampleRate: 48000 });
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  context.createMediaElementSource(audio).connect(analyser);
  const levels = new Float32Array(analyser.frequencyBinCount);
  const loudest = () => {
    analyser.getFloatFrequencyData(levels);
    return levels.indexOf(Math.max(...levels));
  };
  await audio.play();
  let bin = loudest();
  while (!(levels[bin] > -50)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    bin = loudest();
  }
  audio.src = "";
  await context.close();
  return (bin * 48000) / 8192;
}"""
