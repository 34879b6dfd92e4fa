"""What is measured of listeners over HTTP, as little of it as shows that it works."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bench import listeners, mp3
from bench.plan import QUICK
from bench.table import Row

TINY = replace(
    QUICK,
    window_s=0.2,
    settle_s=0.2,
    listeners=(1, 3),
    baseline_listeners=(1, 2),
    first_bytes=1,
    beeps=1,
    visitors=5,
    latency_packets=20,
)


def said(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return what each row is about, and whom it compares with."""
    return [
        (row.what, row.compared_with.name if row.compared_with else "") for row in rows
    ]


@pytest.mark.slow
async def test_mp3_is_measured_against_icecast2_and_an_encoder_each(
    requires_program: Callable[[str], str],
):
    """All in the same run, by the same listeners."""
    requires_program("icecast2")
    rows = await mp3.measure(TINY)
    told = said(rows)
    assert len(set(told)) == len(told)
    for other in ("icecast2", "an encoder each, 44.1 kHz stereo"):
        assert ("CPU per MP3 listener", other) in told
    in_fours = "MP3 delay, sender to decodable bytes, four frames a write"
    for what in ("MP3 delay", in_fours):
        delay = rows[told.index((what, "icecast2"))]
        assert delay.earshot is not None
        assert 0 < delay.earshot.value < 1000


@pytest.mark.slow
async def test_what_listeners_do_to_others_is_measured():
    """To the memory, to other listeners, to receivers."""
    growth, dropped, missed, latency = await listeners.measure(TINY)
    assert growth.earshot is not None
    assert dropped.earshot is not None
    assert 1 < dropped.earshot.value < listeners.GIVEN_UP_AFTER_S
    assert missed.earshot is not None
    assert missed.unit == ""
    assert latency.earshot is not None
