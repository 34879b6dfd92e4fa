"""How well a receiver hears, by its own reports."""

from dataclasses import dataclass

from relay.rtp import rtcp
from relay.webrtc.line import Line
from relay.webrtc.outbound import Form

CLOCK_RATE = 48_000

LOSSY = 5 / 256
"""From 2 % on a receiver gets its sound twice."""
CALM_REPORTS = 24
"""
After so many reports without loss once is enough: two minutes, where browsers send a
report every five seconds. Where it helps, a receiver reports less than was lost.
"""

SECONDS = 1.0
SILENT_S = 16 * SECONDS
"""So long without a report, where browsers send one every five seconds or so, is a bad line."""


@dataclass(slots=True)
class ReceiverQuality:
    """What it can do, the newest figures, and the form that follows from them."""

    fraction_lost: float = 0.0
    """Of the packets between the last two reports, 0 to 1."""
    packets_lost: int = 0
    jitter_s: float = 0.0
    round_trip_s: float | None = None
    """None until the receiver has answered a report of ours."""
    reports: int = 0
    lossy: bool = False
    """Whether this receiver has lost much lately."""
    calm_reports: int = 0
    reported_at: float = 0.0
    """When the newest report came, on the monotonic clock."""
    reads_red: bool = False
    asks: bool = False
    """Whether it ever asked for something again."""

    @property
    def form(self) -> Form:
        """What this receiver should get."""
        if not self.lossy:
            return Form.PLAIN
        if self.reads_red:
            return Form.RED
        return Form.PLAIN if self.asks else Form.REPEATED

    def line(self, now: float) -> Line | None:
        """Return how the line is, in a word; None before the first report."""
        if not self.reports:
            return None
        if now - self.reported_at > SILENT_S:
            return Line.BAD
        return Line.of(self.fraction_lost, self.jitter_s, self.round_trip_s or 0.0)

    def take(self, block: rtcp.ReportBlock, now_ntp: int, now: float = 0.0) -> None:
        """Take note of a report about the packets we sent."""
        self.reports += 1
        self.reported_at = now
        self.fraction_lost = block.fraction_lost / 256
        self.packets_lost = block.packets_lost
        self.jitter_s = block.jitter / CLOCK_RATE
        trip_s = rtcp.round_trip_s(now_ntp, block)
        self.round_trip_s = trip_s if trip_s is not None else self.round_trip_s
        self.calm_reports = 0 if self.fraction_lost else self.calm_reports + 1
        if self.fraction_lost >= LOSSY:
            self.lossy = True
        elif self.calm_reports >= CALM_REPORTS:
            self.lossy = False
