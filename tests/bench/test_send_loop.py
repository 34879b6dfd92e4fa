"""The comparison with a loop in C."""

import shutil

from bench import send_loop


async def test_both_loops_send_to_every_receiver():
    """Without a compiler there is no comparison, and otherwise both have a cost."""
    costs = await send_loop.compare(receivers=3, blocks=1)
    if shutil.which("gcc") is None:
        assert costs is None
    else:
        assert costs is not None
        assert costs.earshot.value > 0
        assert costs.c.value > 0
