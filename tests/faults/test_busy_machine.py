"""What is reckoned from the counts of everybody."""

import pytest

from tests.faults.busy_machine import LISTENERS, RECEIVERS, Count


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
