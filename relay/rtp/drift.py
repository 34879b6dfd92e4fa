"""How far a sender's clock has carried the sound away from the server's time, and when to act."""

from relay.rtp.capture_clock import CaptureClock

SAMPLE_RATE = 48_000

NOTICED_S = 0.013
"""
From here on a quiet moment is used.

A correction moves the sound by 20 ms, to 7 ms on the other side: far enough from there
to the next one that a network whose best packets vary by a few milliseconds is not
taken for a clock.
"""

EDGE_S = 0.017
"""
Here it is done in the middle of sound too.

The sound is to stay within 20 ms. What is measured is up to ten seconds old (2 ms, if
the clock is off by 200 parts per million), and the fastest packet was not quite as
fast as the fastest that is possible.
"""

PAUSE_S = 1.0
"""Between two corrections; several are needed if the way through the network has changed."""


class ClockDrift:
    """
    The distance between the sound that was made and the time that passed.

    The line of the capture clock says when the sender's fastest packets arrive. Where
    it runs once the clock has settled is where the sound belongs; if it wanders off
    from there, that is the sender's clock. Jitter leaves no trace, since it delays
    packets and never makes the fastest ones faster.
    """

    def __init__(self, clock: CaptureClock) -> None:
        self._clock = clock
        self._settled_line_s: float | None = None
        self._corrected_at = 0.0
        self.deviation_s = 0.0
        """Sound that is missing (above 0) or too much (below), by the server's clock."""
        self.noticeable = False
        """Whether a correction is due if it is quiet now."""

    @property
    def at_edge(self) -> bool:
        """Whether a correction is due even if it is not quiet."""
        return self.noticeable and abs(self.deviation_s) >= EDGE_S

    def follow(self, now: float) -> None:
        """Look at the clock; to be called at every turn of the playout."""
        if not self._clock.settled:
            self._settled_line_s = None
            self.deviation_s = 0.0
            self.noticeable = False
            return
        line_s = self._clock.line_s
        if self._settled_line_s is None:
            self._settled_line_s = line_s
        self.deviation_s = line_s - self._settled_line_s
        self.noticeable = (
            abs(self.deviation_s) >= NOTICED_S and now - self._corrected_at >= PAUSE_S
        )

    def correct(self, samples: int, now: float) -> None:
        """Take note that so many samples more (below 0: fewer) were made than came."""
        self._clock.renumber(samples)
        self._corrected_at = now
        self.noticeable = False
