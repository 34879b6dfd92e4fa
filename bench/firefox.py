"""What Firefox has to make up on bad lines; it asks for nothing again and knows no redundancy."""

import shutil
import tempfile
from pathlib import Path

from bench.figures import Figure
from bench.impaired_link import ImpairedLink, available
from bench.listening import JITTER_S, LOSSES, impairment
from bench.not_measured import NotMeasured
from bench.plan import QUICK, Plan
from bench.table import Row
from tests.e2e.firefox_over_loss import firefox_over, played_over_loss

PROGRAM = "firefox-esr"


async def measure(plan: Plan) -> list[Row]:
    if reason := available():
        raise NotMeasured(reason)
    program = shutil.which(PROGRAM)
    if program is None:
        raise NotMeasured(f"{PROGRAM} is not installed")
    seconds, settle_s = (5.0, 2.0) if plan == QUICK else (30.0, 15.0)
    percent: dict[float, list[float]] = {loss: [] for loss in LOSSES}
    for number in range(plan.rounds):
        for loss, samples in percent.items():
            with (
                tempfile.TemporaryDirectory(prefix="bench-") as folder,
                ImpairedLink(seed=1 + number, net=243) as link,
            ):
                async with firefox_over(link, program, Path(folder)) as (_, _, ear):
                    played = await played_over_loss(
                        link, impairment(loss), ear, seconds, settle_s
                    )
            samples.append(100 * played.share_concealed)
    return [
        Row(
            f"sound made up with {loss:.0%} loss and {JITTER_S * 1000:g} ms jitter, Firefox",
            "%",
            Figure.of(samples),
            f"samples that Firefox made up, of all within {seconds:g} s after {settle_s:g} s "
            "of the same; a Firefox speaks and hears over one link, which its sound "
            "crosses twice",
        )
        for loss, samples in percent.items()
    ]
