"""The server's own microphone, through ALSA; PulseAudio and PipeWire are devices of it."""

import os
import sysconfig
from pathlib import Path

import av
from av.container import InputContainer

from relay.sources.failure import SourceFailed, in_words

FORMAT = "alsa"
SAMPLE_RATE = 48_000
TIMEOUT_S = 5.0

CONFIGURATION = Path("/usr/share/alsa")
PLUGINS = tuple(
    Path("/usr") / folder / "alsa-lib"
    for folder in (f"lib/{sysconfig.get_config_var('MULTIARCH')}", "lib64", "lib")
)


def open_microphone(device: str) -> InputContainer:
    """Open a device; blocks. Raises `SourceFailed` where there is none."""
    if FORMAT not in av.formats_available:
        raise SourceFailed(
            "there is no ALSA on this system, so no microphone of its own"
        )
    _show_the_way()
    try:
        return av.open(
            device,
            format=FORMAT,
            options={"sample_rate": str(SAMPLE_RATE), "channels": "1"},
            timeout=TIMEOUT_S,
        )
    except av.FFmpegError as error:
        reason = in_words(error)
        raise SourceFailed(
            f"no microphone can be opened as {device}: {reason}"
        ) from None


def _show_the_way() -> None:
    """
    Tell the ALSA inside PyAV's wheels where the system's configuration and plugins are.

    They look for both where they were built, which is nowhere here. Who set the
    variables knows better.
    """
    if "ALSA_CONFIG_PATH" in os.environ or "ALSA_CONFIG_DIR" in os.environ:
        return
    if not (CONFIGURATION / "alsa.conf").exists():
        raise SourceFailed(
            "ALSA is not set up on this machine, so it has no microphone"
            " (Debian: apt-get install libasound2-data libasound2-plugins)"
        )
    os.environ["ALSA_CONFIG_DIR"] = str(CONFIGURATION)
    plugins = next((folder for folder in PLUGINS if folder.is_dir()), None)
    if plugins is not None:
        os.environ.setdefault("ALSA_PLUGIN_DIR", str(plugins))
