"""Tests of relay/audio/sound_events.py, with made sounds of a house."""

import math

import numpy as np
import pytest

from relay.audio.sound_events import EventRules, SoundEvents
from relay.audio.tenths import Tenth
from relay.features import SoundEvent, SoundEventKind
from tests.audio.made_sound import Pcm, at_level, noise, to_pcm, tone, vowel
from tests.audio.test_tenths import BEGAN_AT, tenths_of

RATE = 48_000
Kind = SoundEventKind


def cry(times: int = 6) -> Pcm:
    """Return a baby: a second of a tone that rises and falls, with harmonics, and breath between."""
    t = np.arange(RATE) / RATE
    hz = 350 + 170 * np.sin(np.pi * t)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    voice = sum(np.sin(n * phase) / n for n in range(1, 9)) * np.sin(np.pi * t) ** 0.3
    breath = noise(0.4, -45, seed=5) * 1.0
    return to_pcm(np.concatenate([at_level(np.asarray(voice), -18), breath] * times))


def dog(barks: int = 6) -> Pcm:
    """Return barks of a fifth of a second, one in a second, in a quiet room."""
    t = np.arange(RATE // 5) / RATE
    phase = 2 * np.pi * np.cumsum(450 - 900 * t) / RATE
    growl = np.random.default_rng(2).normal(0, 0.3, len(t))
    bark = (sum(np.sin(n * phase) for n in range(1, 7)) + growl) * np.exp(-t * 12)
    one = np.concatenate((at_level(np.asarray(bark), -15), quiet_room(0.8)))
    return to_pcm(np.tile(one.astype(float), barks))


def claps(times: int = 6) -> Pcm:
    """Return claps, one in a second."""
    clap = noise(0.03, -12) * np.exp(-np.arange(1440) / 300)
    one = np.concatenate((clap, quiet_room(0.97)))
    return to_pcm(np.tile(one, times))


def vacuum(duration_s: float) -> Pcm:
    """Return a motor: wide noise and the hum of its turning."""
    return to_pcm(noise(duration_s, -25) + 0.5 * vowel(230, duration_s, -34))


def quiet_room(duration_s: float, level_dbfs: float = -72.0) -> Pcm:
    """Return what the microphone itself makes, and a far-off street."""
    return noise(duration_s, level_dbfs, seed=8)


def talk(duration_s: float = 5.0, hz: float = 210.0) -> Pcm:
    """Return a grown-up: syllables of four in a second, whose pitch moves."""
    t = np.arange(round(duration_s * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(hz * (1 + 0.15 * np.sin(2 * t))) / RATE
    voice = sum(np.sin(n * phase) / n for n in range(1, 15))
    return at_level(np.asarray(voice) * np.maximum(np.sin(8 * np.pi * t), 0.01), -22)


class Room:
    """A stream that is listened to; it remembers what was told."""

    def __init__(self, rules: EventRules = EventRules()) -> None:
        self.events = SoundEvents("nursery", "s1", rules)
        self.told: list[SoundEvent] = []
        self.now = BEGAN_AT

    def hear(self, *sounds: Pcm) -> "Room":
        (tenths,) = tenths_of(np.concatenate(sounds))
        for tenth in tenths:
            self.take(tenth.level_dbfs, tenth.spread, tenth.pitch_hz)
        return self

    def take(
        self,
        level_dbfs: float,
        spread: int = 5000,
        pitch_hz: float = math.nan,
        speech: bool = False,
    ) -> None:
        tenth = Tenth(self.now, level_dbfs, spread, pitch_hz, speech)
        self.told += self.events.take(tenth)
        self.now = round(self.now + 0.1, 1)

    def stay(self, duration_s: float, level_dbfs: float, **features: object) -> None:
        for _ in range(round(duration_s * 10)):
            self.take(level_dbfs, **features)  # type: ignore[arg-type]

    def kinds(self) -> list[SoundEventKind]:
        return [event.kind for event in self.told if event.ended_at is None]


@pytest.fixture
def room() -> Room:
    return Room(EventRules(noise_dbfs=-40.0))


def test_noise_is_told_after_its_attack_and_ends_after_its_hold(room: Room) -> None:
    """It began when it began, and ended when it was last heard; the id stays."""
    room.stay(3, -60)
    began_at = room.now
    room.stay(0.4, -30)
    assert not room.told
    room.take(-35)
    (begun,) = room.told
    assert (begun.kind, begun.began_at, begun.ended_at) == (Kind.NOISE, began_at, None)
    assert (begun.stream, begun.session, begun.level_dbfs) == ("nursery", "s1", -30)
    room.stay(1, -20)
    ended_at = room.now
    room.stay(4.9, -60)
    assert len(room.told) == 1
    room.take(-60)
    over = room.told[1]
    assert (over.id, over.began_at) == (begun.id, began_at)
    assert (over.ended_at, over.level_dbfs) == (pytest.approx(ended_at), -20)


def test_short_noise_is_none(room: Room) -> None:
    """However often it comes, as steps do."""
    for _ in range(20):
        room.stay(0.4, -20)
        room.stay(0.2, -60)
    assert not room.told


def test_a_pause_within_the_hold_does_not_end_it(room: Room) -> None:
    """Two bursts with three seconds between them are one noise."""
    for _ in range(2):
        room.stay(2, -20)
        room.stay(3, -60)
    room.stay(5, -60)
    assert [event.ended_at is None for event in room.told] == [True, False]


def test_two_noises_have_two_ids(room: Room) -> None:
    for _ in range(2):
        room.stay(1, -20)
        room.stay(6, -60)
    assert len({event.id for event in room.told}) == 2
    assert len(room.told) == 4


def test_speech_is_told(room: Room) -> None:
    """As a detector found it; a cough is none."""
    room.stay(0.1, -50, speech=True)
    room.stay(3, -60)
    assert not room.told
    room.stay(2, -50, speech=True)
    room.stay(3, -60)
    assert [event.kind for event in room.told] == [Kind.SPEECH] * 2


def test_a_baby_is_heard_within_four_seconds() -> None:
    """The event says when it began to cry, and when it was last heard to."""
    room = Room().hear(quiet_room(2.0))
    began_at = room.now
    room.hear(cry())
    ended_at = room.now
    assert Kind.CRY in room.kinds()
    begun = next(event for event in room.told if event.kind == Kind.CRY)
    assert begun.began_at == pytest.approx(began_at, abs=0.3)
    room.hear(quiet_room(11.0))
    over = next(event for event in room.told if event.id == begun.id and event.ended_at)
    assert over.ended_at == pytest.approx(ended_at, abs=0.7)
    assert over.level_dbfs == pytest.approx(-17, abs=2)


@pytest.mark.parametrize(
    "sound",
    [
        dog(),
        claps(),
        vacuum(5.0),
        quiet_room(5.0),
        talk(),
        talk(hz=120.0),
        tone(1500, 5.0),
    ],
    ids=["dog", "claps", "vacuum", "quiet room", "woman", "man", "kettle"],
)
def test_other_sounds_are_no_cry(sound: Pcm) -> None:
    """Also not those with a pitch."""
    assert Kind.CRY not in Room().hear(quiet_room(1.0), sound).kinds()


def test_a_vacuum_cleaner_is_noise_and_a_dog_is_too_short() -> None:
    """In a room whose threshold follows it."""
    assert Room().hear(quiet_room(1.0), vacuum(1.5)).kinds() == [Kind.NOISE]
    assert Room().hear(quiet_room(1.0), dog(3), claps(3)).kinds() == []


def test_the_threshold_follows_the_room() -> None:
    """By a busy street what is loud for a bedroom is usual; in the bedroom it is noise."""
    street, bedroom = Room(), Room()
    street.stay(1800, -42)
    bedroom.stay(1800, -70)
    for place in (street, bedroom):
        place.told.clear()
        place.stay(2, -35)
    assert street.kinds() == []
    assert bedroom.kinds() == [Kind.NOISE]


def test_zeros_are_a_dead_microphone() -> None:
    """After ten seconds; when it is back the event ends, at the time it was back."""
    room = Room().hear(quiet_room(2.0), np.zeros(RATE * 9, np.int16))
    assert room.kinds() == []
    room.hear(np.zeros(RATE * 2, np.int16))
    (dead,) = room.told
    assert (dead.kind, dead.level_dbfs) == (Kind.MICROPHONE_DEAD, None)
    assert dead.began_at == pytest.approx(BEGAN_AT + 2.0, abs=0.11)
    back_at = room.now
    room.hear(quiet_room(1.5))
    assert room.told[1].ended_at == pytest.approx(back_at, abs=0.11)


def test_a_flat_line_is_a_dead_microphone() -> None:
    """Wherever it lies."""
    assert Room().hear(np.full(RATE * 12, 700, np.int16)).kinds()[-1:] == [
        Kind.MICROPHONE_DEAD
    ]


@pytest.mark.parametrize("level_dbfs", [-75.0, -84.0])
def test_a_quiet_room_is_no_dead_microphone(level_dbfs: float) -> None:
    """However quiet it is: every microphone makes a little noise."""
    assert Room().hear(quiet_room(10.5, level_dbfs)).kinds() == []


def test_silence_is_told_where_sound_is_expected() -> None:
    """And nowhere else. It ends when there is sound again."""
    expecting, other = Room(EventRules(silence_after_s=30.0)), Room()
    for room in (expecting, other):
        room.stay(5, -30)
        room.told.clear()
        room.stay(40, -70)
    assert other.kinds() == []
    begun = next(event for event in expecting.told if event.kind == Kind.SILENCE)
    assert begun.began_at == pytest.approx(BEGAN_AT + 5)
    assert begun.level_dbfs is None
    expecting.stay(1, -50)
    over = expecting.told[-1]
    assert (over.id, over.ended_at) == (begun.id, pytest.approx(BEGAN_AT + 45))


def test_what_goes_on_ends_with_the_stream(room: Room) -> None:
    """Once; what was not told is not told now."""
    room.stay(2, -20)
    room.take(-20, speech=True)
    over = room.events.end()
    assert [(event.kind, event.ended_at) for event in over] == [
        (Kind.NOISE, pytest.approx(room.now))
    ]
    assert room.events.end() == []


def test_a_hole_in_the_stream_does_not_confuse_it(room: Room) -> None:
    """What went on before it is over if it does not go on after it."""
    room.stay(2, -20)
    until = room.now
    room.now += 60
    room.take(-60)
    assert room.told[-1].ended_at == pytest.approx(until)
