"""The ways in which a sound gets from one page to another, to be compared."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page

from bench.listening_room import ListeningRoom
from bench.not_measured import NotMeasured

PATIENCE_S = 30.0
LOOK_EVERY_S = 0.05

NUMBERS = itertools.count(1)
"""For names: those who lost their line are known to the server for a while."""


@dataclass(frozen=True, slots=True)
class Call:
    """Two pages; what one of them captures the other one plays."""

    speaker: Page
    listener: Page
    slug: str | None = None
    """The stream's, if the speaker has given it a name."""


@dataclass(frozen=True, slots=True)
class Way:
    """A candidate of the comparisons."""

    name: str
    start: Callable[[ListeningRoom], AbstractAsyncContextManager[Call]]


@asynccontextmanager
async def our_pages(room: ListeningRoom) -> AsyncIterator[Call]:
    """The server's own send and listen pages."""
    async with _our_pages(room, "webrtc") as call:
        yield call


@asynccontextmanager
async def our_pages_by_websocket(room: ListeningRoom) -> AsyncIterator[Call]:
    """The same, with all sound over the pages' WebSockets."""
    async with _our_pages(room, "websocket") as call:
        yield call


@asynccontextmanager
async def _our_pages(room: ListeningRoom, transport: str) -> AsyncIterator[Call]:
    way = f"transport={transport}"
    speaker = await room.speaker.open(f"/send.html?{way}", microphone=True)
    number = next(NUMBERS)
    await speaker.fill("#name", f"Bench {number}")
    await speaker.click("#talk")
    await speaker.wait_for_selector("#talk[data-air=on]", timeout=PATIENCE_S * 1000)
    slug = f"bench-{number}"
    listener = await room.listener.open(f"/listen.html?stream={slug}&{way}")
    async with _until_heard(Call(speaker, listener, slug)) as call:
        yield call


@asynccontextmanager
async def old_cards(room: ListeningRoom) -> AsyncIterator[Call]:
    """Pages that add nothing to what browsers do by themselves."""
    speaker = await room.speaker.open("/bench/index.html", microphone=True)
    await _put_on(speaker, "SendingCard", room.speaker.origin)
    listener = await room.listener.open("/bench/index.html")
    await _put_on(listener, "ReceivingCard", room.listener.origin)
    async with _until_heard(Call(speaker, listener)) as call:
        yield call


@asynccontextmanager
async def directly(room: ListeningRoom) -> AsyncIterator[Call]:
    """Two pages without a server, as browsers connect by themselves."""
    speaker = await room.speaker.open("/bench/call.html", microphone=True)
    listener = await room.listener.open("/bench/call.html")
    offer = await speaker.evaluate("speak()")
    answer = await listener.evaluate("sdp => listen(sdp)", offer)
    await speaker.evaluate("sdp => take(sdp)", answer)
    async with _until_heard(Call(speaker, listener)) as call:
        yield call


async def _put_on(page: Page, card: str, origin: str) -> None:
    address = origin.replace("http:", "ws:", 1)
    await page.evaluate(f"window.card = new {card}('{address}')")
    await page.evaluate("card.start()")


@asynccontextmanager
async def _until_heard(call: Call) -> AsyncIterator[Call]:
    """Wait until sound comes; send both pages away in the end."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await _heard(call.listener):  # noqa: ASYNC110 - a page tells only who asks
                await asyncio.sleep(LOOK_EVERY_S)
        yield call
    except TimeoutError:
        raise NotMeasured("no sound came within half a minute") from None
    finally:
        await call.listener.context.close()
        await call.speaker.context.close()


async def _heard(page: Page) -> bool:
    if not await page.evaluate("ear.hears()"):
        return False
    return bool(await page.evaluate("ear.sounds()"))


OUR_PAGES = Way("our pages", our_pages)
BY_WEBSOCKET = Way("our pages by WebSocket", our_pages_by_websocket)
OLD_CARDS = Way("old cards", old_cards)
DIRECTLY = Way("directly", directly)
