"""Mean, deviation, minimum and maximum, of which two can be merged into one."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from relay.audio.frame import Doubles


@dataclass(frozen=True, slots=True)
class Summary:
    """What can be said of some values, for each of many; NaN where there were none."""

    count: Doubles
    mean: Doubles
    deviation: Doubles
    """The standard deviation, of these values and not of what they are a sample of."""
    minimum: Doubles
    maximum: Doubles

    @property
    def range(self) -> Doubles:
        return self.maximum - self.minimum


@dataclass(frozen=True, slots=True)
class Moments:
    """
    What a summary is made of, in arrays of any shape.

    They are merged as Chan, Golub and LeVeque do it, which never takes large numbers
    from each other: nothing is lost however many there are.
    """

    count: Doubles
    mean: Doubles
    squares: Doubles
    """The sum of the squared distances from the mean."""
    minimum: Doubles
    maximum: Doubles

    @classmethod
    def none(cls, *shape: int) -> "Moments":
        """Return those of no values at all."""
        return cls.of(np.full(shape, np.nan))

    @classmethod
    def of(cls, values: Doubles) -> "Moments":
        """Return those of one value each; NaN is none."""
        known = ~np.isnan(values)
        return cls(
            count=known.astype(np.float64),
            mean=np.where(known, values, 0.0),
            squares=np.zeros_like(values),
            minimum=np.where(known, values, np.inf),
            maximum=np.where(known, values, -np.inf),
        )

    def __getitem__(self, place: Any) -> "Moments":
        """Return a part, indexed as an array is."""
        return Moments(*(array[place] for array in self._arrays()))

    def __setitem__(self, place: Any, moments: "Moments") -> None:
        for array, part in zip(self._arrays(), moments._arrays(), strict=True):
            array[place] = part

    def merged(self, other: "Moments") -> "Moments":
        count = self.count + other.count
        share = other.count / np.maximum(count, 1.0)
        apart = other.mean - self.mean
        return Moments(
            count=count,
            mean=self.mean + apart * share,
            squares=self.squares + other.squares + apart * apart * self.count * share,
            minimum=np.minimum(self.minimum, other.minimum),
            maximum=np.maximum(self.maximum, other.maximum),
        )

    def summary(self) -> Summary:
        some = self.count > 0
        deviation = np.sqrt(self.squares / np.maximum(self.count, 1.0))
        return Summary(
            count=self.count,
            mean=np.where(some, self.mean, np.nan),
            deviation=np.where(some, deviation, np.nan),
            minimum=np.where(some, self.minimum, np.nan),
            maximum=np.where(some, self.maximum, np.nan),
        )

    def _arrays(self) -> tuple[Doubles, ...]:
        return self.count, self.mean, self.squares, self.minimum, self.maximum
