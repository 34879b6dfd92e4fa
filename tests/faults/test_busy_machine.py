"""What is reckoned from the counts of everybody."""

import pytest

from tests.faults.busy_machine import LISTENERS, RECEIVERS, Count, quantile

INF = float("inf")


BUCKETS = {0.01: 500.0, 0.02: 900.0, 0.05: 990.0, INF: 1000.0}


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.25, 0.005), (0.5, 0.01), (0.7, 0.015), (0.945, 0.035), (0.999, 0.05)],
)
def test_a_quantile_is_estimated_as_prometheus_does(share: float, expected: float):
    """On a line through its bucket; beyond the last bound nothing is known."""
    assert quantile(BUCKETS, share) == pytest.approx(expected)


def test_what_is_lost_is_a_share_of_what_was_sent():
    """By all receivers together, and by the server's own counts."""
    received, sent = "voice_packets_received_total", "voice_packets_sent_total"
    before = Count(10, 100, 0, 0, {received: 0, sent: 0})
    after = Count(
        20,
        600,
        RECEIVERS * 495,
        LISTENERS * 119_400,
        {received: 498, sent: RECEIVERS * 498},
    )
    assert before.lost_share(after) == pytest.approx(0.01)
    assert before.unsent_share(after) == 0
    assert before.missing_sound_share(after) == pytest.approx(0.005)
