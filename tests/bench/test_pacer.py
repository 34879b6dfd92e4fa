"""The beat of all load."""

import pytest

from bench.pacer import beats


class Metronome:
    """A clock that stands still but for those who sleep, or are held up."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


async def count(metronome: Metronome, beats_until: int, held_up: dict[int, float]):
    """Count beats at 50 a second; during some of them, time is lost."""
    counted = []
    async for beat in beats(50, clock=metronome, sleep=metronome.sleep):
        counted.append(beat)
        metronome.now += held_up.get(beat, 0.0)
        if beat == beats_until:
            return counted


async def test_beats_are_counted_from_zero_at_their_pace():
    """Fifty a second are 20 ms apart."""
    metronome = Metronome()
    assert await count(metronome, 3, {}) == [0, 1, 2, 3]
    assert metronome.slept == pytest.approx([0.02] * 3)


async def test_what_takes_time_does_not_slow_the_beat():
    """Only the rest is waited for."""
    metronome = Metronome()
    await count(metronome, 2, {0: 0.005, 1: 0.005})
    assert metronome.slept == pytest.approx([0.015, 0.015])


async def test_what_was_held_up_is_caught_up_with():
    """After a delay of two and a half beats, two come at once and the third in time."""
    metronome = Metronome()
    await count(metronome, 4, {0: 0.05})
    assert metronome.slept == pytest.approx([0, 0, 0.01, 0.02])
