"""What is worth telling of a stream's sound: noise, speech, crying, silence, a dead microphone."""

from collections import deque
from dataclasses import dataclass, replace

from relay.audio.room_level import RoomLevel
from relay.audio.tenths import TENTH_S, Tenth
from relay.features import SoundEvent, SoundEventKind

CRY_HZ = (250.0, 800.0)
"""The fundamental of a baby's cry; grown-ups speak lower."""
CRY_WINDOW_S = 5.0
"""Breath is fetched between cries, so they are counted over a while."""

FLAT_SPREAD = 3
"""Steps of the sample: a codec makes 2 of digital zeros, and leaves 5 of the quietest microphone."""
RETURN_S = 1.0
"""So long the sound has to be back."""

_WITHOUT_LEVEL = (SoundEventKind.SILENCE, SoundEventKind.MICROPHONE_DEAD)

_EARLY_S = TENTH_S / 2
"""Times are multiples of a tenth, but for rounding."""


@dataclass(frozen=True, slots=True)
class EventRules:
    """When something is told. An attack is how long it has to last, a hold how long to be over."""

    noise_dbfs: float | None = None
    """The threshold of noise; None: it follows the room."""
    noise_above_room_db: float = 15.0
    quietest_noise_dbfs: float = -45.0
    """A threshold that follows the room is never lower than that."""
    noise_attack_s: float = 0.5
    noise_hold_s: float = 5.0
    speech_attack_s: float = 0.2
    speech_hold_s: float = 2.0
    cry_s: float = 2.5
    """So much of 5 seconds has to be a cry."""
    cry_hold_s: float = 10.0
    silence_dbfs: float = -60.0
    silence_after_s: float | None = None
    """How long it has to be quieter than that where sound is expected; None: it is not."""
    dead_after_s: float = 10.0


class Episode:
    """One kind of event in one stream: whether it goes on, since when, and how loud it is."""

    def __init__(
        self,
        kind: SoundEventKind,
        stream: str,
        session: str,
        attack_s: float,
        hold_s: float,
    ) -> None:
        self.kind = kind
        self._stream = stream
        self._session = session
        self._attack_s = attack_s
        self._hold_s = hold_s
        self._event: SoundEvent | None = None
        self._told = False
        self._until = 0.0
        """The end of the last tenth in which it was there."""

    def take(
        self, tenth: Tenth, present: bool, since: float | None = None
    ) -> SoundEvent | None:
        """
        Take the next tenth, and whether it is in it; return the event as it begins or ends.

        ``since`` is when it began, if that was earlier.
        """
        now = tenth.captured_at + TENTH_S
        if not present:
            return self._miss(now)
        if self._event is None:
            began_at = tenth.captured_at if since is None else since
            self._event = self._begun(began_at, tenth.level_dbfs)
        self._hear(tenth.level_dbfs)
        self._until = now
        if self._told or now - self._event.began_at < self._attack_s - _EARLY_S:
            return None
        self._told = True
        return self._event

    def end(self) -> SoundEvent | None:
        """Return the event as it ends, if it was told. Idempotent."""
        event, told = self._event, self._told
        self._event, self._told = None, False
        return replace(event, ended_at=self._until) if event and told else None

    def _miss(self, now: float) -> SoundEvent | None:
        held = self._told and now - self._until < self._hold_s - _EARLY_S
        return None if held else self.end()

    def _begun(self, began_at: float, level_dbfs: float) -> SoundEvent:
        return SoundEvent(
            id=f"{self._session}-{self.kind}-{round(began_at * 1000)}",
            kind=self.kind,
            stream=self._stream,
            session=self._session,
            began_at=began_at,
            level_dbfs=None if self.kind in _WITHOUT_LEVEL else level_dbfs,
        )

    def _hear(self, level_dbfs: float) -> None:
        event = self._event
        if event and event.level_dbfs is not None and level_dbfs > event.level_dbfs:
            self._event = replace(event, level_dbfs=level_dbfs)


class SoundEvents:
    """Notices events in one stream, fed with one tenth of a second after another."""

    def __init__(
        self, stream: str, session: str, rules: EventRules = EventRules()
    ) -> None:
        self._rules = rules
        self._room = RoomLevel()
        self._cries: deque[float] = deque()
        """When each tenth of the last 5 seconds began that sounds like a cry."""

        def episode(kind: SoundEventKind, attack_s: float, hold_s: float) -> Episode:
            return Episode(kind, stream, session, attack_s, hold_s)

        self._noise = episode(
            SoundEventKind.NOISE, rules.noise_attack_s, rules.noise_hold_s
        )
        self._speech = episode(
            SoundEventKind.SPEECH, rules.speech_attack_s, rules.speech_hold_s
        )
        self._cry = episode(SoundEventKind.CRY, 0.0, rules.cry_hold_s)
        self._silence = episode(
            SoundEventKind.SILENCE, rules.silence_after_s or 0.0, RETURN_S
        )
        self._dead = episode(
            SoundEventKind.MICROPHONE_DEAD, rules.dead_after_s, RETURN_S
        )

    @property
    def noise_threshold_dbfs(self) -> float:
        """Above which something is noise at the moment."""
        rules = self._rules
        if rules.noise_dbfs is not None:
            return rules.noise_dbfs
        above_room_dbfs = self._room.usual_dbfs + rules.noise_above_room_db
        return max(above_room_dbfs, rules.quietest_noise_dbfs)

    def take(self, tenth: Tenth) -> list[SoundEvent]:
        """Return what begins with the next tenth, and what is over."""
        flat = tenth.spread <= FLAT_SPREAD
        if not flat:
            self._room.take(tenth.level_dbfs)
        loud = tenth.level_dbfs > self.noise_threshold_dbfs
        told = (
            self._noise.take(tenth, loud),
            self._speech.take(tenth, tenth.speech),
            self._take_cry(tenth, loud),
            self._silence.take(tenth, self._is_silence(tenth)),
            self._dead.take(tenth, flat),
        )
        return [event for event in told if event]

    def end(self) -> list[SoundEvent]:
        """Return what is over because the stream is. Idempotent."""
        episodes = self._noise, self._speech, self._cry, self._silence, self._dead
        return [event for episode in episodes if (event := episode.end())]

    def _is_silence(self, tenth: Tenth) -> bool:
        expected = self._rules.silence_after_s is not None
        return expected and tenth.level_dbfs < self._rules.silence_dbfs

    def _take_cry(self, tenth: Tenth, loud: bool) -> SoundEvent | None:
        cries = self._cries
        while cries and cries[0] <= tenth.captured_at - CRY_WINDOW_S + _EARLY_S:
            cries.popleft()
        lowest, highest = CRY_HZ
        cry = loud and lowest <= tenth.pitch_hz <= highest  # never true for NaN
        if cry:
            cries.append(tenth.captured_at)
        long = len(cries) * TENTH_S >= self._rules.cry_s - _EARLY_S
        return self._cry.take(tenth, cry and long, cries[0] if cries else None)
