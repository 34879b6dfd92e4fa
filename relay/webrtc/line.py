"""How good a line is, in a word: the same for those who send and those who hear."""

import enum


class Line(enum.Enum):
    GOOD = "good"
    WEAK = "weak"
    """What is lost can mostly be repaired."""
    BAD = "bad"
    """The sound has gaps, comes late, or does not come at all."""

    @classmethod
    def of(
        cls, fraction_lost: float, jitter_s: float, round_trip_s: float = 0.0
    ) -> "Line":
        """``fraction_lost`` is 0 to 1."""
        if fraction_lost > 0.1 or jitter_s > 0.12 or round_trip_s > 1.0:
            return cls.BAD
        if fraction_lost > 0.02 or jitter_s > 0.05 or round_trip_s > 0.4:
            return cls.WEAK
        return cls.GOOD
