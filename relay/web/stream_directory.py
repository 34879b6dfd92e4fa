"""The directory of streams: who sends now, who ever sent, and where players hear them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from relay.audio.formats import FORMATS, MP3, AudioFormat
from relay.consumers.http_broadcast import LATEST
from relay.errors import StreamNotFound
from relay.hub.identity import slug_of
from relay.web.known_names import KnownNames
from relay.web.playlists import PLAYLISTS, Entry
from relay.web.stream_list import StreamList

SILENT = "silent"
LIVE = "live"


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One address under which players hear something, be it silence."""

    name: str | None
    slug: str | None
    stream_id: str | None
    """None while nobody sends under the name."""
    state: str
    """``live``, ``stalled`` or ``silent``."""
    receivers: int = 0
    listeners: int = 0
    last_seen: float | None = None
    """Seconds since 1970; None: on the air now."""

    @property
    def address(self) -> str:
        """What stands in its addresses: the slug, which stays, or else the id."""
        return self.slug or self.stream_id or ""

    @property
    def title(self) -> str:
        return self.name or f"Unnamed {self.address[7:11]}"

    def url(self, base: str, extension: str, query: str = "") -> str:
        """Return an absolute address; slugs and ids need no escaping."""
        url = f"{base}/stream/{self.address}.{extension}"
        return f"{url}?{query}" if query else url


class StreamDirectory:
    """Puts the live streams and the known names into one list."""

    def __init__(
        self, streams: StreamList, names: KnownNames, *, silent_too: bool = True
    ) -> None:
        """``silent_too`` is whether a name that nobody sends under can be heard as silence."""
        self._streams = streams
        self._names = names
        self._silent_too = silent_too

    def entries(self) -> tuple[DirectoryEntry, ...]:
        """Return those on the air, the newest last, then the others by name."""
        on_air = [
            DirectoryEntry(
                name=stream.name,
                slug=stream.slug,
                stream_id=stream.stream_id,
                state=stream.state,
                receivers=stream.receivers,
                listeners=stream.listeners,
            )
            for stream in self._streams.details()
        ]
        slugs = {entry.slug for entry in on_air}
        silent = [
            DirectoryEntry(
                known.name.text,
                known.name.slug,
                None,
                SILENT,
                last_seen=known.last_seen,
            )
            for known in self._names
            if known.name.slug not in slugs
        ]
        return (*on_air, *sorted(silent, key=lambda entry: entry.address))

    def find(self, address: str) -> DirectoryEntry:
        """Return what an id, a name or ``latest`` stands for. Raises `StreamNotFound`."""
        if address in ("", LATEST):
            return DirectoryEntry("Whatever is newest", LATEST, None, SILENT)
        slug = slug_of(address)
        for entry in self.entries():
            if entry.stream_id == address or (slug and entry.slug == slug):
                return entry
        raise StreamNotFound(f"nobody ever sent under {address!r}")

    def playlist(
        self, base: str, audio: AudioFormat = MP3, query: str = ""
    ) -> Sequence[Entry]:
        """Return everything that can be heard, for a playlist."""
        return [
            Entry(entry.title, entry.url(base, audio.extension, query))
            for entry in self.entries()
            if entry.state != SILENT or self._silent_too
        ]

    def as_json(self, base: str) -> dict[str, Any]:
        """Return the directory with absolute addresses, for programs."""
        return {"streams": [_row(entry, base) for entry in self.entries()]}


def _row(entry: DirectoryEntry, base: str) -> dict[str, Any]:
    return {
        **asdict(entry),
        "live": entry.state == LIVE,
        "urls": {extension: entry.url(base, extension) for extension in FORMATS},
        "playlists": {kind: entry.url(base, kind) for kind in PLAYLISTS},
    }
