"""The settings of a server that nobody else disturbs."""

from dataclasses import replace
from pathlib import Path

from relay.options import gather
from relay.settings import Settings


def settings_in(folder: Path, *arguments: str) -> Settings:
    """Return settings with a free media port and everything kept in a folder."""
    options = gather([f"--data-dir={folder}", *arguments], {})
    settings = Settings.from_options(options.values, demo=options.demo)
    return replace(settings, media=replace(settings.media, port=0))
