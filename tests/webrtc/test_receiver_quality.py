"""A receiver's reports decide how its sound is packed."""

from relay.rtp import rtcp
from relay.webrtc.outbound import Form
from relay.webrtc.receiver_quality import CALM_REPORTS, ReceiverQuality

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
    quality = ReceiverQuality()
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
