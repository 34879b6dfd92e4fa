"""Whether somebody speaks, by how the level stands out from the room's own noise."""

from relay.audio.level import FLOOR_DBFS

ABOVE_NOISE_DB = 9.0
"""Speech begins this far above the noise; a normal voice at arm's length has 20 dB."""

QUIETEST_VOICE_DBFS = -60.0
"""Below this nothing is taken for a voice: it is what an idle microphone makes."""

HANGOVER_S = 0.3
"""Pauses between syllables and words belong to speech."""

NOISE_RISE_DB_PER_S = 4.0
"""A fan that is switched on is noise after a few seconds; a long sentence is not."""

NOISE_FALL_S = 0.1
"""In speech the noise shows itself between words, so the estimate falls fast."""

LOUDEST_START_DBFS = -50.0
"""Who joins while somebody speaks does not take the voice for noise."""


class VoiceActivity:
    """A detector for one stream, fed with the level of one short chunk after another."""

    def __init__(self) -> None:
        self._noise_dbfs: float | None = None
        self._hangover_s = 0.0

    @property
    def noise_dbfs(self) -> float:
        """The level of the room without the voice, as far as it is known."""
        return FLOOR_DBFS if self._noise_dbfs is None else self._noise_dbfs

    def update(self, level_dbfs: float, duration_s: float) -> bool:
        """Take the level of the next chunk, of 10 to 60 ms; return whether there is speech."""
        noise_dbfs = self._follow_noise(level_dbfs, duration_s)
        loud = level_dbfs > max(noise_dbfs + ABOVE_NOISE_DB, QUIETEST_VOICE_DBFS)
        self._hangover_s = HANGOVER_S if loud else self._hangover_s - duration_s
        return self._hangover_s > 0.0

    def _follow_noise(self, level_dbfs: float, duration_s: float) -> float:
        if self._noise_dbfs is None:
            self._noise_dbfs = min(level_dbfs, LOUDEST_START_DBFS)
        above_db = level_dbfs - self._noise_dbfs
        if above_db > 0:
            self._noise_dbfs += min(above_db, NOISE_RISE_DB_PER_S * duration_s)
        else:
            self._noise_dbfs += above_db * min(duration_s / NOISE_FALL_S, 1.0)
        return self._noise_dbfs
