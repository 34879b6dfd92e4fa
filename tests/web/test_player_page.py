"""The page in the place of a stream's address, and that it has all it is made of."""

import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.audio.formats import BITRATES_KBPS, FORMATS
from relay.web.pages import SECURITY_HEADERS, Pages
from relay.web.player_page import PAGE, PARTS, PlayerPage

WWW = Path(__file__).parents[2] / "www"


@pytest.fixture(scope="module")
def pages() -> Pages:
    return Pages(WWW)


def parts_of(name: str, known: set[str]) -> set[str]:
    """Return the files that a page or module asks for, directly or not."""
    text = (WWW / name).read_text()
    pattern = r'(?:href|src)="\.\./([^"]+)"' if name.endswith("html") else IMPORT
    for part in set(re.findall(pattern, text, re.MULTILINE)) - known:
        known.add(part)
        if part.endswith(".js"):
            parts_of(part, known)
    return known


IMPORT = r'^(?:import|\}) (?:.* )?from "\./([^"]+)"'


def test_the_page_has_all_it_is_made_of() -> None:
    """And the port for players serves nothing that is not part of it."""
    assert parts_of(PAGE, set()) == set(PARTS)


def test_the_page_offers_what_the_server_has() -> None:
    """Every format and bit rate, in the server's order."""
    text = (WWW / "player-address.js").read_text()
    assert re.findall(r'extension: "(\w+)"', text) == list(FORMATS)
    types = re.findall(r'type: "([^";]+)', text)
    assert types == [audio.content_type for audio in FORMATS.values()]
    has_bitrate = re.findall(r"hasBitrate: (true|false)", text)
    assert has_bitrate == [str(a.has_bitrate).lower() for a in FORMATS.values()]
    (bitrates,) = re.findall(r"BITRATES_KBPS = \[([\d, ]+)\]", text)
    assert tuple(map(int, bitrates.split(","))) == BITRATES_KBPS


def test_nothing_in_the_page_runs_or_looks_from_inside_it() -> None:
    """The policy for pages forbids it."""
    text = (WWW / PAGE).read_text()
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]* src=)", text)


def test_nobody_keeps_the_page(pages: Pages) -> None:
    """The same address is sound a moment later."""
    response = PlayerPage(pages).answer()
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache, no-store"
    assert response.headers["Vary"] == "Accept, Range, Icy-MetaData"
    assert "ETag" not in response.headers
    for name, value in SECURITY_HEADERS.items():
        assert response.headers[name] == value


async def test_the_parts_are_served_and_no_other_page(pages: Pages) -> None:
    """On a port that is for players alone."""
    app = web.Application()
    PlayerPage(pages).add_routes(app)
    async with TestClient(TestServer(app)) as client:
        for part in PARTS:
            assert (await client.get(f"/{part}")).status == 200
        for page in ("", "listen.html", "player.html", "relay-client.js"):
            assert (await client.get(f"/{page}")).status == 404
