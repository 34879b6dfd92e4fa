"""The comparison with a loop in C."""

import shutil
from pathlib import Path

from pylibsrtp import _binding

from bench import send_loop


async def test_both_loops_send_to_every_receiver():
    """Without a compiler there is no comparison, and otherwise both have a cost."""
    costs = await send_loop.compare(receivers=3, blocks=1)
    if shutil.which("gcc") is None:
        assert costs is None
    else:
        assert costs is not None
        assert len(costs.earshot) == len(costs.c) == 1
        assert min(costs.earshot) > 0
        assert min(costs.c) > 0


def test_the_loop_in_c_calls_the_servers_libsrtp():
    """The one inside pylibsrtp: with another build the ratio would be about libraries."""
    address = send_loop.protect_address()
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, *_, file = line.split()
        first, end = (int(edge, 16) for edge in span.split("-"))
        if first <= address < end:
            break
    assert file == str(Path(_binding.__file__).resolve())
