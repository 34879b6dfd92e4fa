"""How well a receiver hears, by its own reports."""

from dataclasses import dataclass

from relay.rtp import rtcp
from relay.webrtc.outbound import Form

CLOCK_RATE = 48_000

LOSSY = 5 / 256
"""From 2 % on a receiver gets its sound twice."""
CALM_REPORTS = 6
"""After so many reports without loss (browsers send one every five seconds) once is enough."""


@dataclass(slots=True)
class ReceiverQuality:
    """The newest figures, and the form that follows from them."""

    fraction_lost: float = 0.0
    """Of the packets between the last two reports, 0 to 1."""
    packets_lost: int = 0
    jitter_s: float = 0.0
    round_trip_s: float | None = None
    """None until the receiver has answered a report of ours."""
    reports: int = 0
    form: Form = Form.PLAIN
    """What this receiver should get, if it can read it."""
    calm_reports: int = 0

    def take(self, block: rtcp.ReportBlock, now_ntp: int) -> None:
        """Take note of a report about the packets we sent."""
        self.reports += 1
        self.fraction_lost = block.fraction_lost / 256
        self.packets_lost = block.packets_lost
        self.jitter_s = block.jitter / CLOCK_RATE
        trip_s = rtcp.round_trip_s(now_ntp, block)
        self.round_trip_s = trip_s if trip_s is not None else self.round_trip_s
        self.calm_reports = 0 if self.fraction_lost else self.calm_reports + 1
        if self.fraction_lost >= LOSSY:
            self.form = Form.RED
        elif self.calm_reports >= CALM_REPORTS:
            self.form = Form.PLAIN
