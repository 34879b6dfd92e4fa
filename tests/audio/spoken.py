"""Speech by two synthesisers, in noise, and which of its frames are speech."""

import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from relay.audio.frame import FRAME_SAMPLES, SAMPLE_RATE
from relay.audio.hangover import HANGOVER_S
from tests.audio.made_sound import Pcm, to_pcm

SENTENCES = (
    "The small door beside the kitchen was left open all night.",
    "Five tall ships came in before the storm reached the harbour.",
    "Is anybody there?",
    "Please bring me the blue jacket that hangs behind the chair.",
    "Good night, sleep well.",
    "They washed the old car on a bright Saturday in June.",
)
VOICES = {
    "espeak-ng": ("en-us+m3", "en-gb+f2"),
    "flite": ("slt", "rms"),
}
"""One puts sounds together from formants, the other from what people have said."""

SPEECH_DBFS = -26.0
FIRST_PAUSE_S = 3.0
PAUSE_S = 2.5
"""About half the time somebody speaks."""
_SPOKEN_BELOW_LOUDEST_DB = 40.0


@dataclass(frozen=True)
class Spoken:
    """Speech without noise; its level, while somebody speaks, is `SPEECH_DBFS`."""

    sound: NDArray[np.float64]
    is_speech: NDArray[np.bool_]
    """For each frame; pauses within `HANGOVER_S` of the last sound belong to it."""


def speak(
    program: str, path: str, folder: Path, sentences: int = len(SENTENCES)
) -> Spoken:
    """Return so many sentences as this program reads them out."""
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE))
    parts = [np.zeros(round(FIRST_PAUSE_S * SAMPLE_RATE))]
    for number, sentence in enumerate(SENTENCES[:sentences]):
        voice = VOICES[program][number % len(VOICES[program])]
        parts += [_sentence(path, program, voice, sentence, folder / "part.wav"), pause]
    sound = np.concatenate(parts)
    sound = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]
    power = (sound.reshape(-1, FRAME_SAMPLES) ** 2).mean(axis=1)
    sounds = power > power.max() / 10 ** (_SPOKEN_BELOW_LOUDEST_DB / 10)
    level = 32768 * 10 ** (SPEECH_DBFS / 20) / np.sqrt(power[sounds].mean())
    hangover = round(HANGOVER_S * SAMPLE_RATE / FRAME_SAMPLES)
    is_speech = np.convolve(sounds, np.ones(hangover))[: len(sounds)] > 0
    return Spoken(sound * level, is_speech)


def in_noise(spoken: Spoken, snr_db: float, seed: int = 1) -> Pcm:
    """Return it with pink noise, which is that of rooms, so far below the speech."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.normal(0, 1, len(spoken.sound)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 50.0))
    noise = np.fft.irfft(spectrum, len(spoken.sound))
    level = 32768 * 10 ** ((SPEECH_DBFS - snr_db) / 20) / np.std(noise)
    return to_pcm(spoken.sound + noise * level)


def _sentence(
    path: str, program: str, voice: str, text: str, file: Path
) -> NDArray[np.float64]:
    options = {
        "espeak-ng": ["-v", voice, "-s", "160", "-w", str(file), text],
        "flite": ["-voice", voice, "-t", text, "-o", str(file)],
    }
    subprocess.run([path, *options[program]], check=True, stderr=subprocess.DEVNULL)
    with wave.open(str(file)) as wav:
        rate = wav.getframerate()
        pcm = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
    spoken: NDArray[np.float64] = signal.resample_poly(
        pcm.astype(np.float64), SAMPLE_RATE, rate
    )
    return spoken / np.std(spoken)
