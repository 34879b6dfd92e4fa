"""What a player is told that cannot have what it asks for."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from relay.errors import BadRequest, CapacityExceeded, RelayError, StreamNotFound
from relay.web.refusal import in_words

REQUEST = make_mocked_request("GET", "/stream/nursery.mp3")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequest("burst='x' is wrong"), 400),
        (StreamNotFound("nobody sends"), 404),
        (CapacityExceeded("there is no room"), 503),
    ],
)
async def test_a_refusal_is_plain_text(error: RelayError, status: int) -> None:
    """With the reason, and kept by nobody."""

    @in_words
    async def refuse(_: web.Request) -> web.Response:
        raise error

    response = await refuse(REQUEST)
    assert isinstance(response, web.Response)
    assert response.status == status
    assert response.content_type == "text/plain"
    assert response.headers["Cache-Control"] == "no-cache, no-store"
    assert response.text is not None
    assert str(error) in response.text
    assert ("Retry-After" in response.headers) == (status == 503)


async def test_what_is_not_refused_is_passed_on() -> None:
    """As it is."""
    sound = web.Response(body=b"sound")

    @in_words
    async def play(_: web.Request) -> web.Response:
        return sound

    assert await play(REQUEST) is sound
