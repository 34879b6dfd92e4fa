"""The live streams as clients are told about them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.signaling.fields import Json
from relay.signaling.server_messages import AvailableStreams, StreamDetails
from relay.web.hearing import HearingBoard
from relay.web.media import PacketStream


@dataclass(frozen=True, slots=True)
class Clocks:
    """Everything is timed by `monotonic`; `wall` is only ever shown."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time

    def wall_time_of(self, instant: float) -> float:
        """Return a monotonic instant as seconds since 1970, to the millisecond."""
        return round(self.wall() - (self.monotonic() - instant), 3)


class StreamList:
    """The streams of the relay, put into messages."""

    def __init__(
        self,
        relay: MediaRelay[RtpPacket],
        ice_servers: tuple[str, ...] = (),
        clocks: Clocks = Clocks(),
    ) -> None:
        self._relay = relay
        self.hearing = HearingBoard()
        self._clocks = clocks
        self._ice_servers: tuple[Json, ...] = tuple(
            {"urls": url} for url in ice_servers
        )

    def describe(self, stream: PacketStream) -> StreamDetails:
        line = self.hearing.line_of(stream.id)
        return StreamDetails(
            stream_id=stream.id,
            name=stream.name.text if stream.name else None,
            slug=stream.slug,
            state=stream.state.value,
            muted=stream.muted,
            muted_by_house=stream.muted_by_house,
            gated=stream.gated,
            receivers=stream.all_receivers,
            listeners=stream.all_listeners,
            started_at=self._clocks.wall_time_of(stream.started_at),
            hearing=self.hearing.of(stream.id),
            line=line.value if line else None,
            lookback_s=round(stream.lookback_s),
            recorded=stream.recorded,
        )

    def details(self) -> tuple[StreamDetails, ...]:
        return tuple(self.describe(stream) for stream in self._relay.streams)

    def message(self, *, detailed: bool) -> AvailableStreams:
        ids = tuple(stream.id for stream in self._relay.streams)
        if not detailed:
            return AvailableStreams(ids)
        return AvailableStreams(ids, self.details(), self._ice_servers)
