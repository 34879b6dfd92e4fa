"""What docs/mqtt.md says."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mqtt.md"


def documented_topics() -> set[str]:
    """Return the topics of the table, as they are with the default prefix."""
    return set(re.findall(r"^\| `(earshot/[^`]+)` \|", PAGE.read_text(), re.MULTILINE))
