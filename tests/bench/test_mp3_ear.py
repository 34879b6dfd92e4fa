"""How the bench hears MP3."""

import numpy as np

from bench.mp3_ear import Mp3Ear
from relay.audio.encoders import Mp3Encoder

SECOND = 48_000


def mp3(*loudness: int) -> bytes:
    """Half a second of 1 kHz for each loudness."""
    t = np.arange(SECOND // 2) / SECOND
    sound = [np.sin(2 * np.pi * 1000 * t) * peak for peak in loudness]
    encoder = Mp3Encoder(96_000)
    return encoder.encode(np.concatenate(sound).astype(np.int16)) + encoder.close()


def test_a_beginning_is_heard_once():
    """Sound after silence is a beginning, sound after sound is not."""
    data = mp3(0, 12_000, 0, 12_000, 12_000)
    ear = Mp3Ear()
    heard = [at for at in range(0, len(data), 100) if ear.take(data[at : at + 100])]
    assert len(heard) == 2
    first, second = (at / len(data) * 2.5 for at in heard)
    assert 0.4 < first < 0.7
    assert 1.4 < second < 1.7


def test_silence_has_no_beginning():
    """And neither have frames that are not there yet."""
    ear = Mp3Ear()
    assert not ear.take(mp3(0, 0))
    assert not ear.take(mp3(12_000)[:50])


def test_samples_are_counted():
    """Half a second of silence and half a second of sound, give or take the codec's edges."""
    ear = Mp3Ear()
    ear.take(mp3(0, 12_000))
    assert abs(ear.samples - SECOND) < 3 * 1152


def test_a_stream_may_begin_in_the_middle_of_a_frame():
    """The first whole one is found."""
    data = mp3(0, 12_000)[100:]
    ear = Mp3Ear()
    assert ear.take(data)
    assert abs(ear.samples - SECOND) < 3 * 1152
