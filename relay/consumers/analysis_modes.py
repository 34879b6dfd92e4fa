"""Which stream is analysed when: what the options say, and what was said since."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relay.analysis_settings import AnalysisMode, AnalysisSettings
from relay.errors import CapacityExceeded, MalformedMessage
from relay.hub.identity import slug_of
from relay.private_file import PrivateFile

logger = logging.getLogger(__name__)

FILE_NAME = "analysis.json"
MAX_CHOICES = 500
"""Far more than a house has rooms."""


class AnalysisModes:
    """Knows the mode of every stream by its slug; what was chosen later outlives restarts."""

    def __init__(self, settings: AnalysisSettings, folder: Path | None) -> None:
        """Without a folder, choices live as long as the process."""
        self.default = settings.mode
        self._by_options = {slug_of(name): mode for name, mode in settings.streams}
        self._file = PrivateFile(folder / FILE_NAME) if folder else None
        self._chosen: dict[str, AnalysisMode] = {}
        if self._file is not None:
            self._chosen = self._file.load(_choices) or {}

    def of(self, slug: str | None) -> AnalysisMode:
        """Return the mode of a name's streams; None: of a stream without a name."""
        if slug is None:
            return self.default
        return self._chosen.get(slug, self._by_options.get(slug, self.default))

    async def choose(self, slug: str, mode: AnalysisMode | None) -> None:
        """
        Have a name's streams analysed so from now on; None: as the options say.

        Raises `MalformedMessage`, `CapacityExceeded`, or `OSError` if it cannot be kept;
        it counts until a restart then.
        """
        if not slug or slug != slug_of(slug):
            raise MalformedMessage(
                f"{slug!r:.80} is not the address of a name; that is lower case letters"
                " and digits with single hyphens in between, such as 'nursery-phone'"
            )
        if mode is None:
            self._chosen.pop(slug, None)
        elif slug not in self._chosen and len(self._chosen) >= MAX_CHOICES:
            raise CapacityExceeded(
                f"at most {MAX_CHOICES} names have a mode of their own"
            )
        else:
            self._chosen[slug] = mode
        logger.info("the analysis of %s is %s", slug, self.of(slug).value)
        if self._file is not None:
            await self._file.save({"streams": self._chosen})


def _choices(content: Mapping[str, Any]) -> dict[str, AnalysisMode]:
    return {
        str(slug): AnalysisMode(mode)
        for slug, mode in list(content["streams"].items())[:MAX_CHOICES]
    }
