"""Tests of relay/webrtc/line.py."""

import pytest

from relay.webrtc.line import Line


@pytest.mark.parametrize(
    ("figures", "line"),
    [
        ((0.0, 0.0), Line.GOOD),
        ((0.02, 0.05, 0.4), Line.GOOD),
        ((0.03, 0.0), Line.WEAK),
        ((0.0, 0.06), Line.WEAK),
        ((0.0, 0.0, 0.5), Line.WEAK),
        ((0.11, 0.0), Line.BAD),
        ((0.0, 0.13), Line.BAD),
        ((0.0, 0.0, 1.1), Line.BAD),
    ],
)
def test_the_worst_figure_decides(figures: tuple[float, ...], line: Line) -> None:
    """Of loss, jitter and round trip; docs/protocol.md names the same limits."""
    assert Line.of(*figures) is line
