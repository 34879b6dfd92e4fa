"""What a player asks for: read from the address, the query and the headers of its request."""

from collections.abc import Mapping
from dataclasses import dataclass

from relay.audio.formats import BITRATES_KBPS, CHANNELS, FORMATS, MP3, AudioFormat
from relay.errors import BadRequest
from relay.settings import KBIT_PER_S

BURST_OF_BROWSERS_BYTES = 64 * 1024
"""
A media element starts to play when it has read a certain amount, Chromecasts the like.

Chromium 156, MP3 at 128 kbit/s from this server: 0.02 s after the request with 32 KiB or
more, 0.5 s with 24,000 bytes, 2.1 s with none. From a server that only logged, 64 KiB were
needed, and it was 7 s without, so 64 KiB it is. The price is that it may play 4 s late: it
is for those alone who would otherwise wait.
"""
MAX_BURST_BYTES = 128 * 1024
"""What is kept of the sound for those who come."""

MAX_BACK_S = 3600
"""What can be asked for; how much is kept is another matter, and who gets less begins there."""

_PAGE = "text/html"
_MEDIA = ("audio", "video")
_BROWSERS = ("chrome/", "firefox/", "applewebkit/", "applecoremedia/")
_CHROMECAST = "crkey/"


@dataclass(frozen=True, slots=True)
class PlayerRequest:
    """A request for the sound of a stream, in the server's own words."""

    audio: AudioFormat
    bitrate_bps: int | None = None
    """None: the one of the option, or the format has none to choose."""
    channels: int | None = None
    """None: as many as the stream has by default."""
    wants_page: bool = False
    """Whether a person opened the address in a browser, who is better served with a page."""
    icy: bool = False
    """Whether titles may stand between the sound, which the player asked for."""
    dlna: bool = False
    """Whether the player goes by DLNA's headers."""
    burst_bytes: int | None = None
    """How much sound of before it gets at once; None: as little as the sound needs to start."""
    back_s: int = 0
    """How far in the past it wants to begin; 0: at what is live."""

    @classmethod
    def read(
        cls,
        extension: str | None,
        query: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> "PlayerRequest":
        """
        Read a request for an extension of `FORMATS`, or for whatever its ``Accept`` likes.

        Raises `BadRequest` for a query that asks for what there is not.
        """
        fields = {name.lower(): value for name, value in headers.items()}
        accepted = Accepted.parse(fields.get("accept", ""))
        audio = FORMATS[extension] if extension else accepted.best()
        bitrate_kbps = _choice(query, "bitrate", BITRATES_KBPS)
        return cls(
            audio=audio,
            bitrate_bps=bitrate_kbps * KBIT_PER_S
            if bitrate_kbps and audio.has_bitrate
            else None,
            channels=_choice(query, "channels", CHANNELS),
            wants_page=_wants_page(accepted, fields),
            icy=fields.get("icy-metadata", "").strip() == "1" and audio.carries_titles,
            dlna="transfermode.dlna.org" in fields
            or fields.get("getcontentfeatures.dlna.org", "").strip() == "1",
            burst_bytes=_burst(query, fields),
            back_s=_number(query, "back", MAX_BACK_S, "seconds") or 0,
        )


def split_path(path: str) -> tuple[str, str | None]:
    """
    Return the address of a stream and the extension, if it is that of a format.

    Names may have dots: what follows the last one is part of the name unless we know it.
    """
    address, dot, extension = path.rpartition(".")
    extension = extension.lower()
    return (address, extension) if dot and extension in FORMATS else (path, None)


@dataclass(frozen=True, slots=True)
class Accepted:
    """An ``Accept`` header: how much each range of types is liked (RFC 9110, 12.5.1)."""

    ranges: Mapping[str, float]

    @classmethod
    def parse(cls, header: str) -> "Accepted":
        """Read a header; a part that breaks the rules counts as not said."""
        ranges: dict[str, float] = {}
        for part in header.lower().split(","):
            name, *parameters = (piece.strip() for piece in part.split(";"))
            quality = _quality(parameters)
            if "/" in name and quality is not None:
                ranges[name] = max(quality, ranges.get(name, 0.0))
        return cls(ranges)

    def liking(self, content_type: str) -> float:
        """Return 0 to 1; the most exact range counts."""
        kind = content_type.partition("/")[0]
        for name in (content_type, f"{kind}/*", "*/*"):
            if name in self.ranges:
                return self.ranges[name]
        return 0.0

    def best(self) -> AudioFormat:
        """Return the format liked best; MP3 for who likes none: what else could help it?"""
        return max(FORMATS.values(), key=self._liking_of) if self.ranges else MP3

    def _liking_of(self, audio: AudioFormat) -> float:
        """Return how much a format is liked by the name that the player has for it."""
        names = (audio.content_type, *audio.other_types)
        said = [self.ranges[name] for name in names if name in self.ranges]
        return max(said) if said else self.liking(audio.content_type)


def _quality(parameters: list[str]) -> float | None:
    """Return the weight among a range's parameters, 1 without one, None for nonsense."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
            return quality if 0 <= quality <= 1 else None
    return 1.0


def _wants_page(accepted: Accepted, fields: Mapping[str, str]) -> bool:
    """Whether it is a browser's window that asks: no player says ``text/html`` by name."""
    return (
        accepted.ranges.get(_PAGE, 0.0) > 0
        and not {"range", "icy-metadata"} & fields.keys()
        and fields.get("sec-fetch-dest") not in _MEDIA
    )


def _burst(query: Mapping[str, str], fields: Mapping[str, str]) -> int | None:
    burst = _number(query, "burst", MAX_BURST_BYTES, "bytes")
    if burst is None and _starts_late(fields):
        return BURST_OF_BROWSERS_BYTES
    return burst


def _number(query: Mapping[str, str], key: str, most: int, unit: str) -> int | None:
    text = query.get(key)
    if text is None:
        return None
    # Nothing else that int() takes: no sign, no space, no digits of other scripts.
    if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= most:
        return int(text)
    raise BadRequest(f"{key}={text!r} is not a number of {unit}, 0 to {most}")


def _starts_late(fields: Mapping[str, str]) -> bool:
    """
    Whether a media element asks, which reads much before it plays.

    Over plain http browsers do not send ``Sec-Fetch-Dest``; there the range that media
    elements ask for tells them from programs that only call themselves a browser.
    """
    agent = fields.get("user-agent", "").lower()
    return (
        fields.get("sec-fetch-dest") in _MEDIA
        or _CHROMECAST in agent
        or (
            any(mark in agent for mark in _BROWSERS)
            and fields.get("range", "").startswith("bytes=0-")
        )
    )


def _choice(query: Mapping[str, str], key: str, choices: tuple[int, ...]) -> int | None:
    text = query.get(key)
    if text is None:
        return None
    for choice in choices:
        if text == str(choice):
            return choice
    allowed = ", ".join(map(str, choices))
    raise BadRequest(f"{key}={text!r} is not one of {allowed}")
