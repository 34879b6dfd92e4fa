"""What the signaling server counts."""

import re
from pathlib import Path

from relay.web.tally import CloseReason, Tally

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_reasons_are_documented() -> None:
    """Every reason for the end of a connection is explained where its metric is."""
    reasons = DOCUMENT.read_text().split("## Reasons")[1]
    assert {r.value for r in CloseReason} <= set(re.findall(r"`(\w+)`", reasons))


def test_everything_begins_at_zero() -> None:
    """Nothing has happened yet, and reasons that never occurred count 0."""
    tally = Tally()
    assert tally.connections == tally.messages_in == tally.messages_out == 0
    assert all(tally.closes[reason] == 0 for reason in CloseReason)
    assert tally.errors["name_taken"] == 0
