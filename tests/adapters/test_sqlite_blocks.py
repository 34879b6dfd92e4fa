"""Numbers in blobs, and back."""

import numpy as np
import pytest

from relay.adapters.sqlite_blocks import (
    COUNT,
    MAXIMUM,
    MEAN,
    MINIMUM,
    WIDTH,
    Block,
    Places,
    merged,
    pack_seconds,
    pack_statistics,
    unpack_block,
    unpack_seconds,
    unpack_statistics,
)


def block(*places: int, level: float = -40.0) -> Block:
    numbers = np.full((len(places), WIDTH), np.nan, dtype=np.float32)
    numbers[:, 0] = level
    return Block(np.array(places), numbers)


def same(one: Block, other: Block) -> bool:
    """Tell whether two blocks are equal; unknown is equal to unknown."""
    return bool(
        np.array_equal(one.places, other.places)
        and np.array_equal(one.numbers, other.numbers, equal_nan=True)
    )


def places(*numbers: int) -> Places:
    return np.array(numbers, dtype=np.int64)


def test_seconds_come_back_as_they_were():
    """With what is not known, and in their order."""
    values = [[float(number) for number in range(WIDTH)], [np.nan] * WIDTH]
    again = unpack_seconds(pack_seconds(values))
    assert np.array_equal(again, np.array(values, dtype=np.float32), equal_nan=True)
    assert pack_seconds([]) == []


def test_infinity_is_not_known():
    """There is no mean of it, and no JSON."""
    values = [[-np.inf, np.inf, *[1.0] * (WIDTH - 2)]]
    again = unpack_seconds(pack_seconds(values))
    assert np.isnan(again[0, :2]).all()
    assert (again[0, 2:] == 1).all()


def test_a_block_comes_back_as_it_was():
    """Several can be read in one go."""
    one, other = block(0, 7), block(3, 59, level=-20)
    assert same(unpack_block(one.pack(), WIDTH), one)
    both = unpack_block(one.pack() + other.pack(), WIDTH)
    assert both.places.tolist() == [0, 7, 3, 59]


def test_of_two_blocks_the_newer_one_counts():
    """Where both have a second; they stay in order."""
    together = block(1, 3).with_(block(3, 2, level=-20))
    assert together.places.tolist() == [1, 2, 3]
    assert together.numbers[:, 0].tolist() == [-40, -20, -20]


def test_seconds_are_taken_out():
    assert block(1, 2, 3).without(places(2, 9)).places.tolist() == [1, 3]


def test_what_was_written_before_there_was_a_feature_does_not_know_it():
    """New ones are added at the end."""
    narrow = Block(places(5), np.ones((1, WIDTH - 2), dtype=np.float32))
    again = unpack_block(narrow.pack(), WIDTH - 2)
    assert again.numbers.shape == (1, WIDTH)
    assert np.isnan(again.numbers[0, -2:]).all()
    mixed = unpack_seconds([*pack_seconds([[1.0] * 3]), *pack_seconds([[2.0] * WIDTH])])
    assert mixed.shape == (2, WIDTH)
    assert np.isnan(mixed[0, 3:]).all()
    assert not np.isnan(mixed[1]).any()


def test_statistics_count_what_is_known():
    """Mean, minimum and maximum are those of the numbers that there are."""
    numbers = np.full((3, WIDTH), np.nan, dtype=np.float32)
    numbers[:2, 0] = -30, -50
    (statistics,) = unpack_statistics([Block(places(0, 1, 2), numbers).statistics()])
    assert statistics[[COUNT, MEAN, MINIMUM, MAXIMUM], 0].tolist() == [2, -40, -50, -30]
    assert statistics[COUNT, 1] == 0
    assert np.isnan(statistics[MEAN:, 1]).all()


def test_statistics_of_parts_make_those_of_the_whole():
    """By the number of seconds of each part, however they are cut."""
    generator = np.random.default_rng(7)
    numbers = generator.normal(size=(60, WIDTH)).astype(np.float32)
    numbers[generator.random(numbers.shape) < 0.3] = np.nan
    numbers[:, 3] = np.nan
    whole = Block(np.arange(60), numbers).statistics()
    parts = [
        Block(np.arange(begin, end), numbers[begin:end]).statistics()
        for begin, end in ((0, 1), (1, 20), (20, 60))
    ]
    (expected,) = unpack_statistics([whole])
    again = unpack_statistics([pack_statistics(merged(unpack_statistics(parts)))])[0]
    assert again == pytest.approx(expected, abs=1e-6, nan_ok=True)
