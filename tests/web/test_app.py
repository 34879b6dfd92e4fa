"""Which address leads where."""

from pathlib import Path

import pytest

from tests.web.fakes import FakeClock
from tests.web.house import House


@pytest.fixture
def www(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html><title>Streams</title>")
    (tmp_path / "send.html").write_text("<!doctype html><title>Send</title>")
    (tmp_path / "relay-client.js").write_text("export {};")
    return tmp_path


async def test_root_is_page_and_socket(www: Path) -> None:
    """A plain GET of the root is the page, an upgrade is the socket: cards name no path."""
    async with House(www=www) as house:
        async with house.session.get("/") as page:
            assert page.status == 200
            assert "Streams" in await page.text()
        card = await house.socket("/")
        assert (await card.hear())["type"] == "available_streams"


async def test_pages(www: Path) -> None:
    """Pages are found with and without their ending."""
    async with House(www=www) as house:
        for path in ("/send", "/send.html"):
            async with house.session.get(path) as page:
                assert "Send" in await page.text()
        async with house.session.get("/relay-client.js") as module:
            assert module.content_type == "text/javascript"


@pytest.mark.parametrize(
    "path", ["/nothing", "/../config.json", "/%2e%2e/config.json", "/..%2fconfig.json"]
)
async def test_nothing_else(www: Path, path: str) -> None:
    """What is not in the folder is not there, however it is written."""
    async with (
        House(www=www) as house,
        house.session.get(house.url + path) as answer,
    ):
        assert answer.status == 404


async def test_streams_as_json() -> None:
    """The API lists the streams with their details."""
    async with House(clock=FakeClock()) as house:
        _, stream = await house.sender("Kitchen")
        async with house.session.get("/api/streams") as answer:
            listing = await answer.json()
        (details,) = listing["streams"]
        assert details["stream_id"] == stream.id
        assert details["slug"] == "kitchen"
        assert details["reception"] == [
            {
                "loss_percent": 25.0,
                "packets_lost": 7,
                "jitter_ms": 12.3,
                "round_trip_ms": 45.0,
                "form": "plain",
            }
        ]
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/ws", "/"])
async def test_upgrade_that_is_none(house: House, path: str) -> None:
    """A request that only half asks for a WebSocket is refused, and takes no place."""
    async with house.session.get(path, headers={"Upgrade": "websocket"}) as answer:
        assert answer.status == 400
    assert house.lobby.connections == []
    assert house.lobby._arriving == 0


async def test_socket_without_upgrade(house: House) -> None:
    """The address of the socket is of no use to a plain request."""
    async with house.session.get("/ws") as answer:
        assert answer.status == 400
