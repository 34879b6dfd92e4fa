"""A voice for the fake microphones: read out by a synthesiser, so that it belongs to nobody."""

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.not_measured import NotMeasured

SAMPLE_RATE = 48_000
PAUSE_S = 0.35
PEAK = 16_000

SENTENCES = (
    "The small door beside the kitchen was left open all night.",
    "Five tall ships came in before the storm reached the harbour.",
    "She put the warm bread on a plate, and asked who wanted some.",
    "A dog barked twice, then nothing moved for a long while.",
    "Please bring me the blue jacket that hangs behind the chair.",
    "They washed the old car on a bright Saturday in June.",
)


def write_speech(path: Path) -> None:
    """
    Write the sentences as WAV, each by another voice; they take about twenty seconds.

    Raises `NotMeasured` where there is no synthesiser.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise NotMeasured("espeak-ng is not installed: apt-get install espeak-ng")
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE))
    parts: list[NDArray[np.float64]] = []
    for number, sentence in enumerate(SENTENCES):
        voice = ("en-us+m3", "en-gb+f2", "en-us+f4")[number % 3]
        parts += [_spoken(program, voice, sentence, path.with_suffix(".part")), pause]
    sound = np.concatenate(parts)
    sound *= PEAK / np.abs(sound).max()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.rint(sound).astype("<i2").tobytes())


def _spoken(program: str, voice: str, sentence: str, path: Path) -> NDArray[np.float64]:
    command = [program, "-v", voice, "-s", "160", "-w", str(path), sentence]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    path.unlink()
    at = np.arange(round(len(pcm) * SAMPLE_RATE / rate)) * rate / SAMPLE_RATE
    spoken: NDArray[np.float64] = np.interp(at, np.arange(len(pcm)), pcm)
    return spoken
