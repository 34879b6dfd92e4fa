"""Firefox over a network that loses packets."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.impaired_link import ImpairedLink, Impairment, available
from tests.e2e.firefox import TONE_HZ
from tests.e2e.firefox_hearing import hears, statistics
from tests.e2e.firefox_over_loss import firefox_over, played_over_loss

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]

LOSS = 0.05
MEASURED_S = 3.0
SETTLE_S = 1.0


@pytest.fixture
def link() -> Iterator[ImpairedLink]:
    if reason := available():
        pytest.skip(reason)
    with ImpairedLink(net=197) as link:
        yield link


async def test_what_firefox_loses_on_the_way_to_the_server_is_sent_again(
    link: ImpairedLink, requires_program: Callable[[str], str], tmp_path: Path
):
    """And what it does not get is made up, until every packet comes to it twice: it never asks."""
    program = requires_program("firefox-esr")
    async with firefox_over(link, program, tmp_path) as (fox, speaker, listener):
        played = await played_over_loss(
            link, Impairment(loss=LOSS), listener, MEASURED_S, SETTLE_S
        )
        sent = await statistics(speaker, "outbound-rtp")
        assert sent["retransmittedPacketsSent"] > 0
        assert played.lost > 0
        assert played.share_concealed < 3 * LOSS
        assert await hears(listener, TONE_HZ)
        link.change(Impairment())
        assert not fox.complaints
        await fox.close_pages()
