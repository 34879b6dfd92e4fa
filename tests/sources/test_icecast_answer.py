"""Answers are whole, so that a client may ask again on the same connection."""

import pytest

from relay.sources.icecast_answer import CONTINUE, WELCOME, answer, unauthorized


@pytest.mark.parametrize(("keep", "word"), [(True, "keep-alive"), (False, "close")])
def test_an_answer_says_how_long_it_is(keep: bool, word: str) -> None:
    """And whether another one may follow."""
    head, _, body = answer(403, "Übel\n", keep_alive=keep).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 403 Forbidden"
    assert f"Content-Length: {len(body)}" in lines
    assert f"Connection: {word}" in lines
    assert body.decode() == "Übel\n"


def test_who_has_no_password_is_told_which_kind_is_wanted() -> None:
    """RFC 7235, section 4.1."""
    refusal = unauthorized("no")
    text = answer(refusal.status, str(refusal), *refusal.headers).decode()
    assert '\r\nWWW-Authenticate: Basic realm="Earshot"\r\n' in text


def test_who_may_begin_is_told_so() -> None:
    """ffmpeg wants a length behind 100; a 200 without one is open to its end."""
    assert CONTINUE.startswith(b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n")
    assert b"Content-Length" not in WELCOME
