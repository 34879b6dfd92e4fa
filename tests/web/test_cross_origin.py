"""Which foreign pages may read what is served."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.web.cross_origin import CrossOrigin, with_vary

CARD = "http://homeassistant.local:8123"
FOREIGN = "https://evil.example"


@pytest.mark.parametrize("origin", [None, CARD, FOREIGN])
def test_by_default_no_foreign_page_may_read(origin: str | None) -> None:
    """And nothing is said about it."""
    assert CrossOrigin().headers(origin) == {}
    assert CrossOrigin().preflight(origin) is None


def test_a_page_that_is_named_may_read() -> None:
    """It alone, by its own name, and it sees the headers of radios."""
    headers = CrossOrigin((CARD,)).headers(CARD)
    assert headers["Access-Control-Allow-Origin"] == CARD
    assert headers["Vary"] == "Origin"
    assert "icy-name" in headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize("origin", [FOREIGN, "null", CARD + "/", CARD.upper(), "*"])
def test_a_page_that_is_not_named_may_not(origin: str) -> None:
    """But caches are told that another one might."""
    rule = CrossOrigin((CARD,))
    assert rule.headers(origin) == {"Vary": "Origin"}
    assert rule.preflight(origin) is None


def test_a_preflight_says_what_may_be_asked() -> None:
    """To read, with the headers that players send, and for a while."""
    headers = CrossOrigin((CARD,)).preflight(CARD)
    assert headers is not None
    assert headers["Access-Control-Allow-Origin"] == CARD
    assert headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert headers["Access-Control-Allow-Headers"] == "Range, Icy-MetaData"
    assert int(headers["Access-Control-Max-Age"]) > 0


def test_what_varies_is_said_together() -> None:
    """A second Vary does not hide the first."""
    assert with_vary({"a": "1", "Vary": "Accept"}, {"Vary": "Origin"}) == {
        "a": "1",
        "Vary": "Accept, Origin",
    }
    assert with_vary({"a": "1"}, {"b": "2"}) == {"a": "1", "b": "2"}


def application(rule: CrossOrigin) -> web.Application:
    app = web.Application()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Vary": "Accept"})
        await response.prepare(request)
        return response

    app.router.add_get("/stream/{name}", answer)
    app.router.add_get("/health", answer)
    rule.add_to(app, "/stream")
    return app


async def test_every_answer_below_a_path_keeps_to_the_rule() -> None:
    """Sound, lists and refusals; what is beside it stays closed."""
    server = TestServer(application(CrossOrigin((CARD,))))
    async with TestClient(server) as client:
        for path, status in (("/stream/a.mp3", 200), ("/stream/a/b", 404)):
            answer = await client.get(path, headers={"Origin": CARD})
            assert answer.status == status
            assert answer.headers["Access-Control-Allow-Origin"] == CARD
        answer = await client.get("/stream/a.mp3")
        assert answer.headers["Vary"] == "Accept, Origin"
        answer = await client.get("/health", headers={"Origin": CARD})
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_page_that_is_named_may_play_without_being_asked_to_read() -> None:
    """An `<audio>` element tells no origin, only where it stands; others keep their policy."""
    server = TestServer(application(CrossOrigin((CARD,))))
    async with TestClient(server) as client:
        for page, policy in ((CARD, "cross-origin"), (FOREIGN, None)):
            headers = {"Referer": f"{page}/lovelace/0"}
            answer = await client.get("/stream/a.mp3", headers=headers)
            assert answer.headers.get("Cross-Origin-Resource-Policy") == policy


async def test_a_preflight_is_answered_without_the_handler() -> None:
    """Yes to who is named, no to others."""
    server = TestServer(application(CrossOrigin((CARD,))))
    async with TestClient(server) as client:
        answer = await client.options("/stream/a.mp3", headers={"Origin": CARD})
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
        assert answer.headers["Vary"] == "Origin"
        answer = await client.options("/stream/a.mp3", headers={"Origin": FOREIGN})
        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_without_the_option_nothing_is_added() -> None:
    """Not even an answer to OPTIONS."""
    async with TestClient(TestServer(application(CrossOrigin()))) as client:
        answer = await client.options("/stream/a.mp3", headers={"Origin": CARD})
        assert answer.status == 405
        answer = await client.get("/stream/a.mp3", headers={"Origin": CARD})
        assert answer.headers["Vary"] == "Accept"
