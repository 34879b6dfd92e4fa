"""
What is in the blobs of the history file: numbers, little-endian, four bytes each.

A second is a float for each feature, NaN where nothing is known. A block is the
seconds of a minute, each behind its place in it. Statistics are four rows of floats:
how many seconds had a number, their mean, minimum and maximum. Features are only ever
added at the end, so what is older is narrower, and is filled up with NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relay.features import FEATURE_NAMES

WIDTH = len(FEATURE_NAMES)
MINUTE = 60

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

COUNT, MEAN, MINIMUM, MAXIMUM = range(4)


@dataclass(frozen=True, slots=True)
class Block:
    """The seconds of a session in one minute, in their order."""

    places: Places
    """From 0 to 59."""
    numbers: Floats
    """Of the shape (seconds, features)."""

    def __len__(self) -> int:
        return len(self.places)

    def with_(self, newer: "Block") -> "Block":
        """Return both together; where both have a second the newer one counts."""
        kept = self.without(newer.places)
        places = np.concatenate([kept.places, newer.places])
        order = np.argsort(places)
        return Block(
            places[order], np.concatenate([kept.numbers, newer.numbers])[order]
        )

    def without(self, places: Places) -> "Block":
        kept = ~np.isin(self.places, places)
        return Block(self.places[kept], self.numbers[kept])

    def pack(self) -> bytes:
        places = self.places.astype(np.float32)[:, np.newaxis]
        return np.hstack([places, self.numbers]).astype("<f4").tobytes()

    def statistics(self) -> bytes:
        return pack_statistics(_of_seconds(self.numbers))


def unpack_block(packed: bytes, width: int) -> Block:
    """Return one block, or several that were put one behind the other."""
    records = np.frombuffer(packed, dtype="<f4").reshape(-1, 1 + width)
    return Block(records[:, 0].astype(np.int64), _widened(records[:, 1:]))


def pack_seconds(values: Sequence[Sequence[float]]) -> list[bytes]:
    """Return the blob of each second; what is no finite number is not known."""
    numbers = np.array(values, dtype="<f4")
    numbers[~np.isfinite(numbers)] = np.nan
    packed = numbers.tobytes()
    size = len(packed) // max(len(values), 1)
    return [packed[at : at + size] for at in range(0, len(packed), size or 1)]


def unpack_seconds(blobs: Sequence[bytes]) -> Floats:
    return _unpack(blobs, rows=1)[:, 0]


def unpack_statistics(blobs: Sequence[bytes]) -> Floats:
    """Return an array of the shape (blobs, 4, features)."""
    return _unpack(blobs, rows=4)


def pack_statistics(statistics: npt.NDArray[np.floating]) -> bytes:
    return statistics.astype("<f4").tobytes()


def merged(statistics: Floats) -> npt.NDArray[np.floating]:
    """Return the statistics of all that were put together, as one hour of its minutes."""
    counts = np.nan_to_num(statistics[:, COUNT].astype(float))
    total = counts.sum(axis=0)
    weighted = np.nan_to_num(statistics[:, MEAN]) * counts
    return np.stack(
        [
            total,
            _ratio(weighted.sum(axis=0), total),
            np.fmin.reduce(statistics[:, MINIMUM], axis=0),
            np.fmax.reduce(statistics[:, MAXIMUM], axis=0),
        ]
    )


def _of_seconds(numbers: Floats) -> npt.NDArray[np.floating]:
    counts = np.count_nonzero(~np.isnan(numbers), axis=0)
    total = np.nansum(numbers, axis=0, dtype=float)
    return np.stack(
        [
            counts.astype(float),
            _ratio(total, counts),
            np.fmin.reduce(numbers, axis=0),
            np.fmax.reduce(numbers, axis=0),
        ]
    )


def _ratio(
    total: npt.NDArray[np.floating], counts: npt.NDArray[np.generic]
) -> npt.NDArray[np.floating]:
    """Return the means; NaN where nothing was counted."""
    means = np.full(total.shape, np.nan)
    np.divide(total, counts, out=means, where=counts != 0)
    return means


def _unpack(blobs: Sequence[bytes], rows: int) -> Floats:
    """Return an array of the shape (blobs, rows, features), whatever width each blob has."""
    sizes = {len(blob) for blob in blobs}
    if len(sizes) > 1:
        return np.concatenate([_unpack([blob], rows) for blob in blobs])
    packed = np.frombuffer(b"".join(blobs), dtype="<f4")
    width = sizes.pop() // (4 * rows) if sizes else WIDTH
    return _widened(packed.reshape(len(blobs), rows, width))


def _widened(numbers: Floats) -> Floats:
    """Fill up what was written before there were so many features."""
    missing = WIDTH - numbers.shape[-1]
    if not missing:
        return numbers
    filling = np.full((*numbers.shape[:-1], missing), np.nan, dtype=np.float32)
    return np.concatenate([numbers, filling], axis=-1)
