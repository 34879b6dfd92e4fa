"""The page of history in a real browser: what is seen, moved, exported and deleted."""

import math
import re
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, expect

from relay.adapters.history_sqlite import SqliteHistory
from relay.adapters.sqlite_retention import Limits
from relay.features import FEATURE_NAMES, FeatureRow, SoundEvent, SoundEventKind
from relay.history_file import FILE_NAME
from tests.e2e.admin import become_admin
from tests.e2e.chromium import Chromium
from tests.e2e.made_history import DAY_S, FEATURES, HOUR_S, MadeHistory, sound_at
from tests.e2e.people import PATIENCE_MS, speaker
from tests.e2e.relay_process import RelayProcess
from tests.sound_room import until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

COLOURS = """(selector) => [...document.querySelectorAll(selector)].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})"""
"""How many colours each canvas has."""


async def history(browser: Chromium, relay: RelayProcess, made: MadeHistory) -> Page:
    """Return the page of history of the nursery."""
    page = await browser.open(f"{relay.url}/index.html", microphone=False)
    return await go_to_history(page, relay, made)


async def go_to_history(page: Page, relay: RelayProcess, made: MadeHistory) -> Page:
    await made.serve(page)
    await page.goto(f"{relay.url}/history.html?stream=nursery")
    return page


async def until_asked(made: MadeHistory, length_s: float) -> tuple[float, float]:
    """Wait until a page has asked for so long a time, give or take a tenth; return when."""

    def fits() -> bool:
        began, ended = made.shown or (0, 0)
        return abs(ended - began - length_s) <= length_s / 10

    await until(fits)
    assert made.shown is not None
    return made.shown


async def notice(page: Page, words: str) -> None:
    await expect(page.locator("#notice")).to_contain_text(words, timeout=PATIENCE_MS)


async def test_a_day_is_seen(browser: Chromium, relay: RelayProcess):
    """Three plots, a picture of four weeks, a list of what was noticed, and words for all of it."""
    made = MadeHistory()
    page = await history(browser, relay, made)
    await expect(page.locator("#summary")).to_contain_text(
        "loudest", timeout=PATIENCE_MS
    )
    assert min(await page.evaluate(COLOURS, ".plots canvas")) > 3
    assert min(await page.evaluate(COLOURS, "heat-map canvas")) > 20
    events = made.table({"stream": "nursery", "from": made.until - DAY_S})["events"]
    await expect(page.locator("#events li")).to_have_count(len(events))
    await page.click(".as-table summary")
    await expect(page.locator("#heat-table tr")).to_have_count(28)
    await page.hover("[data-feature=level_dbfs] .u-over")
    await expect(page.locator("#readout")).to_contain_text("dB")
    await page.set_viewport_size({"width": 360, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    address = await page.get_attribute("#export-csv", "href")
    assert address is not None
    assert re.match(r"api/history\?stream=nursery&from=\d+&to=\d+&format=csv$", address)
    await expect(page.locator("#export-parquet")).to_be_hidden()


async def test_time_is_moved_and_zoomed(browser: Chromium, relay: RelayProcess):
    """By buttons, by keys and by dragging; a double click shows the whole again."""
    made = MadeHistory()
    page = await history(browser, relay, made)
    await until_asked(made, DAY_S)
    await page.click("#back")
    await until(lambda: (made.shown or (0, 0))[1] < made.until - DAY_S / 2)
    await page.click("#units label:has(input[value=hour])")
    await until_asked(made, HOUR_S)
    await page.focus("#plots")
    await page.keyboard.press("-")
    began, _ = await until_asked(made, 2 * HOUR_S)
    await page.keyboard.press("ArrowLeft")
    await until(lambda: made.shown is not None and made.shown[0] < began - HOUR_S / 4)
    box = await page.locator("[data-feature=pitch_hz] .u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=4)
    await page.mouse.up()
    await until_asked(made, HOUR_S)
    await page.dblclick("[data-feature=pitch_hz] .u-over")
    await expect(page.locator("#forward")).to_be_disabled(timeout=PATIENCE_MS)


async def test_fingers_zoom(browser: Chromium, relay: RelayProcess):
    """Two that part show less of it."""
    made = MadeHistory()
    page = await history(browser, relay, made)
    await until_asked(made, DAY_S)
    await page.locator("[data-feature=level_dbfs]").scroll_into_view_if_needed()
    box = await page.locator("[data-feature=level_dbfs] .u-over").bounding_box()
    assert box is not None
    touch = await page.context.new_cdp_session(page)

    async def fingers(kind: str, *shares: float) -> None:
        points = [
            {"x": box["x"] + box["width"] * share, "y": box["y"] + 50, "id": number}
            for number, share in enumerate(shares)
        ]
        await touch.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
        )

    await fingers("touchStart", 0.45)
    await fingers("touchStart", 0.45, 0.55)
    for spread in (0.1, 0.15, 0.2):
        await fingers("touchMove", 0.5 - spread, 0.5 + spread)
    await fingers("touchEnd")
    await until_asked(made, DAY_S / 4)


async def test_an_hour_of_the_picture_is_gone_to(
    browser: Chromium, relay: RelayProcess
):
    """With the arrow keys as well: each is read out."""
    made = MadeHistory()
    page = await history(browser, relay, made)
    await expect(page.locator("#heat-table tr")).to_have_count(28, timeout=PATIENCE_MS)
    await page.focus("heat-map canvas")
    for key in ("ArrowUp", "ArrowUp", "ArrowRight"):
        await page.keyboard.press(key)
    await expect(page.locator("heat-map")).to_contain_text(
        re.compile(r"1:00 to 2:00 · .\d+ dB")
    )
    await page.keyboard.press("Enter")
    began, _ = await until_asked(made, HOUR_S)
    assert datetime.fromtimestamp(began).hour == 1


async def test_history_that_is_off_says_so(browser: Chromium, relay: RelayProcess):
    made = MadeHistory(refusal={"code": "history_off", "message": "it is off"})
    page = await history(browser, relay, made)
    await notice(page, "option “history”")
    await expect(page.locator("#shown")).to_be_hidden()


async def test_a_house_without_data_is_told_what_to_do(
    browser: Chromium, relay: RelayProcess
):
    page = await history(browser, relay, MadeHistory(streams=[]))
    await notice(page, "Analyse this room always")
    await expect(page.locator("#notice-link")).to_be_visible()


async def test_a_server_that_is_away_is_asked_again(
    browser: Chromium, relay: RelayProcess
):
    made = MadeHistory(away=True)
    page = await history(browser, relay, made)
    await notice(page, "not reachable")
    made.away = False
    await expect(page.locator("#summary")).to_contain_text(
        "loudest", timeout=PATIENCE_MS
    )
    await expect(page.locator("#notice")).to_be_hidden()


async def test_an_admin_keeps_and_deletes(
    other_browser: Chromium, own_relay: RelayProcess
):
    """Nothing is deleted before it was asked for twice; a visitor is not even offered it."""
    made = MadeHistory()
    visitor = await history(other_browser, own_relay, made)
    await expect(visitor.locator("#analysis-always")).to_be_disabled(
        timeout=PATIENCE_MS
    )
    await expect(visitor.locator("#forget")).to_be_hidden()
    page = await go_to_history(
        await become_admin(other_browser, own_relay), own_relay, made
    )
    await page.click("#analysis label")
    await until(lambda: made.mode == "always")
    await page.click("#forget")
    await page.click("#forget-no")
    assert not made.deleted
    await page.click("#forget")
    await expect(page.locator("#forget-text")).to_contain_text("Nursery")
    await page.click("#forget-yes")
    await until(lambda: made.deleted != [])
    (gone,) = made.deleted
    assert gone["stream"] == "nursery"
    assert float(gone["to"]) - float(gone["from"]) == pytest.approx(DAY_S, abs=2)


async def test_a_room_on_the_air_is_seen_live(browser: Chromium, relay: RelayProcess):
    """Its spectrum runs, and stands still when told to."""
    sender = await speaker(browser, relay, "Nursery", profile="room")
    page = await history(browser, relay, MadeHistory())
    picture = "live-spectrogram canvas"
    await expect(page.locator(picture)).to_be_visible(timeout=PATIENCE_MS)
    await page.wait_for_function(
        f"({COLOURS})({picture!r})[0] > 30", timeout=PATIENCE_MS
    )
    await page.click("#pause")
    await expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    await sender.click("#stop")
    await expect(page.locator("#live")).to_be_hidden(timeout=PATIENCE_MS)


async def test_what_the_relay_has_kept_is_seen_and_deleted(
    other_browser: Chromium, tmp_path: Path
):
    """With the real history: an hour of seconds, its export, and nothing once it is deleted."""
    now = math.floor(time.time())
    data = tmp_path / "data"
    data.mkdir()
    await keep_an_hour(data / FILE_NAME, now)
    relay = await RelayProcess.start(tmp_path, "--history=true")
    try:
        page = await become_admin(other_browser, relay)
        await page.goto(f"{relay.url}/history.html?stream=nursery")
        await page.click("#units label:has(input[value=hour])")
        await expect(page.locator("#events li")).to_have_count(1, timeout=PATIENCE_MS)
        await expect(page.locator("#summary")).to_contain_text("voice")
        async with page.expect_download() as download:
            await page.click("#export-csv")
        lines = (await (await download.value).path()).read_text().splitlines()
        assert len(lines) > HOUR_S / 2
        await page.click("#units label:has(input[value=day])")
        await page.click("#forget")
        await page.click("#forget-yes")
        await notice(page, "Nothing was measured yet")
        await expect(page.locator("#shown")).to_be_hidden()
        await expect(page.locator("#trouble")).to_have_text("Deleted.")
        await relay.stop()
    finally:
        await relay.kill()


async def keep_an_hour(file: Path, now: float) -> None:
    """Write what a relay would have written in the last hour."""
    store = SqliteHistory(file, Limits(days=10, max_mb=500))
    await store.open()
    times = now - HOUR_S + np.arange(HOUR_S, dtype=float)
    columns = dict(zip(FEATURES, sound_at(times), strict=True))
    rows = [
        FeatureRow(
            "nursery",
            "stream_1",
            at,
            tuple(
                float(columns[n][i]) if n in columns else math.nan
                for n in FEATURE_NAMES
            ),
        )
        for i, at in enumerate(times.tolist())
    ]
    cry = SoundEvent(
        "e1", SoundEventKind.CRY, "nursery", "stream_1", now - 600.0, now - 570.0, -20.0
    )
    await store.write(rows, [cry])
    await store.close()
