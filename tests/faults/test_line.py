"""The pages without a browser are as patient as those with one."""

import re
from pathlib import Path

import pytest

from tests.faults import line, pages_on_air

WWW = Path(__file__).resolve().parents[2] / "www"

NUMBERS = [
    ("relay-client.js", "PING_INTERVAL_MS", line.PING_INTERVAL_S),
    ("relay-client.js", "SILENCE_MS", line.SILENCE_S),
    ("relay-client.js", "DOUBT_MS", line.DOUBT_S),
    ("relay-client.js", "CONNECT_MS", line.CONNECT_S),
    ("relay-client.js", "LONGEST_WAIT_MS", line.LONGEST_WAIT_S),
    ("relay-client.js", "STABLE_MS", line.STABLE_S),
    ("backoff.js", "first_ms", line.FIRST_WAIT_S),
    ("backoff.js", "longest_ms", pages_on_air.LONGEST_REST_S),
    ("sender.js", "CONNECT_MS", pages_on_air.JOIN_S),
    ("receiver.js", "JOIN_MS", pages_on_air.JOIN_S),
    ("sender.js", "FALTERING_MS", pages_on_air.FALTERING_S),
    ("sender.js", "LINGER_MS", pages_on_air.LINGER_S),
    ("receiving-session.js", "SILENCE_MS", pages_on_air.SILENCE_S),
]


@pytest.mark.parametrize(("script", "name", "seconds"), NUMBERS)
def test_they_wait_as_the_scripts_say(script: str, name: str, seconds: float) -> None:
    """Whoever changes a number in `www` changes it here as well."""
    found = re.search(rf"\b{name} = ([\d_]+)", (WWW / script).read_text())
    assert found is not None
    assert int(found[1]) / 1000 == seconds
