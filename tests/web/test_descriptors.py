"""How many file descriptors there are, and for whom."""

import resource
from collections.abc import Iterator

import pytest

from relay.web.descriptors import ENOUGH, connections_per_port, descriptors


@pytest.fixture
def hard_limit() -> Iterator[int]:
    """The limit that nobody but root may raise; the other is restored."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_it_asks_for_what_it_may_have(hard_limit: int) -> None:
    """The limit that most systems begin with is not the last word."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard_limit))
    granted = descriptors()
    assert 256 <= granted <= ENOUGH
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == granted
    assert descriptors() == granted


@pytest.mark.parametrize("total", [256, 1024, ENOUGH])
def test_both_ports_together_leave_something_over(total: int) -> None:
    """For media, files, and connections that are just being closed."""
    assert 0 < 2 * connections_per_port(total) <= total - 64


def test_a_port_always_takes_somebody() -> None:
    """Even where there is next to nothing."""
    assert connections_per_port(32) == 1
