"""Everything that is listened to over HTTP: programmes by address, broadcasts by format."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from relay.audio.formats import OGG, Encoding
from relay.consumers.broadcast import Broadcast, PacketBroadcast, SoundBroadcast
from relay.consumers.decoder import DecoderPool, PacketStream
from relay.consumers.listener import REASONS, Framer, Listener
from relay.consumers.media_worker import MediaWorker
from relay.consumers.opus_programme import OpusProgramme
from relay.consumers.preroll import Preroll
from relay.consumers.sound_programme import SoundProgramme
from relay.consumers.tuner import Tuner
from relay.errors import CapacityExceeded, StreamNotFound
from relay.hub.identity import slug_of
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import Mp3Settings

LINGER_S = 5.0
"""An encoder goes on for so long without listeners: players that ask twice find it warm."""

MAX_BROADCASTS = 64
"""Encoders at once, of all addresses and formats."""

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Place:
    """What an address stands for."""

    address: str
    """An id, a slug or ``latest``; the same for all spellings of a name."""
    name: str
    endless: bool
    """Whether listeners stay when the stream is over; an id does not come back."""


@dataclass(frozen=True, slots=True)
class ListenerWishes:
    """What one listener asks for."""

    burst_bytes: int | None = None
    """What it gets at once; None: half a second."""
    framer: Framer | None = None
    player: str = ""
    welcome: Callable[[], bool] = lambda: True
    """Whether it may stay; asked as long as it listens."""
    tuned: Callable[[PacketStream | None], None] = lambda _: None
    """Told what it hears: at first, and whenever that is another stream or silence."""


@dataclass(frozen=True, slots=True)
class ListenerReport:
    """How one listener hears."""

    address: str
    format: str
    bitrate_bps: int | None
    player: str
    seconds: float
    behind_bytes: int
    """Made for it and not arrived at it yet."""
    bytes_written: int
    bytes_skipped: int
    skips: int


@dataclass(slots=True)
class _OnAir:
    """A programme, its broadcasts by format, and those of them that are about to stop."""

    place: Place
    programme: SoundProgramme | OpusProgramme
    broadcasts: dict[Encoding, Broadcast]
    counted: PacketStream | None = None
    """The stream that was told of the listeners."""


class Broadcasts:
    """What somebody listens to; nothing is encoded for the others."""

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        decoders: DecoderPool,
        worker: MediaWorker,
        settings: Mp3Settings,
        *,
        name_of: Callable[[str], str | None] = lambda _: None,
        linger_s: float = LINGER_S,
    ) -> None:
        """``name_of`` tells the name that a slug belongs to, if anybody ever sent under it."""
        self._relay = relay
        self._decoders = decoders
        self._worker = worker
        self._settings = settings
        self._name_of = name_of
        self._linger_s = linger_s
        self._preroll = Preroll(worker)
        self._on_air: dict[tuple[str, bool], _OnAir] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self.listeners_total = 0
        self.listeners_ended = Counter(dict.fromkeys(REASONS, 0))
        """How many are over, by reason."""
        self._bytes_before = Counter({"written": 0, "skipped": 0, "skips": 0})
        """Of listeners that are over; those present count their own."""

    @property
    def bitrate_bps(self) -> int:
        """Of those who do not choose."""
        return self._settings.bitrate_bps

    @property
    def broadcasts(self) -> int:
        """How many formats of how many addresses are being made."""
        return sum(len(on_air.broadcasts) for on_air in self._on_air.values())

    @property
    def listeners(self) -> int:
        return sum(1 for _ in self._present())

    @property
    def bytes_written(self) -> int:
        present = (listener.bytes_written for _, _, listener in self._present())
        return self._bytes_before["written"] + sum(present)

    @property
    def bytes_skipped(self) -> int:
        present = (listener.bytes_skipped for _, _, listener in self._present())
        return self._bytes_before["skipped"] + sum(present)

    @property
    def skips(self) -> int:
        """How often slow listeners were brought back to the live sound."""
        present = (listener.skips for _, _, listener in self._present())
        return self._bytes_before["skips"] + sum(present)

    def _present(self) -> list[tuple[_OnAir, Broadcast, Listener]]:
        return [
            (on_air, broadcast, listener)
            for on_air in self._on_air.values()
            for broadcast in on_air.broadcasts.values()
            for listener in broadcast.listeners
        ]

    def reports(self) -> list[ListenerReport]:
        """Return how everybody hears, those who came first at the top."""
        present = sorted(self._present(), key=lambda those: those[2].began_at)
        return [
            ListenerReport(
                address=on_air.place.address,
                format=broadcast.encoding.audio.extension,
                bitrate_bps=broadcast.encoding.bitrate_bps,
                player=listener.player,
                seconds=round(listener.lasted_s, 1),
                behind_bytes=listener.behind_bytes,
                bytes_written=listener.bytes_written,
                bytes_skipped=listener.bytes_skipped,
                skips=listener.skips,
            )
            for on_air, broadcast, listener in present
        ]

    def place(self, address: str) -> Place:
        """Return what an address stands for. Raises `StreamNotFound` if it never stood for anything."""
        stream = self._stream_at(address)
        name = stream.name.text if stream and stream.name else None
        if stream is not None and stream.id == address:
            return Place(stream.id, name or "", endless=False)
        endless = self._settings.silence_without_sender
        if stream is None and not endless:
            raise StreamNotFound(f"nobody sends under {address!r} now")
        if address == LATEST:
            return Place(LATEST, name or "", endless)
        slug = slug_of(address)
        name = name or self._name_of(slug)
        if name is None:
            raise StreamNotFound(f"nobody ever sent under {address!r}")
        return Place(slug, name, endless)

    def _stream_at(self, address: str) -> PacketStream | None:
        try:
            return self._relay.find(address)
        except StreamNotFound:
            return None

    @asynccontextmanager
    async def open(
        self,
        place: Place,
        encoding: Encoding,
        wishes: ListenerWishes = ListenerWishes(),
    ) -> AsyncIterator[Listener]:
        """
        Be a listener for the length of an ``async with`` block.

        The first one starts the encoder; it stops a little after the last. Raises
        `CapacityExceeded` if there are too many encoders.
        """
        quiet: list[bytes] = []
        if wishes.burst_bytes and encoding.audio.carries_titles:
            quiet = await self._preroll.frames(encoding, wishes.burst_bytes)
        on_air, broadcast = self._join(place, encoding)
        burst = partial(_burst, broadcast, quiet, wishes.burst_bytes)
        listener = Listener(
            burst, framer=wishes.framer, player=wishes.player, welcome=wishes.welcome
        )
        listener.tuned = wishes.tuned
        self._entitle(on_air, listener)
        broadcast.listeners.add(listener)
        self.listeners_total += 1
        self._count(on_air)
        try:
            yield listener
        finally:
            self._leave(on_air, broadcast, listener)

    def _join(self, place: Place, encoding: Encoding) -> tuple[_OnAir, Broadcast]:
        packets = encoding.audio is OGG
        on_air = self._on_air.get((place.address, packets))
        broadcast = on_air.broadcasts.get(encoding) if on_air else None
        if on_air is None or broadcast is None:
            if self.broadcasts >= MAX_BROADCASTS:
                raise CapacityExceeded(
                    f"{MAX_BROADCASTS} formats and addresses are listened to already"
                )
            on_air = on_air or self._start(place, packets)
            broadcast = self._add(on_air, encoding)
        return on_air, broadcast

    def _start(self, place: Place, packets: bool) -> _OnAir:
        tuner = partial(Tuner, self._relay, place.address)
        changed = partial(self._changed, place, packets)
        programme = (
            OpusProgramme(tuner, changed=changed)
            if packets
            else SoundProgramme(tuner, self._decoders, self._worker, changed=changed)
        )
        programme.start()
        on_air = _OnAir(place, programme, {})
        self._on_air[place.address, packets] = on_air
        return on_air

    def _add(self, on_air: _OnAir, encoding: Encoding) -> Broadcast:
        frames_per_write = self._settings.frames_per_write
        broadcast: Broadcast
        if isinstance(on_air.programme, OpusProgramme):
            broadcast = packets = PacketBroadcast(encoding, frames_per_write)
            on_air.programme.add(packets)
        else:
            broadcast = sound = SoundBroadcast(encoding, frames_per_write)
            on_air.programme.add(sound)
        on_air.broadcasts[encoding] = broadcast
        return broadcast

    def _changed(self, place: Place, packets: bool) -> None:
        """Another stream is heard at an address, or none."""
        on_air = self._on_air.get((place.address, packets))
        if on_air is None:
            return
        for broadcast in on_air.broadcasts.values():
            for listener in broadcast.listeners:
                self._entitle(on_air, listener)
            if on_air.programme.stream is None and not place.endless:
                broadcast.end_listeners("stream_ended")
        self._count(on_air)

    def _entitle(self, on_air: _OnAir, listener: Listener) -> None:
        """Tell who speaks: a player that shows titles, and whoever looks after the player."""
        listener.tuned(on_air.programme.stream)
        if listener.framer is not None:
            stream = on_air.programme.stream
            name = stream.name.text if stream and stream.name else on_air.place.name
            listener.framer.title = name if stream else f"{name} (silent)".strip()

    def _count(self, on_air: _OnAir) -> None:
        """Tell streams how many listen to them, whatever address and format they took."""
        before, on_air.counted = on_air.counted, on_air.programme.stream
        for stream in {before, on_air.counted} - {None}:
            stream.count_listeners(  # type: ignore[union-attr]
                sum(
                    len(broadcast.listeners)
                    for other in self._on_air.values()
                    if other.counted is stream
                    for broadcast in other.broadcasts.values()
                )
            )

    def _leave(self, on_air: _OnAir, broadcast: Broadcast, listener: Listener) -> None:
        listener.end("left")
        broadcast.listeners.discard(listener)
        self.listeners_ended[listener.reason or "left"] += 1
        self._bytes_before.update(
            written=listener.bytes_written,
            skipped=listener.bytes_skipped,
            skips=listener.skips,
        )
        self._count(on_air)
        if not broadcast.listeners:
            asyncio.get_running_loop().call_later(
                self._linger_s, self._stop_if_idle, on_air, broadcast
            )

    def _stop_if_idle(self, on_air: _OnAir, broadcast: Broadcast) -> None:
        """Stop a broadcast without listeners, and the programme with its last. Idempotent."""
        present = on_air.broadcasts.get(broadcast.encoding)
        if broadcast.listeners or present is not broadcast:
            return
        del on_air.broadcasts[broadcast.encoding]
        on_air.programme.remove(broadcast)
        broadcast.close()
        if not on_air.broadcasts:
            packets = isinstance(on_air.programme, OpusProgramme)
            self._on_air.pop((on_air.place.address, packets), None)
            task = asyncio.create_task(on_air.programme.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def sweep(self) -> None:
        """End listeners that left, do not keep up or may not stay. Call often."""
        for _, _, listener in self._present():
            listener.check()

    def end_listeners(self) -> None:
        """End all listeners; their responses end by themselves. Idempotent."""
        for _, _, listener in self._present():
            listener.end("shutdown")

    async def close(self) -> None:
        """End all listeners and stop everything. Idempotent."""
        self.end_listeners()
        while self._on_air:
            _, on_air = self._on_air.popitem()
            for broadcast in on_air.broadcasts.values():
                broadcast.close()
            on_air.broadcasts.clear()
            await on_air.programme.close()
        await asyncio.gather(*self._closing)


def _burst(broadcast: Broadcast, quiet: list[bytes], wanted: int | None) -> bytes:
    """Return what a listener gets at once; quiet stands in for sound that was not made yet."""
    newest = broadcast.newest(wanted)
    missing = (wanted or 0) - sum(map(len, newest))
    filler: list[bytes] = []
    while missing > 0 and len(filler) < len(quiet):
        filler.append(quiet[-1 - len(filler)])
        missing -= len(filler[-1])
    return b"".join((broadcast.header, *reversed(filler), *newest))
