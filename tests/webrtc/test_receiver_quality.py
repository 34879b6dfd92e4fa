"""A receiver's reports decide how its sound is packed."""

import pytest

from relay.rtp import rtcp
from relay.webrtc.line import Line
from relay.webrtc.outbound import Form
from relay.webrtc.receiver_quality import CALM_REPORTS, SILENT_S, ReceiverQuality

NOW = rtcp.ntp_time(1.79e9)


def block(fraction_lost: int, last_sr: int = 0) -> rtcp.ReportBlock:
    return rtcp.ReportBlock(1, fraction_lost, 7, 0, 960, last_sr, 0)


def test_the_figures_are_in_seconds_and_fractions() -> None:
    """Loss is a fraction, jitter and round trip are seconds."""
    quality = ReceiverQuality()
    quality.take(block(64, rtcp.middle(NOW - (1 << 31))), NOW)
    assert (quality.fraction_lost, quality.packets_lost) == (0.25, 7)
    assert quality.jitter_s == 0.02
    assert quality.round_trip_s == 0.5


def test_a_round_trip_stays_known() -> None:
    """A report that answers none of ours does not make us forget."""
    quality = ReceiverQuality()
    quality.take(block(0, rtcp.middle(NOW - (1 << 31))), NOW)
    quality.take(block(0), NOW)
    assert quality.round_trip_s == 0.5


def test_redundancy_comes_with_loss_and_goes_with_calm() -> None:
    """Two percent turn it on; it stays until losses have stopped for a while."""
    quality = ReceiverQuality(reads_red=True)
    quality.take(block(4), NOW)
    assert quality.form is Form.PLAIN
    quality.take(block(5), NOW)
    assert quality.form is Form.RED
    for _ in range(CALM_REPORTS - 1):
        quality.take(block(0), NOW)
    quality.take(block(1), NOW)
    assert quality.form is Form.RED
    for _ in range(CALM_REPORTS):
        quality.take(block(0), NOW)
    assert quality.form is Form.PLAIN


def test_who_cannot_read_redundancy_gets_packets_twice_unless_it_asks() -> None:
    """Firefox neither knows RED nor asks for what it lacks."""
    silent, asking = ReceiverQuality(), ReceiverQuality(asks=True)
    for quality in (silent, asking):
        quality.take(block(13), NOW)
    assert (silent.form, asking.form) == (Form.REPEATED, Form.PLAIN)


@pytest.mark.parametrize(
    ("quality", "line"),
    [
        (ReceiverQuality(), None),
        (ReceiverQuality(reports=1), Line.GOOD),
        (ReceiverQuality(reports=1, fraction_lost=0.03), Line.WEAK),
        (ReceiverQuality(reports=1, jitter_s=0.06), Line.WEAK),
        (ReceiverQuality(reports=1, round_trip_s=0.5), Line.WEAK),
        (ReceiverQuality(reports=1, fraction_lost=0.2), Line.BAD),
        (ReceiverQuality(reports=1, jitter_s=0.2), Line.BAD),
        (ReceiverQuality(reports=1, round_trip_s=2.0), Line.BAD),
    ],
)
def test_a_line_has_a_word(quality: ReceiverQuality, line: Line | None) -> None:
    """Nothing is said of it before the first report."""
    assert quality.line(0.0) is line


def test_a_line_that_says_nothing_any_more_is_bad() -> None:
    """The last report was good, but it is long ago."""
    quality = ReceiverQuality()
    quality.take(block(0), NOW, 100.0)
    assert quality.line(100.0 + SILENT_S) is Line.GOOD
    assert quality.line(101.0 + SILENT_S) is Line.BAD
