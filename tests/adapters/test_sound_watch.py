"""Tests of relay/adapters/sound_watch.py: what is worth telling of ten measurements a second."""

from relay.adapters.sound_watch import SoundWatch
from relay.consumers.analyser import Measurement
from tests.web.fakes import FakeClock


class Listener:
    """Somebody with a watch who notes what it would tell."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.watch = SoundWatch(self.clock)
        self.levels: list[float | None] = []
        self.voices: list[bool] = []

    def hear(
        self, seconds: float, level_dbfs: float = -50.0, voice: bool = False
    ) -> None:
        for _ in range(round(seconds * 10)):
            measurement = Measurement(0.0, level_dbfs, level_dbfs, voice, ())
            before = self.watch.voice, self.watch.level_dbfs
            told = self.watch.take(measurement)
            after = self.watch.voice, self.watch.level_dbfs
            assert told == (before != after)
            if before[1] != after[1]:
                self.levels.append(after[1])
            if before[0] != after[0]:
                self.voices.append(after[0])
            self.clock.advance(0.1)


def test_a_short_sound_is_no_voice() -> None:
    """A click of 20 ms counts for 0.3 s where it is measured, and still is none."""
    listener = Listener()
    for _ in range(5):
        listener.hear(0.4, voice=True)
        listener.hear(0.2)
    assert listener.voices == []


def test_speech_is_one_piece() -> None:
    """From its first half second on, over pauses for breath, until two seconds after it."""
    listener = Listener()
    listener.hear(1.0, voice=True)
    listener.hear(1.5)
    listener.hear(1.0, voice=True)
    listener.hear(1.5)
    assert listener.voices == [True]
    listener.hear(1.0)
    assert listener.voices == [True, False]


def test_the_level_is_told_once_a_second_at_most() -> None:
    """As the loudest that was heard meanwhile."""
    listener = Listener()
    listener.hear(0.1, -50.0)
    listener.hear(0.5, -20.0)
    listener.hear(0.6, -40.0)
    assert listener.levels == [-50.0, -20.0]


def test_a_small_change_of_the_level_is_not_told() -> None:
    """Up to one decibel, however long; more than that is, at once."""
    listener = Listener()
    listener.hear(3.0, -50.0)
    listener.hear(3.0, -49.0)
    assert listener.levels == [-50.0]
    listener.hear(0.1, -48.5)
    assert listener.levels == [-50.0, -48.5]
