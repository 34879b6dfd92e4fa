"""The numbers that a server tells of itself."""

import aiohttp

from bench.bad_link import CONCEALED
from bench.crowd import PUSHED, TURNS, TURNS_IN_TIME, UNSENT
from bench.metrics import metrics_of, parse
from bench.server_process import earshot


def test_every_number_is_found_by_its_name_and_labels():
    """Comments are none, and floats come in every spelling."""
    text = '# HELP a b 1\na_total 3.0\nb{x="1",y="z"} 1e-05\n'
    assert parse(text) == {"a_total": 3.0, 'b{x="1",y="z"}': 1e-05}


async def test_a_real_server_has_the_numbers_that_rows_are_made_of():
    """A name that changes would be missed here, not after ten minutes."""
    async with earshot() as server, aiohttp.ClientSession() as session:
        metrics = await metrics_of(session, server)
    assert {PUSHED, UNSENT, TURNS, TURNS_IN_TIME, CONCEALED} <= metrics.keys()
