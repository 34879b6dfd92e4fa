"""The head of a source client's request, as the usual programs write it."""

import pytest

from relay.sources.icecast_answer import Refusal
from relay.sources.icecast_request import parse

FFMPEG = (
    b"PUT /live.mp3 HTTP/1.1\r\nUser-Agent: Lavf/59.27.100\r\nAccept: */*\r\n"
    b"Expect: 100-continue\r\nConnection: close\r\nHost: 127.0.0.1:8083\r\n"
    b"Content-Type: audio/mpeg\r\nIcy-MetaData: 1\r\nIce-Name: Hi\r\nIce-Public: 0\r\n"
    b"Authorization: Basic c291cmNlOmh1bnRlcjIy\r\n"
)
EZSTREAM = (
    b"SOURCE /kitchen.mp3 HTTP/1.0\r\nHost: 127.0.0.1:8083\r\n"
    b"User-Agent: libshout/2.4.6\r\nContent-Type: audio/mpeg\r\nContent-Length: 0\r\n"
    b"Connection: Keep-Alive\r\nice-public: 0\r\nice-name: My Kitchen\r\n"
)
OLD = b"SOURCE /a%20b ICE/1.0\nContent-Type: application/ogg; x=y\nexpect:\n"
METADATA = (
    b"GET /admin/metadata?mode=updinfo&mount=%2fkitchen%2emp3&charset=UTF%2d8"
    b"&song=F%c3%bcr%20Elise HTTP/1.1\r\nHost: 127.0.0.1:8083\r\n"
)


def test_ffmpeg() -> None:
    """It waits for 100 Continue and has its password ready."""
    request = parse(FFMPEG)
    assert (request.method, request.path) == ("PUT", "/live.mp3")
    assert request.password == b"hunter22"
    assert request.content_type == "audio/mpeg"
    assert request.expects_continue
    assert request.length is None
    assert not request.is_chunked


def test_ezstream() -> None:
    """It asks without a password at first, and its length of 0 does not mean it."""
    request = parse(EZSTREAM)
    assert (request.method, request.path) == ("SOURCE", "/kitchen.mp3")
    assert request.password is None
    assert request.length is None
    assert not request.expects_continue


def test_an_old_program() -> None:
    """Lines may end without a carriage return, and the type may have parameters."""
    request = parse(OLD)
    assert request.path == "/a b"
    assert request.content_type == "application/ogg"


def test_metadata() -> None:
    """Its query is read byte by byte; the song's encoding is found later."""
    request = parse(METADATA)
    assert request.path == "/admin/metadata"
    assert request.query["mount"] == "/kitchen.mp3"
    assert request.query["song"].encode("latin-1").decode() == "Für Elise"


def test_a_length_counts_for_a_put() -> None:
    """Only if it is a number."""
    assert parse(b"PUT /a HTTP/1.1\r\nContent-Length: 12\r\n").length == 12
    assert parse(b"PUT /a HTTP/1.1\r\nContent-Length: -1\r\n").length is None
    assert parse("PUT /a HTTP/1.1\r\nContent-Length: ²\r\n".encode()).length is None


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"", 400),
        (b"hunter22", 400),
        (b"PUT /a", 400),
        (b"PUT /a HTTP/2.0", 400),
        (b"PUT  /a HTTP/1.1", 400),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"POST /a HTTP/1.1", 405),
        (b"OPTIONS * HTTP/1.1", 405),
        (b"PUT http://[/ HTTP/1.1", 400),
        (b"PUT /a HTTP/1.1\r\nno colon\r\n", 400),
        (b"PUT /a HTTP/1.1\r\n: no name\r\n", 400),
        (b"PUT /a HTTP/1.1\r\n" + b"".join(b"a%d: b\r\n" % n for n in range(65)), 400),
        (b"GET /a?" + b"&".join(b"a=1" for _ in range(40)) + b" HTTP/1.1", 400),
        (b"PUT /a HTTP/1.1\r\na: " + b"b" * 9000, 431),
    ],
)
def test_what_is_no_such_request_is_refused(head: bytes, status: int) -> None:
    """With a status that says whose fault it is."""
    with pytest.raises(Refusal) as refusal:
        parse(head)
    assert refusal.value.status == status


@pytest.mark.parametrize(
    "value", ["", "Basic", "Basic !", "Basic aGFsbG8=", "Bearer abc", "Basic \xff"]
)
def test_a_password_that_cannot_be_read_is_none(value: str) -> None:
    """Neither is one without a colon, or of another kind."""
    head = f"PUT /a HTTP/1.1\r\nAuthorization: {value}\r\n".encode("latin-1")
    assert parse(head).password is None


def test_a_password_may_have_colons() -> None:
    """The first one ends the user's name (RFC 7617, section 2)."""
    assert (
        parse(b"PUT /a HTTP/1.1\r\nauthorization: basic YTpiOmM=\r\n").password
        == b"b:c"
    )
