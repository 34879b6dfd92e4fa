"""What is measured in browsers becomes rows that say what was missed, and what could not be."""

import pytest

from bench import listening, speech_quality
from bench.calls import BY_WEBSOCKET, DIRECTLY, OLD_CARDS, OUR_PAGES
from bench.hearing import Hearing, concealed_percent
from bench.listening import QUICK_LISTENING
from bench.not_measured import NotMeasured
from bench.recording import Recording
from tests.bench.test_recording import noise

SOUND = Recording(noise(0.1), 0.0)


def hearing(delay_ms: float = 60.0, concealed: float = 0.0) -> Hearing:
    return Hearing(SOUND, SOUND, delay_ms, concealed)


def test_made_up_sound_is_counted_but_made_up_silence_is_not():
    """In silence nobody misses anything; what came before does not count either."""
    before = {"totalSamplesReceived": 1000.0, "concealedSamples": 500.0}
    after = {
        "totalSamplesReceived": 11_000.0,
        "concealedSamples": 800.0,
        "silentConcealedSamples": 200.0,
    }
    assert concealed_percent(before, after) == pytest.approx(1.0)


def test_a_page_that_plays_nothing_is_not_measured():
    """It is not perfect."""
    with pytest.raises(NotMeasured):
        concealed_percent({}, {"totalSamplesReceived": 0.0})


def test_without_a_peer_connection_nobody_knows_what_was_made_up():
    """Sound over the WebSocket is in no getStats()."""
    assert concealed_percent({}, {}) is None


def test_the_delay_is_compared_round_by_round():
    """What was more in one round is not made up for by another round's less."""
    hearings = {
        (OUR_PAGES.name, 0.0): [hearing(60.0), hearing(90.0), hearing(63.0)],
        (DIRECTLY.name, 0.0): [hearing(58.0), hearing(85.0), hearing(59.0)],
        (BY_WEBSOCKET.name, 0.0): [hearing(160.0), hearing(260.0), hearing(150.0)],
    }
    whole, added, by_socket = listening._delay_rows(hearings, QUICK_LISTENING)
    assert whole.earshot is not None
    assert whole.earshot.value == 63.0
    assert added.earshot is not None
    assert (added.earshot.value, added.earshot.low, added.earshot.high) == (4, 2, 5)
    assert added.goal_is_met
    assert by_socket.earshot is not None
    assert by_socket.earshot.value == 100.0
    assert by_socket.goal_is_met


def test_made_up_sound_beyond_the_goal_is_missed():
    """The goal is that of the loss; a perfect comparison has no ratio."""
    hearings = {
        (way.name, 0.01): [hearing(200.0, concealed)]
        for way, concealed in ((OUR_PAGES, 0.6), (DIRECTLY, 0.0), (OLD_CARDS, 1.0))
    }
    made_up, cards, delay = listening._loss_rows(0.01, hearings, QUICK_LISTENING)
    assert made_up.goal_is_met is False
    assert made_up.ratio is None
    assert cards.earshot is not None
    assert cards.earshot.value == 1.0
    assert delay.ratio == 1.0


def test_without_visqol_the_other_rows_are_there(monkeypatch: pytest.MonkeyPatch):
    """And the one that is missing says what to install."""

    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(speech_quality.importlib, "import_module", missing)
    (row,) = listening._quality_rows({})
    assert row.earshot is None
    assert "requirements-quality.txt" in row.measured


def test_a_cable_that_was_pulled_for_too_long_is_missed():
    """Each length has its own goal."""
    rows = listening._cable_rows(
        {("listener", 5.0): [1.0, 1.6, 1.8], ("speaker", 30.0): [2.9]}
    )
    assert [row.goal_is_met for row in rows] == [False, True]
