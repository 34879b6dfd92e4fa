"""Tests of relay/consumers/analysis_modes.py: who said last when a stream is analysed."""

from pathlib import Path

import pytest

from relay.analysis_settings import AnalysisMode, AnalysisSettings
from relay.consumers import analysis_modes
from relay.consumers.analysis_modes import AnalysisModes
from relay.errors import CapacityExceeded, MalformedMessage

ALWAYS, OFF, ON_DEMAND = AnalysisMode.ALWAYS, AnalysisMode.OFF, AnalysisMode.ON_DEMAND
SETTINGS = AnalysisSettings(ON_DEMAND, (("Nursery Phone", ALWAYS),))


def test_options_name_single_streams() -> None:
    """All others, and those without a name, have the mode of all."""
    modes = AnalysisModes(SETTINGS, None)
    assert modes.of("nursery-phone") is ALWAYS
    assert modes.of("attic") is ON_DEMAND
    assert modes.of(None) is ON_DEMAND


async def test_what_was_chosen_outlives_a_restart(tmp_path: Path) -> None:
    """And counts more than the options, until it is taken back."""
    modes = AnalysisModes(SETTINGS, tmp_path)
    await modes.choose("nursery-phone", OFF)
    await modes.choose("attic", ALWAYS)
    again = AnalysisModes(SETTINGS, tmp_path)
    assert [again.of("nursery-phone"), again.of("attic")] == [OFF, ALWAYS]
    await again.choose("nursery-phone", None)
    assert AnalysisModes(SETTINGS, tmp_path).of("nursery-phone") is ALWAYS


@pytest.mark.parametrize("slug", ["", "Attic", "../x", "a b"])
async def test_what_is_no_address_has_no_mode(slug: str) -> None:
    with pytest.raises(MalformedMessage):
        await AnalysisModes(SETTINGS, None).choose(slug, OFF)


async def test_there_is_a_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was chosen before can still be changed."""
    monkeypatch.setattr(analysis_modes, "MAX_CHOICES", 2)
    modes = AnalysisModes(SETTINGS, None)
    await modes.choose("a", OFF)
    await modes.choose("b", OFF)
    with pytest.raises(CapacityExceeded):
        await modes.choose("c", OFF)
    await modes.choose("a", ALWAYS)
    assert modes.of("a") is ALWAYS


def test_a_broken_file_is_set_aside(tmp_path: Path) -> None:
    """The options count then."""
    (tmp_path / "analysis.json").write_text('{"streams": {"attic": "sometimes"}}')
    assert AnalysisModes(SETTINGS, tmp_path).of("attic") is ON_DEMAND
    assert (tmp_path / "analysis.broken").exists()
