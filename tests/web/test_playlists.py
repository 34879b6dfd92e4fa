"""Playlists, line by line."""

import pytest

from relay.errors import BadRequest
from relay.web.playlists import Entry, base_url, m3u, pls

NURSERY = Entry("Ännes Zimmer", "http://relay:8081/stream/annes-zimmer.mp3")
PORCH = Entry("Porch", "http://relay:8081/stream/porch.mp3")
HOSTILE = Entry("x\r\n#EXTINF\nFile9=\u2028http://evil/", "http://relay/a.mp3\nb")


def test_an_m3u_names_every_stream() -> None:
    """Each without an end."""
    assert m3u([NURSERY, PORCH]) == (
        "#EXTM3U\n"
        "#EXTINF:-1,Ännes Zimmer\n"
        "http://relay:8081/stream/annes-zimmer.mp3\n"
        "#EXTINF:-1,Porch\n"
        "http://relay:8081/stream/porch.mp3\n"
    )


def test_a_pls_counts_them() -> None:
    """From one."""
    assert pls([NURSERY, PORCH]) == (
        "[playlist]\n"
        "NumberOfEntries=2\n"
        "File1=http://relay:8081/stream/annes-zimmer.mp3\n"
        "Title1=Ännes Zimmer\n"
        "Length1=-1\n"
        "File2=http://relay:8081/stream/porch.mp3\n"
        "Title2=Porch\n"
        "Length2=-1\n"
        "Version=2\n"
    )


def test_a_playlist_may_be_empty() -> None:
    """A house in which nobody ever sent."""
    assert m3u([]) == "#EXTM3U\n"
    assert pls([]) == "[playlist]\nNumberOfEntries=0\nVersion=2\n"


def test_a_name_cannot_bring_a_line_of_its_own() -> None:
    """Nor can an address."""
    assert len(m3u([HOSTILE]).splitlines()) == len(m3u([PORCH]).splitlines())
    assert len(pls([HOSTILE]).splitlines()) == len(pls([PORCH]).splitlines())


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "192.168.1.5:8081",
        "[fd00::1]:8081",
        "[::1]",
        "my-house.fritz.box:65535",
        "under_score",
    ],
)
def test_an_address_begins_with_the_requests_host(host: str) -> None:
    """So that it works from where it was asked for."""
    assert base_url("http", host) == f"http://{host}"
    assert base_url("https", host) == f"https://{host}"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "user@evil.example",
        "evil.example/path",
        "evil.example#",
        "evil\nFile2=x",
        "host:0",
        "host:65536",
        "host:",
        "host:80:80",
        "[::1",
        "::1",
        "[evil]",
        "-dash",
        "höst",
        "a" * 300,
        "host:\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_a_host_that_is_none_is_refused(host: str) -> None:
    """It would stand in every address of the list."""
    with pytest.raises(BadRequest):
        base_url("http", host)


def test_a_scheme_is_one_of_two() -> None:
    """Whatever a proxy says."""
    with pytest.raises(BadRequest):
        base_url("javascript", "localhost")
