"""Medians, and how far apart the measurements were."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """A median as a rule, and the smallest and the largest of what it is the median of."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Figure":
        """Sum up at least one measurement."""
        return cls(median(samples), min(samples), max(samples))

    @classmethod
    def worst_of(cls, samples: Sequence[float]) -> "Figure":
        """The largest instead of the median, for what may not happen to anybody."""
        return cls(max(samples), min(samples), max(samples))

    def scaled(self, factor: float) -> "Figure":
        return Figure(self.value * factor, self.low * factor, self.high * factor)


def slope(few: tuple[int, float], many: tuple[int, float]) -> float:
    """Return what one more costs, from two pairs of a number and its cost."""
    return (many[1] - few[1]) / (many[0] - few[0])


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that is not exceeded by ``percent`` of all."""
    ordered = sorted(samples)
    place = -(-len(ordered) * percent // 100)
    return ordered[max(0, round(place) - 1)]
