"""What the server makes of a request for sound."""

import pytest

from relay.audio.formats import AAC, FLAC, FORMATS, MP3, OGG, WAV, AudioFormat
from relay.consumers.broadcast import HISTORY_BYTES
from relay.errors import BadRequest
from relay.web.player_request import (
    BURST_OF_BROWSERS_BYTES,
    MAX_BURST_BYTES,
    Accepted,
    PlayerRequest,
    split_path,
)

CHROMIUM = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
CHROMECAST = f"{CHROMIUM} CrKey/1.56.500000"
IPHONE = "AppleCoreMedia/1.0.0.22F76 (iPhone; U; CPU OS 18_5 like Mac OS X; en_us)"
BROWSER_ACCEPT = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
)
FIREFOX_AUDIO_ACCEPT = (
    "audio/webm,audio/ogg,audio/wav,audio/*;q=0.9,application/ogg;q=0.7,"
    "video/*;q=0.6,*/*;q=0.5"
)


def read(
    extension: str | None = "mp3", query: dict[str, str] | None = None, **headers: str
) -> PlayerRequest:
    """Read a request; the names of headers have ``_`` for ``-``."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return PlayerRequest.read(extension, query or {}, fields)


def test_a_plain_player_gets_what_is_usual() -> None:
    """MP3 without titles, without DLNA, without much sound of before."""
    assert read(User_Agent="mpg123/1.31.2", Accept="*/*") == PlayerRequest(MP3)


@pytest.mark.parametrize("extension", FORMATS)
def test_the_extension_decides(extension: str) -> None:
    """Whatever the player says that it accepts."""
    assert read(extension, Accept="audio/x-unheard-of").audio is FORMATS[extension]


@pytest.mark.parametrize(
    ("accept", "audio"),
    [
        ("", MP3),
        ("*/*", MP3),
        ("audio/*", MP3),
        ("audio/mpeg", MP3),
        ("audio/aac", AAC),
        ("audio/aacp, */*;q=0.1", AAC),
        ("AUDIO/OGG", OGG),
        ("application/ogg", OGG),
        ("audio/flac;q=0.9, audio/mpeg;q=0.5", FLAC),
        ("audio/x-wav", WAV),
        ("audio/mpeg;q=0, audio/*", AAC),
        ("audio/mpeg;q=0.2, audio/ogg; q = 0.2001", OGG),
        ("audio/flac;q=2, audio/wav;q=0.1", WAV),
        ("audio/flac;q=nan, audio/wav;q=0.1", WAV),
        ("nonsense", MP3),
        ("text/html", MP3),
        ("audio/*;q=0.1, audio/wav;level=1;q=0.5", WAV),
        (FIREFOX_AUDIO_ACCEPT, OGG),
    ],
)
def test_without_an_extension_the_player_chooses(
    accept: str, audio: AudioFormat
) -> None:
    """By ``Accept`` and its weights; of several equals the most usual."""
    assert read(None, Accept=accept).audio is audio


def test_the_most_exact_range_counts() -> None:
    """Not the one that comes first, nor the one that likes it best."""
    accepted = Accepted.parse("*/*;q=0.9, audio/*;q=0.5, audio/flac;q=0.1")
    assert accepted.liking("audio/flac") == 0.1
    assert accepted.liking("audio/wav") == 0.5
    assert accepted.liking("image/png") == 0.9
    assert Accepted.parse("audio/flac").liking("audio/wav") == 0.0


def test_bit_rate_and_channels_may_be_chosen() -> None:
    """The bit rate in kbit/s, as in the options."""
    request = read(query={"bitrate": "128", "channels": "2"})
    assert (request.bitrate_bps, request.channels) == (128_000, 2)


@pytest.mark.parametrize("extension", ["ogg", "flac", "wav"])
def test_what_loses_nothing_has_no_bit_rate(extension: str) -> None:
    """One in the address is of no effect, so that only the extension need be changed."""
    assert read(extension, {"bitrate": "128"}).bitrate_bps is None


@pytest.mark.parametrize(
    "query",
    [
        {"bitrate": "129"},
        {"bitrate": ""},
        {"bitrate": " 128"},
        {"bitrate": "١٢٨"},
        {"channels": "0"},
        {"channels": "6"},
        {"burst": "-1"},
        {"burst": ""},
        {"burst": "64k"},
        {"burst": "+1"},
        {"burst": "1_000"},
        {"burst": str(MAX_BURST_BYTES + 1)},
        {"burst": "9" * 5000},
    ],
    ids=str,
)
def test_a_value_that_is_not_allowed_is_refused_in_words(query: dict[str, str]) -> None:
    """With its name, so that it is found in a long address."""
    (key,) = query
    with pytest.raises(BadRequest, match=f"^{key}="):
        read(query=query)


def test_an_unknown_question_is_no_fault() -> None:
    """Players and proxies add their own."""
    assert read(query={"_": "1790000000"}) == PlayerRequest(MP3)


@pytest.mark.parametrize("agent", [CHROMIUM, FIREFOX])
def test_a_browsers_window_gets_the_page(agent: str) -> None:
    """Whatever the extension."""
    assert read("flac", Accept=BROWSER_ACCEPT, User_Agent=agent).wants_page


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "*/*"},
        {"Accept": "text/*"},
        {"Accept": "text/html;q=0, */*"},
        {"Accept": BROWSER_ACCEPT, "Range": "bytes=0-"},
        {"Accept": BROWSER_ACCEPT, "Icy_MetaData": "1"},
        {"Accept": BROWSER_ACCEPT, "Icy_MetaData": "0"},
        {"Accept": BROWSER_ACCEPT, "Sec_Fetch_Dest": "audio"},
    ],
    ids=str,
)
def test_who_plays_gets_sound(headers: dict[str, str]) -> None:
    """A page would be noise, or an error, to a player."""
    assert not read(**headers).wants_page


def test_titles_come_only_to_who_asks() -> None:
    """By the header alone, whatever its letters."""
    assert read(Icy_MetaData="1").icy
    assert read(icy_metadata=" 1 ").icy
    assert not read(Icy_MetaData="0").icy
    assert not read().icy


@pytest.mark.parametrize(
    ("extension", "icy"),
    [("mp3", True), ("aac", True), ("ogg", False), ("flac", False), ("wav", False)],
)
def test_titles_never_damage_a_container(extension: str, icy: bool) -> None:
    """mpv and VLC ask for them with every format."""
    assert read(extension, Icy_MetaData="1").icy is icy


@pytest.mark.parametrize(
    ("headers", "dlna"),
    [
        ({"getcontentFeatures.dlna.org": "1"}, True),
        ({"transferMode.dlna.org": "Streaming"}, True),
        ({"getcontentFeatures.dlna.org": "0"}, False),
        ({}, False),
    ],
)
def test_a_dlna_renderer_is_known_by_its_headers(
    headers: dict[str, str], dlna: bool
) -> None:
    """Either of the two that it may send."""
    assert PlayerRequest.read("mp3", {}, headers).dlna is dlna


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Dest": "audio"},
        {"Sec_Fetch_Dest": "video"},
        {"User_Agent": CHROMIUM, "Range": "bytes=0-"},
        {"User_Agent": FIREFOX, "Range": "bytes=0-"},
        {"User_Agent": IPHONE, "Range": "bytes=0-1"},
        {"User_Agent": CHROMECAST},
    ],
    ids=str,
)
def test_who_reads_much_before_it_plays_gets_much_at_once(
    headers: dict[str, str],
) -> None:
    """Otherwise a browser is silent for seconds."""
    assert read(**headers).burst_bytes == BURST_OF_BROWSERS_BYTES == 65_536


@pytest.mark.parametrize(
    "headers",
    [
        {"User_Agent": "VLC/3.0.24 LibVLC/3.0.24", "Range": "bytes=0-"},
        {"User_Agent": "Lavf/61.7.100", "Range": "bytes=0-"},
        {"User_Agent": CHROMIUM},
        {"User_Agent": CHROMIUM, "Range": "bytes=100-"},
        {},
    ],
    ids=str,
)
def test_everybody_else_is_as_near_to_live_as_can_be(headers: dict[str, str]) -> None:
    """The least that the sound needs to start."""
    assert read(**headers).burst_bytes is None


def test_nobody_may_ask_for_more_than_is_kept() -> None:
    """The limit is said, rather than less given without a word."""
    assert MAX_BURST_BYTES == HISTORY_BYTES


@pytest.mark.parametrize("burst", [0, 24_000, MAX_BURST_BYTES])
def test_the_address_may_choose_the_burst(burst: int) -> None:
    """Against the rule for its kind, too."""
    assert read(query={"burst": str(burst)}).burst_bytes == burst
    assert (
        read(query={"burst": str(burst)}, Sec_Fetch_Dest="audio").burst_bytes == burst
    )


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("nursery.mp3", ("nursery", "mp3")),
        ("nursery.MP3", ("nursery", "mp3")),
        ("nursery", ("nursery", None)),
        ("dr. no.ogg", ("dr. no", "ogg")),
        ("dr. no", ("dr. no", None)),
        ("nursery.mp4", ("nursery.mp4", None)),
        (".mp3", ("", "mp3")),
    ],
)
def test_a_path_is_a_stream_and_an_extension(
    path: str, parts: tuple[str, str | None]
) -> None:
    """A dot that begins no extension of ours belongs to the name."""
    assert split_path(path) == parts
