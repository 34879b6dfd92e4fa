"""Whether somebody speaks, by how the level stands out from the room's own noise."""

import numpy as np

from relay.audio.frame import Doubles, Flags, Rows
from relay.audio.hangover import Hangover
from relay.audio.level import FLOOR_DBFS

ABOVE_NOISE_DB = 9.0
"""Speech begins this far above the noise; a normal voice at arm's length has 20 dB."""

QUIETEST_VOICE_DBFS = -60.0
"""Below this nothing is taken for a voice: it is what an idle microphone makes."""

NOISE_RISE_DB_PER_S = 4.0
"""A fan that is switched on is noise after a few seconds; a long sentence is not."""

NOISE_FALL_S = 0.1
"""In speech the noise shows itself between words, so the estimate falls fast."""

LOUDEST_START_DBFS = -50.0
"""Who joins while somebody speaks does not take the voice for noise."""


class VoiceActivity:
    """Follows the noise of many streams, fed with the levels of one short chunk after another."""

    def __init__(self, streams: int) -> None:
        self._noise_dbfs = np.full(streams, np.nan)
        self._hangover = Hangover(streams)

    def clear(self, rows: Rows) -> None:
        self._noise_dbfs[rows] = np.nan
        self._hangover.clear(rows)

    def noise_dbfs(self, rows: Rows) -> Doubles:
        """Return the level of the rooms without the voice, as far as it is known."""
        noise = self._noise_dbfs[rows]
        return np.where(np.isnan(noise), FLOOR_DBFS, noise)

    def update(self, rows: Rows, level_dbfs: Doubles, duration_s: float) -> Flags:
        """Take the levels of the next chunks, of 10 to 60 ms; return where there is speech."""
        noise_dbfs = self._follow_noise(rows, level_dbfs, duration_s)
        quietest = np.maximum(noise_dbfs + ABOVE_NOISE_DB, QUIETEST_VOICE_DBFS)
        return self._hangover.extend(rows, level_dbfs > quietest, duration_s)

    def _follow_noise(
        self, rows: Rows, level_dbfs: Doubles, duration_s: float
    ) -> Doubles:
        noise = self._noise_dbfs[rows]
        start = np.minimum(level_dbfs, LOUDEST_START_DBFS)
        noise = np.where(np.isnan(noise), start, noise)
        above_db = level_dbfs - noise
        noise += np.where(
            above_db > 0,
            np.minimum(above_db, NOISE_RISE_DB_PER_S * duration_s),
            above_db * min(duration_s / NOISE_FALL_S, 1.0),
        )
        self._noise_dbfs[rows] = noise
        return noise
