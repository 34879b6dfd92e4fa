"""Tests of relay/lookback_settings.py: what is kept, and for how long."""

from typing import Any

from relay.features import SoundEventKind
from relay.lookback_settings import LookbackSettings
from relay.options import MANIFEST, read_file

DEFAULTS: dict[str, Any] = read_file(MANIFEST)["options"]


def test_the_defaults_are_those_of_the_manifest() -> None:
    """Five minutes in memory, and no file by itself."""
    settings = LookbackSettings.from_options(DEFAULTS)
    assert settings == LookbackSettings()
    assert settings.seconds == 300
    assert not settings.clip_kinds


def test_options_are_seconds_bytes_and_kinds() -> None:
    settings = LookbackSettings.from_options(
        DEFAULTS
        | {"clips": ["cry", "noise"], "clip_days": 2, "recording_minutes": 3}
        | {"recordings_max_mb": 1}
    )
    assert settings.clip_kinds == {SoundEventKind.CRY, SoundEventKind.NOISE}
    assert settings.clip_age_s == 172_800
    assert settings.recording_s == 180
    assert settings.recordings_bytes == 1_048_576
