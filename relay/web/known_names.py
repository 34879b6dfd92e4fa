"""The names under which anybody ever sent: their addresses stay, though nobody sends now."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from relay.errors import BadName
from relay.events import NameChanged, StreamEnded, StreamStarted
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.private_file import write_whole
from relay.rtp.packet import RtpPacket
from relay.rtp.silence import silenced

logger = logging.getLogger(__name__)

SECONDS = 1.0

FILE_NAME = "names.json"
MAX_NAMES = 500
"""Far more than a house has rooms; beyond it the name that sent longest ago goes."""
MAX_FILE_BYTES = 1024 * 1024
WRITE_EVERY_S = 1 * SECONDS
RETRY_AFTER_S = 60 * SECONDS
"""A disk that is full is not tried again at once."""


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name, and when it was last on the air."""

    name: StreamName
    last_seen: float
    """Seconds since 1970."""
    muted: bool = False
    """Whether the house passes on silence in place of what is sent under it."""


class KnownNames:
    """
    Learns every name that goes on the air, and keeps them in a file. An async context manager.

    What the house has muted stays so, whoever sends it next, until it is let through again.

    One task writes the file, in a thread and at most once a second; what is not written
    yet is written when the block is left.
    """

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        folder: Path | None,
        *,
        wall: Callable[[], float] = time.time,
        write_every_s: float = WRITE_EVERY_S,
        retry_after_s: float = RETRY_AFTER_S,
    ) -> None:
        """Without a folder the names live as long as the process."""
        self._relay = relay
        self._path = folder / FILE_NAME if folder else None
        self._wall = wall
        self._write_every_s = write_every_s
        self._retry_after_s = retry_after_s
        self._names: dict[str, KnownName] = {}
        """By slug; who was on the air last stands last."""
        self._on_air: dict[str, StreamName] = {}
        """By stream id: the relay has forgotten a stream when it tells of its end."""
        self._written = ""
        """What stands in the file, as far as is known."""
        self._changed = asyncio.Event()
        self._leaving = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._unsubscribe: tuple[Callable[[], None], ...] = ()
        self.writes = 0
        self.writes_failed = 0

    def __iter__(self) -> Iterator[KnownName]:
        """Yield the names, the one last on the air last."""
        return iter(tuple(self._names.values()))

    def __len__(self) -> int:
        return len(self._names)

    def find(self, slug: str) -> KnownName | None:
        return self._names.get(slug)

    def known(self, slug: str) -> StreamName | None:
        """Return the name that once sent under this address."""
        found = self._names.get(slug)
        return found.name if found else None

    def text_of(self, slug: str) -> str | None:
        """Return how the name of an address is written."""
        name = self.known(slug)
        return name.text if name else None

    def forget(self, slug: str) -> bool:
        """Forget a name until it sends again; return whether it was known."""
        if self._names.pop(slug, None) is None:
            return False
        self._changed_of(slug)
        return True

    def set_muted(self, slug: str, muted: bool) -> None:
        """Mute a name or let it through; what is not known is left alone. Idempotent."""
        known = self._names.get(slug)
        if known is None or known.muted == muted:
            return
        self._names[slug] = replace(known, muted=muted)
        if (stream := self._relay.by_slug(slug)) is not None:
            stream.mute_by_house(silenced if muted else None)
        logger.info("%s is %s", slug, "muted" if muted else "let through again")
        self._changed_of(slug)

    async def __aenter__(self) -> "KnownNames":
        if self._path:
            await self._load(self._path)
        events = self._relay.events
        self._unsubscribe = (
            events.subscribe(StreamStarted, self._started),
            events.subscribe(StreamEnded, self._ended),
        )
        for stream in self._relay.streams:
            self._started(StreamStarted(stream.id))
        self._writer = asyncio.create_task(self._keep(), name="known names")
        return self

    async def __aexit__(self, *_: object) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        if self._writer is not None:
            self._leaving.set()
            self._changed.set()
            await self._writer
            self._writer = None

    # --- what the relay tells -----------------------------------------------------------

    def _started(self, event: StreamStarted) -> None:
        stream = next((s for s in self._relay.streams if s.id == event.stream_id), None)
        if stream is not None and stream.name is not None:
            self._on_air[stream.id] = stream.name
            self._see(stream.name)
            if self._names[stream.name.slug].muted:
                stream.mute_by_house(silenced)

    def _ended(self, event: StreamEnded) -> None:
        name = self._on_air.pop(event.stream_id, None)
        if name is not None and name.slug in self._names:
            self._see(name)

    def _see(self, name: StreamName) -> None:
        before = self._names.pop(name.slug, None)
        muted = before is not None and before.muted
        self._names[name.slug] = KnownName(name, round(self._wall(), 3), muted)
        if len(self._names) > MAX_NAMES:
            self._drop_oldest()
        self._changed_of(name.slug)

    def _changed_of(self, slug: str) -> None:
        self._changed.set()
        self._relay.events.publish(NameChanged(slug))

    def _drop_oldest(self) -> None:
        """Drop the name that was on the air longest ago; never one that is on now, or muted."""
        kept = {name.slug for name in self._on_air.values()}
        kept |= {known.name.slug for known in self if known.muted}
        oldest = next((slug for slug in self._names if slug not in kept), None)
        if oldest is not None:
            self.forget(oldest)

    # --- the file -----------------------------------------------------------------------

    async def _load(self, path: Path) -> None:
        loaded = await asyncio.to_thread(_read, path)
        self._names = {known.name.slug: known for known in loaded.names[-MAX_NAMES:]}
        self._written = self._text()
        if loaded.faults:
            await self._put_aside(path, loaded.faults[0])

    async def _put_aside(self, path: Path, fault: str) -> None:
        """Keep a file that is not as we write it, for whoever misses what was in it."""
        aside = path.with_name(f"names-{int(self._wall())}.broken")
        logger.warning("%s is put aside as %s: %s", path, aside.name, fault)
        try:
            await asyncio.to_thread(path.replace, aside)
        except OSError as error:
            logger.warning("%s cannot be put aside: %s", path, error)
        self._written = ""
        self._changed.set()

    async def _keep(self) -> None:
        """Write whatever is new, until told to leave; what is new then is written last."""
        while not self._leaving.is_set():
            await self._changed.wait()
            written = await self._write()
            pause_s = self._write_every_s if written else self._retry_after_s
            try:
                async with asyncio.timeout(pause_s):
                    await self._leaving.wait()
            except TimeoutError:
                pass
        await self._write()

    async def _write(self) -> bool:
        """Write the names if they are new. Return whether the file is as it should be."""
        self._changed.clear()
        text = self._text()
        if self._path is None or text == self._written:
            return True
        try:
            await asyncio.to_thread(write_whole, self._path, text.encode())
        except OSError as error:
            logger.warning("%s cannot be written: %s", self._path, error)
            self.writes_failed += 1
            self._changed.set()
            return False
        self._written = text
        self.writes += 1
        return True

    def _text(self) -> str:
        rows = [
            {"name": k.name.text, "last_seen": k.last_seen, "muted": k.muted}
            for k in self
        ]
        return json.dumps({"names": rows}, ensure_ascii=False, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What a file gave, and what in it was no name."""

    names: tuple[KnownName, ...]
    faults: tuple[str, ...]


def _read(path: Path) -> _Loaded:
    """Read what can be read; what cannot is a fault. A file that is not there has none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return _Loaded((), ())
    except OSError as error:
        return _Loaded((), (f"it cannot be read ({error.strerror})",))
    if len(data) > MAX_FILE_BYTES:
        return _Loaded((), ("it is too large",))
    try:
        rows = json.loads(data)["names"]
        if not isinstance(rows, list):
            raise TypeError("no list of names")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return _Loaded((), (f"it is no list of names ({error})",))
    names, faults = [], []
    for row in rows:
        try:
            names.append(_known(row))
        except (BadName, TypeError, KeyError, ValueError) as error:
            faults.append(f"{row!r:.80} is no name ({error})")
    names.sort(key=lambda known: known.last_seen)
    return _Loaded(tuple(names), tuple(faults))


def _known(row: Any) -> KnownName:
    name, last_seen, muted = row["name"], row["last_seen"], row.get("muted", False)
    if (
        not isinstance(name, str)
        or not isinstance(last_seen, int | float)
        or not isinstance(muted, bool)
    ):
        raise TypeError("a field of the wrong kind")
    return KnownName(StreamName.parse(name), float(last_seen), muted)
