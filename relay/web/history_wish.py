"""What somebody wants to know of the history, as it stands in the address."""

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.errors import BadRequest
from relay.features import FEATURE_NAMES
from relay.ports import HistoryQuery

HOUR = 3600
DAY = 24 * HOUR
LAST_INSTANT = 253_402_300_800
"""The end of the year 9999."""

MAX_POINTS = 2000
"""As many as a screen has columns; without a step there are no more."""
MAX_JSON_POINTS = 10_000
"""More are for an export, which comes bit by bit."""
MAX_STEP_S = 366 * DAY
MAX_TEXT = 80

STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY),
)
"""Which a server chooses from: as people count time."""


class Form(enum.Enum):
    """How the answer is written: its name, and its media type."""

    JSON = ("json", "application/json")
    CSV = ("csv", "text/csv")
    ARROW = ("arrow", "application/vnd.apache.arrow.stream")
    PARQUET = ("parquet", "application/vnd.apache.parquet")

    @property
    def suffix(self) -> str:
        return self.value[0]

    @property
    def media_type(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class HistoryWish:
    """A query whose step may be left to the server."""

    stream: str | None
    session: str | None
    since: float
    until: float
    step_s: int | None
    features: tuple[str, ...]
    form: Form

    @classmethod
    def read(
        cls, parameters: Mapping[str, str], accept: str, now: float
    ) -> "HistoryWish":
        """``now`` is in seconds since 1970. Raises `BadRequest`."""
        until = _instant(parameters, "to", min(now, LAST_INSTANT))
        since = _instant(parameters, "from", max(until - HOUR, 0))
        if since >= until:
            raise BadRequest("'from' is not before 'to'")
        return cls(
            stream=_text(parameters, "stream"),
            session=_text(parameters, "session"),
            since=since,
            until=until,
            step_s=_step(parameters),
            features=_features(parameters),
            form=_form(parameters, accept),
        )

    def query(self, streams: int) -> HistoryQuery:
        """
        Return what the store is asked; ``streams`` is how many there will be.

        Begins and ends with a whole step. Raises `BadRequest` for too much of it in JSON.
        """
        step = self.step_s or self._chosen_step(max(streams, 1))
        since, until = self.since // step * step, -(-self.until // step) * step
        points = (until - since) / step * max(streams, 1)
        if self.form is Form.JSON and self.step_s and points > MAX_JSON_POINTS:
            raise BadRequest(
                f"that may be {points:.0f} points, and {MAX_JSON_POINTS} is the most in JSON;"
                " leave 'step' away, or ask for format=csv"
            )
        return HistoryQuery(
            since, until, self.stream, self.session, step, self.features
        )

    def _chosen_step(self, streams: int) -> int:
        if self.form is not Form.JSON:
            return 1
        # At either end there may be a part of a step.
        room = max(MAX_POINTS // streams - 2, 1)
        least = (self.until - self.since) / room
        return next(
            (step for step in STEPS if step >= least), math.ceil(least / DAY) * DAY
        )


def instant_of(text: str, name: str) -> float:
    """Read seconds since 1970, or a time as ISO 8601 writes it. Raises `BadRequest`."""
    try:
        instant = float(text)
    except ValueError:
        try:
            instant = datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError, OSError):
            instant = math.nan
    if not 0 <= instant <= LAST_INSTANT:  # nor is anything that is no number
        raise BadRequest(
            f"{name!r} is seconds since 1970, or a time such as"
            f" {datetime.now(UTC).isoformat(timespec='seconds').replace('+00:00', 'Z')}"
        )
    return instant


def _instant(parameters: Mapping[str, str], name: str, default: float) -> float:
    text = parameters.get(name)
    return default if text is None else instant_of(text, name)


def _text(parameters: Mapping[str, str], name: str) -> str | None:
    text = parameters.get(name)
    if text is not None and not 0 < len(text) <= MAX_TEXT:
        raise BadRequest(f"{name!r} has 1 to {MAX_TEXT} characters")
    return text


def _step(parameters: Mapping[str, str]) -> int | None:
    text = parameters.get("step")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise BadRequest("'step' is a whole number of seconds")
    if not 1 <= int(text) <= MAX_STEP_S:
        raise BadRequest(f"'step' is 1 to {MAX_STEP_S} seconds")
    return int(text)


def _features(parameters: Mapping[str, str]) -> tuple[str, ...]:
    text = parameters.get("features")
    if text is None:
        return FEATURE_NAMES
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in FEATURE_NAMES:
            known = ", ".join(FEATURE_NAMES)
            raise BadRequest(f"there is no feature {name[:40]!r}; there are {known}")
    return names


def _form(parameters: Mapping[str, str], accept: str) -> Form:
    """What the address says counts more than what a program accepts."""
    wanted = parameters.get("format")
    for form in Form:
        if form.suffix == wanted:
            return form
    if wanted is not None:
        known = ", ".join(form.suffix for form in Form)
        raise BadRequest(f"'format' is one of {known}")
    accepted = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    types = {form.media_type: form for form in Form}
    return next((types[type_] for type_ in accepted if type_ in types), Form.JSON)
