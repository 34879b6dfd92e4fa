"""What a listener hears in a real browser, on good lines, on bad ones, and after none."""

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cable import silence_after
from bench.calls import BY_WEBSOCKET, DIRECTLY, OLD_CARDS, OUR_PAGES, Way
from bench.figures import Figure
from bench.hearing import CLEAN, Hearing, hear
from bench.impaired_link import Impairment
from bench.listening_room import ListeningRoom, listening_room
from bench.not_measured import NotMeasured
from bench.plan import QUICK, Plan
from bench.speech import write_speech
from bench.speech_quality import Judge
from bench.table import Comparison, Goal, Row

JITTER_S = 0.03
LOSSES = {0.01: Goal(0.5, 0.1), 0.05: Goal(2.0, 0.5)}
"""Share of the packets of each leg, and how much concealed sound is allowed in percent."""
PULLED_S = {5.0: Goal(1.5, 0.5), 30.0: Goal(3.0, 1.0)}
"""How long a cable is pulled, and how many seconds of silence are allowed after that."""
WORSE_SCORE = Goal(0.15, 0.05)
MORE_DELAY_MS = Goal(10.0, 5.0)
MORE_BY_WEBSOCKET_MS = Goal(150.0, 100.0)


@dataclass(frozen=True, slots=True)
class ListeningPlan:
    rounds: int
    settle_s: float
    """From when the lines become bad; everybody gets as long to adapt."""
    clean_s: float
    lossy_s: float
    """How long is listened."""
    pulled_s: Sequence[float]


FULL_LISTENING = ListeningPlan(3, 10.0, 15.0, 30.0, tuple(PULLED_S))
QUICK_LISTENING = ListeningPlan(1, 3.0, 9.0, 9.0, (5.0,))

Trial = tuple[str, float]
"""Who was heard, and the loss on each leg."""


async def measure(plan: Plan) -> list[Row]:
    chosen = QUICK_LISTENING if plan == QUICK else FULL_LISTENING
    hearings: dict[Trial, list[Hearing]] = defaultdict(list)
    silences: dict[tuple[str, float], list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        speech = Path(folder) / "speech.wav"
        write_speech(speech)
        for number in range(chosen.rounds):
            async with listening_room(speech, seed=1 + number) as room:
                await _listen(room, chosen, hearings)
                await _pull(room, chosen, silences)
    return [
        *_delay_rows(hearings, chosen),
        *(row for loss in LOSSES for row in _loss_rows(loss, hearings, chosen)),
        *_quality_rows(hearings),
        *_cable_rows(silences),
    ]


def impairment(loss: float) -> Impairment:
    """Return a leg that loses packets; each waits by chance, so that some overtake others."""
    return Impairment(loss=loss, delay_s=JITTER_S, jitter_s=JITTER_S)


async def _listen(
    room: ListeningRoom, plan: ListeningPlan, hearings: dict[Trial, list[Hearing]]
) -> None:
    for way in (OUR_PAGES, DIRECTLY, BY_WEBSOCKET):
        hearing = await hear(room, way, CLEAN, plan.settle_s, plan.clean_s)
        hearings[way.name, 0.0].append(hearing)
    for loss in LOSSES:
        for way in (OUR_PAGES, DIRECTLY, OLD_CARDS):
            hearings[way.name, loss].append(
                await hear(room, way, impairment(loss), plan.settle_s, plan.lossy_s)
            )


async def _pull(
    room: ListeningRoom,
    plan: ListeningPlan,
    silences: dict[tuple[str, float], list[float]],
) -> None:
    for length_s in plan.pulled_s:
        for whose, leg in (
            ("listener", room.legs.listener),
            ("speaker", room.legs.speaker),
        ):
            silence_s = await silence_after(room, leg, length_s)
            silences[whose, length_s].append(silence_s)


def _delay_rows(
    hearings: Mapping[Trial, Sequence[Hearing]], plan: ListeningPlan
) -> list[Row]:
    ours = [hearing.delay_ms for hearing in hearings[OUR_PAGES.name, 0.0]]
    direct = [hearing.delay_ms for hearing in hearings[DIRECTLY.name, 0.0]]
    by_socket = [hearing.delay_ms for hearing in hearings[BY_WEBSOCKET.name, 0.0]]
    added = [a - b for a, b in zip(ours, direct, strict=True)]
    more = [a - b for a, b in zip(by_socket, ours, strict=True)]
    how = (
        f"median delay of speech within {plan.clean_s:g} s from the capturing page to the "
        "playing one, two Chromiums on good lines"
    )
    return [
        Row(
            "mouth to ear",
            "ms",
            Figure.of(ours),
            how,
            Comparison(DIRECTLY.name, Figure.of(direct)),
        ),
        Row(
            "mouth to ear, more than directly",
            "ms",
            Figure.of(added),
            f"{how}; less that of two pages that are connected directly",
            goal=MORE_DELAY_MS,
        ),
        Row(
            "mouth to ear by WebSocket, more than by WebRTC",
            "ms",
            Figure.of(more),
            f"{how}, both with ?transport=websocket; less that of the same pages by WebRTC",
            goal=MORE_BY_WEBSOCKET_MS,
        ),
    ]


def _line(loss: float) -> str:
    return f"with {loss:.0%} loss and {JITTER_S * 1000:g} ms jitter"


def _loss_rows(
    loss: float, hearings: Mapping[Trial, Sequence[Hearing]], plan: ListeningPlan
) -> list[Row]:
    def concealed(way: Way) -> Figure:
        heard = [h.concealed_percent for h in hearings[way.name, loss]]
        return Figure.of([percent for percent in heard if percent is not None])

    how = (
        f"samples that Chromium made up, of all within {plan.lossy_s:g} s, after "
        f"{plan.settle_s:g} s of the same; each leg loses {loss:.0%} of the packets and "
        "delays them by 30 ms with a standard deviation of 30 ms"
    )
    delay = Figure.of([h.delay_ms for h in hearings[OUR_PAGES.name, loss]])
    direct = Figure.of([h.delay_ms for h in hearings[DIRECTLY.name, loss]])
    what = f"sound made up {_line(loss)}"
    return [
        Row(
            what,
            "%",
            concealed(OUR_PAGES),
            how,
            _comparison(DIRECTLY, concealed(DIRECTLY)),
            LOSSES[loss],
        ),
        Row(f"{what}, old cards", "%", concealed(OLD_CARDS), how),
        Row(
            f"mouth to ear {_line(loss)}",
            "ms",
            delay,
            "as on good lines",
            _comparison(DIRECTLY, direct),
        ),
    ]


def _comparison(way: Way, figure: Figure) -> Comparison | None:
    """Nothing has no ratio to anything."""
    return Comparison(way.name, figure) if figure.value else None


def _quality_rows(hearings: Mapping[Trial, Sequence[Hearing]]) -> list[Row]:
    try:
        judge = Judge()
    except NotMeasured as error:
        what, why = "speech quality against directly", f"not measured: {error}"
        return [Row(what, "", None, why)]
    return [
        _quality_row(judge, loss, hearings[OUR_PAGES.name, loss], direct)
        for (name, loss), direct in hearings.items()
        if name == DIRECTLY.name
    ]


def _quality_row(
    judge: Judge, loss: float, ours: Sequence[Hearing], direct: Sequence[Hearing]
) -> Row:
    scores = [judge.score(hearing.said, hearing.heard) for hearing in ours]
    others = [judge.score(hearing.said, hearing.heard) for hearing in direct]
    worse = [other - score for score, other in zip(scores, others, strict=True)]
    where = _line(loss) if loss else "on good lines"
    return Row(
        f"speech quality {where}, less than directly",
        "MOS",
        Figure.of(worse),
        "ViSQOL's opinion (speech, 1 to 5) of what is played, compared with what was "
        f"captured: {Figure.of(others).value:.2f} directly, {Figure.of(scores).value:.2f} "
        "through the server",
        goal=WORSE_SCORE,
    )


def _cable_rows(silences: Mapping[tuple[str, float], Sequence[float]]) -> list[Row]:
    return [
        Row(
            f"silence after the {whose}'s cable was pulled for {length_s:g} s",
            "s",
            Figure.of(lengths),
            "from when the cable is back until the listening page plays sound again",
            goal=PULLED_S[length_s],
        )
        for (whose, length_s), lengths in silences.items()
    ]
