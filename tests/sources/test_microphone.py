"""The server's own microphone: heard where there is one, a clear word where there is none."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from relay.sources import microphone
from relay.sources.failure import SourceFailed
from relay.sources.microphone import open_microphone
from tests.sources.whistling_house import HZ, whistling_house

ROOT = Path(__file__).resolve().parents[2]


def test_where_alsa_is_missing_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And how to get it."""
    monkeypatch.delenv("ALSA_CONFIG_PATH", raising=False)
    monkeypatch.delenv("ALSA_CONFIG_DIR", raising=False)
    monkeypatch.setattr(microphone, "CONFIGURATION", tmp_path)
    with pytest.raises(SourceFailed, match="apt-get install libasound2-data"):
        open_microphone("default")


def test_a_device_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason."""
    monkeypatch.setenv(
        "ALSA_CONFIG_PATH", os.environ.get("ALSA_CONFIG_PATH", "/dev/null")
    )
    with pytest.raises(SourceFailed, match="no microphone can be opened as hw:31"):
        open_microphone("hw:31")


def test_the_surroundings_of_alsa_are_left_alone_if_somebody_set_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who has an ALSA of their own knows better."""
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/dev/null")
    before = dict(os.environ)
    with pytest.raises(SourceFailed):
        open_microphone("default")
    assert dict(os.environ) == before


HEAR = """
import numpy as np
from relay.audio.codec import OpusDecoder
from relay.sources.microphone import open_microphone
from relay.sources.opus_packets import OpusPackets
from tests.fakes import pitch

decoder, parts = OpusDecoder(), []
with open_microphone("default") as container:
    for packet in OpusPackets().of(container):
        parts.append(decoder.decode(packet.payload))
        if len(parts) == 50:
            break
print(pitch(np.concatenate(parts)))
"""


@pytest.mark.skipif(
    not (microphone.CONFIGURATION / "alsa.conf").exists(),
    reason="ALSA is not installed: apt-get install libasound2-data",
)
def test_what_the_microphone_hears_is_heard(
    requires_program: Callable[[str], str], tmp_path: Path
) -> None:
    """In a process of its own, because ALSA reads its surroundings once."""
    program = requires_program("pulseaudio")
    with whistling_house(program, tmp_path) as environment:
        run = subprocess.run(
            [sys.executable, "-c", HEAR],
            env={k: v for k, v in os.environ.items() if not k.startswith("ALSA_")}
            | environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) == pytest.approx(HZ, abs=5)
