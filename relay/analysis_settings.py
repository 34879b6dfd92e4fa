"""What the server was told of analysis: which streams are understood, when, and how."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class AnalysisMode(enum.StrEnum):
    """When a stream is analysed."""

    OFF = "off"
    """Never, whoever asks."""
    ON_DEMAND = "on_demand"
    """While somebody wants its results."""
    ALWAYS = "always"
    """From its first packet to its last."""


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """How streams are analysed."""

    mode: AnalysisMode = AnalysisMode.ON_DEMAND
    """Of streams for which nothing else was said."""
    streams: tuple[tuple[str, AnalysisMode], ...] = ()
    """Names, as the owner wrote them, and what counts for them instead."""
    in_silence: bool = False
    """Whether pitch, spectrum and voice are looked for in silence, too."""
    detector: str = "adaptive"
    """What tells whether somebody speaks: one of `relay.audio.voice_detector.DETECTORS`."""
    threshold_dbfs: float = -40.0
    """Above it the detector ``energy`` takes sound for speech."""
    noise_dbfs: float | None = None
    """Above it a sound is noise worth telling; None: what stands out from the room's own level."""
    silence_after_s: float | None = None
    """After so long silence is worth telling; None: never."""
    otlp_endpoint: str | None = None
    """Where traces go; None: there are none."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> "AnalysisSettings":
        return cls(
            mode=AnalysisMode(options["analysis"]),
            streams=tuple(
                (stream["name"], AnalysisMode(stream["mode"]))
                for stream in options["analysis_streams"]
            ),
            in_silence=options["analysis_in_silence"],
            detector=options["voice_detector"],
            threshold_dbfs=options["voice_threshold_dbfs"],
            noise_dbfs=options.get("noise_dbfs"),
            silence_after_s=options.get("silence_after"),
            otlp_endpoint=options.get("otlp_endpoint"),
        )
