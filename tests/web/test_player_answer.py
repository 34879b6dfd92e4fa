"""What players are told before the sound comes."""

import pytest

from relay.audio.formats import FLAC, FORMATS, MP3, AudioFormat, Encoding
from relay.web.player_answer import answer_headers, dlna_features, header_text
from relay.web.player_request import PlayerRequest


def headers_of(request: PlayerRequest, name: str = "") -> dict[str, str]:
    encoding = Encoding.chosen(request.audio, default_bps=96_000)
    return answer_headers(request, name, encoding)


def test_a_plain_answer() -> None:
    """A bare type, no range, no store, closed at the end, and what makes VLC come back."""
    assert headers_of(PlayerRequest(MP3), "Nursery") == {
        "Content-Type": "audio/mpeg",
        "icy-name": "Nursery",
        "icy-br": "96",
        "icy-pub": "0",
        "Accept-Ranges": "none",
        "Connection": "close",
        "Cache-Control": "no-cache, no-store",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept, Range, Icy-MetaData",
        "Cross-Origin-Resource-Policy": "same-site",
    }


@pytest.mark.parametrize("audio", FORMATS.values(), ids=FORMATS)
def test_the_type_is_the_formats_own(audio: AudioFormat) -> None:
    """And without a length, because there is none."""
    headers = headers_of(PlayerRequest(audio))
    assert headers["Content-Type"] == audio.content_type
    assert not {"Content-Length", "Transfer-Encoding"} & set(headers)


def test_a_stream_without_a_name_has_the_products() -> None:
    """VLC goes by any ``icy`` header, so there is always one."""
    for name in ("", "\r\n"):
        headers = headers_of(PlayerRequest(MP3), name)
        assert headers["icy-name"] == "Earshot"


def test_titles_are_announced_to_who_asked() -> None:
    """With the distance that the framer keeps."""
    headers = headers_of(PlayerRequest(MP3, icy=True))
    assert headers["icy-metaint"] == "16000"


def test_what_loses_nothing_names_no_bit_rate() -> None:
    """It would be wrong."""
    assert "icy-br" not in headers_of(PlayerRequest(FLAC))


def test_a_dlna_renderer_is_told_that_it_is_live() -> None:
    """No seeking, a stream, and the profile by which it knows MP3."""
    headers = headers_of(PlayerRequest(MP3, dlna=True))
    assert headers["transferMode.dlna.org"] == "Streaming"
    assert headers["contentFeatures.dlna.org"] == (
        "DLNA.ORG_PN=MP3;DLNA.ORG_OP=00;DLNA.ORG_CI=0;"
        "DLNA.ORG_FLAGS=8D100000000000000000000000000000"
    )


def test_a_format_that_dlna_does_not_know_names_no_profile() -> None:
    """A wrong one would be refused; none is looked into."""
    assert dlna_features(None).startswith("DLNA.ORG_OP=00;")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ännes Zimmer 🎤", "Ännes Zimmer 🎤"),
        ("one\r\nSet-Cookie: two", "one  Set-Cookie: two"),
        ("nul\x00", "nul"),
        ("\x85next\u2028line\ud800", "next line"),
    ],
)
def test_a_name_is_one_line(name: str, text: str) -> None:
    """Whatever a sender calls itself."""
    assert header_text(name) == text
