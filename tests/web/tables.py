"""What holds for every table of readings."""

import re
from collections.abc import Sequence

from relay.web.metrics import Reading


def check_table(table: Sequence[Reading]) -> None:
    """Fail if a reading cannot be read, or is not fit to be published."""
    for reading in table:
        assert reading.family().samples, reading.name
        assert reading.help
    names = [reading.name for reading in table]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"voice_[a-z0-9_]+", name) for name in names)
