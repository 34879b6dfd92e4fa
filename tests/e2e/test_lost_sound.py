"""What breaks is noticed, said, and mended without a touch."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.chromium import Chromium, hears_the_melody
from tests.e2e.fickle_line import fickle_line
from tests.e2e.people import ear, go_on_air, line_is, on_air, says, speaker
from tests.e2e.relay_process import RelayProcess

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

NOTICED_S = 10.0
"""So soon at the latest a lost stream must look different from a quiet room."""

JOINS_OF_RECEIVERS = "voice_join_duration_seconds_count{role=receiver}"

LONGER_THAN_ANY_BUFFER_S = 1.0


async def test_a_sender_whose_browser_is_killed_is_lost(
    own_relay: RelayProcess, browser: Chromium, other_browser: Chromium
):
    """The page says so within ten seconds, and the server that no packets come."""
    await speaker(other_browser, own_relay, "Nursery")
    listener = await ear(browser, own_relay, "nursery")
    assert await hears_the_melody(listener)
    other_browser.kill()
    await says(listener, "lost", NOTICED_S)
    assert [stream["state"] for stream in await own_relay.streams()] == ["stalled"]


async def test_whoever_asked_for_an_alarm_gets_one_until_they_heard_it(
    relay: RelayProcess, browser: Chromium
):
    """It does not end by itself, not even when the sound is back."""
    sender = await speaker(browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery")
    await says(listener, "live")
    await listener.locator("label:has(#alarm-wanted)").click()
    await sender.click("#stop")
    alarm = listener.locator("#alarm")
    await expect(alarm).to_be_visible(timeout=NOTICED_S * 1000)
    await go_on_air(sender)
    await says(listener, "live")
    await expect(alarm).to_be_visible()
    await listener.click("#acknowledge")
    await expect(alarm).to_be_hidden()


@pytest.mark.slow
async def test_a_sender_whose_browser_is_frozen_is_lost_until_it_thaws(
    relay: RelayProcess, browser: Chromium, other_browser: Chromium
):
    """Its socket stays open, but its packets stop; they come back on the same stream."""
    await speaker(other_browser, relay, "Nursery")
    listener = await ear(browser, relay, "nursery")
    assert await hears_the_melody(listener)
    (before,) = await relay.streams()
    other_browser.freeze()
    await says(listener, "lost", NOTICED_S)
    (frozen,) = await relay.streams()
    assert frozen["state"] == "stalled"
    other_browser.thaw()
    await says(listener, "live")
    assert await hears_the_melody(listener)
    (after,) = await relay.streams()
    assert after["stream_id"] == before["stream_id"]


async def test_a_listener_without_its_socket_goes_on_hearing(
    relay: RelayProcess, browser: Chromium
):
    """Sound needs no signaling; when the line is back nothing is negotiated anew."""
    await speaker(browser, relay, "Nursery")
    async with fickle_line(relay.ports["signaling"]) as line:
        listener = await browser.open(
            f"{line.url}/listen.html?stream=nursery", microphone=False
        )
        assert await hears_the_melody(listener)
        joins = (await relay.metrics())[JOINS_OF_RECEIVERS]
        line.cut()
        await line_is(listener, "waiting")
        assert (await relay.metrics())["voice_detached_connections"] == 1
        await asyncio.sleep(LONGER_THAN_ANY_BUFFER_S)
        assert await hears_the_melody(listener)
        await says(listener, "live")
        line.mend()
        await line_is(listener, "open")
        assert await hears_the_melody(listener)
        assert (await relay.metrics())[JOINS_OF_RECEIVERS] == joins
        await browser.close_pages()  # with a goodbye, while there is a line for it


async def test_a_sender_without_its_socket_goes_on_being_heard(
    relay: RelayProcess, browser: Chromium
):
    """And when the line is back it goes on with the same stream."""
    listener = await ear(browser, relay, "nursery")
    async with fickle_line(relay.ports["signaling"]) as line:
        sender = await browser.open(f"{line.url}/send.html")
        await sender.fill("#name", "Nursery")
        await go_on_air(sender)
        assert await hears_the_melody(listener)
        (before,) = await relay.streams()
        line.cut()
        await line_is(sender, "waiting")
        assert (await relay.metrics())["voice_detached_connections"] == 1
        await asyncio.sleep(LONGER_THAN_ANY_BUFFER_S)
        assert await hears_the_melody(listener)
        line.mend()
        await line_is(sender, "open")
        await on_air(sender)
        assert await hears_the_melody(listener)
        (after,) = await relay.streams()
        assert after["stream_id"] == before["stream_id"]
        await browser.close_pages()  # with a goodbye, while there is a line for it


async def test_a_server_that_starts_again_is_found_again(
    tmp_path: Path, own_relay: RelayProcess, browser: Chromium
):
    """By those who speak and by those who listen; meanwhile they say that it is gone."""
    await speaker(browser, own_relay, "Nursery")
    listener = await ear(browser, own_relay, "nursery")
    assert await hears_the_melody(listener)
    await own_relay.stop()
    await says(listener, "lost", NOTICED_S)
    folder = tmp_path / "again"
    folder.mkdir()
    again = await RelayProcess.start(folder, ports=own_relay.ports)
    try:
        await says(listener, "live", 40)
        assert await hears_the_melody(listener)
        await browser.close_pages()
        await again.until_empty()
        await again.stop()
    finally:
        await again.kill()
