"""Packets that are missing, and when it is worth asking for them again."""

from dataclasses import dataclass

FIRST_PAUSE_S = 0.03
"""Between two requests for a packet while nothing is known of the round trip."""
MIN_PAUSE_S = 0.02
MAX_TRIES = 5
OVERTAKING_WAIT_S = 0.02
"""What the first request waits for where packets overtake one another: most come by themselves."""
OVERTAKING_MEMORY_S = 10.0
HELPFUL_S = 0.15
"""A packet that comes later than this after its successor finds nobody waiting for it."""
MAX_MISSING = 50
"""One second of sound; who loses more has another problem."""


@dataclass(slots=True)
class _Missing:
    noticed_at: float
    asked_at: float
    tries: int


class MissingPackets:
    """The extended sequence numbers that are missing, oldest first. Pure: time is passed in."""

    def __init__(self) -> None:
        self.requested = 0
        self.recovered = 0
        """Packets that came after they were asked for."""
        self.needless = 0
        """Packets that came twice because they were asked for although they only were late."""
        self._missing: dict[int, _Missing] = {}
        self._came: dict[int, None] = {}
        """Those that came after they were asked for, the newest."""
        self._overtaken_at = -OVERTAKING_MEMORY_S
        self._pause_s = FIRST_PAUSE_S

    def __len__(self) -> int:
        return len(self._missing)

    @property
    def attentive(self) -> bool:
        """Whether `received` wants to know of every packet."""
        return bool(self._missing or self._came)

    def __contains__(self, number: int) -> bool:
        return number in self._missing

    def add(self, numbers: range, now: float) -> None:
        """Take note of a hole; of a long one only the newest part is worth it."""
        for number in numbers[-MAX_MISSING:]:
            self._missing[number] = _Missing(now, 0.0, 0)
        while len(self._missing) > MAX_MISSING:
            del self._missing[next(iter(self._missing))]

    def received(self, number: int, now: float) -> None:
        """A packet came; if it had been asked for, the round trip is learnt."""
        missing = self._missing.pop(number, None)
        if missing is None:
            if number in self._came:
                del self._came[number]
                self.needless += 1
                self._overtaken_at = now
        elif not missing.tries:
            self._overtaken_at = now
        else:
            self.recovered += 1
            self._came[number] = None
            if len(self._came) > MAX_MISSING:
                del self._came[next(iter(self._came))]
            if missing.tries == 1:
                took_s = now - missing.asked_at
                self._pause_s += (max(MIN_PAUSE_S, 1.5 * took_s) - self._pause_s) / 4

    def due(self, now: float) -> list[int]:
        """Return what is to be asked for now, and give up what cannot help any more."""
        asked = []
        for number, missing in tuple(self._missing.items()):
            if now - missing.noticed_at > HELPFUL_S or missing.tries >= MAX_TRIES:
                del self._missing[number]
            elif now >= self._due_at(missing, now):
                missing.tries += 1
                missing.asked_at = now
                asked.append(number)
        self.requested += len(asked)
        return asked

    def next_due_s(self, now: float) -> float:
        """Return how long to wait before asking `due` again while anything is missing."""
        due_at = min(self._due_at(missing, now) for missing in self._missing.values())
        return max(0.001, due_at - now)

    def _due_at(self, missing: _Missing, now: float) -> float:
        if missing.tries:
            return missing.asked_at + self._pause_s
        overtaking = now - self._overtaken_at < OVERTAKING_MEMORY_S
        return missing.noticed_at + (OVERTAKING_WAIT_S if overtaking else 0.0)
