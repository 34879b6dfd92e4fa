"""How soon a card on a dashboard plays."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import async_playwright

from bench.figures import Figure
from bench.not_measured import NotMeasured
from bench.plan import Plan
from bench.table import Goal, Row
from tests.e2e.chromium import Chromium, chromium
from tests.e2e.dashboard import Supervised, card_on, supervised
from tests.e2e.relay_process import RelayProcess
from tests.e2e.tones import write_melody
from tests.e2e.wire_client import wire_client

PROGRAM = "chromium"
GOAL = Goal(1500.0)
STARTS = 3
"""Of each round; every one in a browser profile that has nothing of it yet."""
TRANSPORTS = ("webrtc", "websocket")
PATIENCE_MS = 20_000.0

# Notes when the card is there, and when anything but silence is played first, in milliseconds since
# the page was asked for.
NOTE_FIRST_SOUND = """
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 256 });
  const samples = new Float32Array(analyser.fftSize);
  let media = null;
  const looking = setInterval(() => {
    if (window.card) window.card_ms ??= performance.now();
    const audio = window.card?.shadowRoot?.querySelector("audio");
    if (!media && audio?.srcObject?.getAudioTracks().length) {
      media = context.createMediaStreamSource(audio.srcObject);
      media.connect(analyser);
    }
    if (!media || audio.paused) return;
    analyser.getFloatTimeDomainData(samples);
    if (samples.every((sample) => Math.abs(sample) < 0.001)) return;
    clearInterval(looking);
    window.sound_ms = performance.now();
  }, 5);
"""


@dataclass(frozen=True, slots=True)
class Start:
    """Both since the page was asked for."""

    card_ms: float
    sound_ms: float


async def measure(plan: Plan) -> list[Row]:
    program = shutil.which(PROGRAM)
    if program is None:
        raise NotMeasured(f"{PROGRAM} is not installed")
    starts: dict[str, list[Start]] = {transport: [] for transport in TRANSPORTS}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        write_melody(folder / "melody.wav")
        relay = await RelayProcess.start(folder)
        try:
            async with (
                wire_client(relay.websocket_url) as sender,
                async_playwright() as playwright,
                chromium(playwright, program, folder / "melody.wav") as browser,
                supervised(relay) as house,
            ):
                await sender.send("Whistle")
                for _ in range(plan.rounds * STARTS):
                    for transport, seen in starts.items():
                        seen.append(await _start(browser, house, transport))
        finally:
            await relay.kill()
    return [row for transport, seen in starts.items() for row in _rows(transport, seen)]


def _rows(transport: str, starts: Sequence[Start]) -> list[Row]:
    return [
        Row(
            f"a card starts until it plays, {transport}",
            "ms",
            Figure.of([start.sound_ms - start.card_ms for start in starts]),
            "Chromium and a page with one card that begins by itself, through a stand-in for "
            "Home Assistant's ingress, all on this machine; from the card's being on the page",
            goal=GOAL,
        ),
        Row(
            f"a dashboard opens until its card plays, {transport}",
            "ms",
            Figure.of([start.sound_ms for start in starts]),
            "the same from the address's being entered, in a browser that has no file of it yet",
        ),
    ]


async def _start(browser: Chromium, house: Supervised, transport: str) -> Start:
    page = await card_on(
        *(browser, house, {"auto_start": True}),
        transport=transport,
        script=NOTE_FIRST_SOUND,
    )
    await page.wait_for_function("window.sound_ms", timeout=PATIENCE_MS)
    start = Start(*await page.evaluate("[window.card_ms, window.sound_ms]"))
    await browser.close_pages()
    await asyncio.sleep(0.2)  # who leaves says goodbye through the same processes
    return start
