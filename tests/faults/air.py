"""One who speaks, one who hears and one who listens: what most faults happen to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.place import Place
from tests.faults.hearer import Heard
from tests.faults.network import Network
from tests.faults.pages_on_air import HearingPage, SpeakingPage
from tests.faults.recording import Recording, recording
from tests.faults.speaker import Siren, Speaker

NAME = "Nursery"
SLUG = "nursery"
PATIENCE_S = 20.0
GIVEN_UP_AFTER_S = 60.0


@dataclass(frozen=True)
class Air:
    """All of them in full swing."""

    net: Network
    siren: Siren
    speaker: SpeakingPage
    hearer: HearingPage
    recorded: Recording
    """By a player beside the server: its sound is what the server makes of the speaker's."""

    @property
    def heard(self) -> Heard:
        return self.hearer.heard

    @property
    def voice(self) -> Speaker:
        session = self.speaker.session
        assert session is not None, "somebody speaks"
        assert session.voice is not None, "and has a voice"
        return session.voice

    async def heard_again_s(self, moment: float) -> float:
        """Wait until something is heard that was said later; return how much later that is."""
        try:
            async with asyncio.timeout(GIVEN_UP_AFTER_S):
                while (at := self.heard.first_after(moment)) is None:  # noqa: ASYNC110 - packets are no event
                    await asyncio.sleep(0.01)
        except TimeoutError:
            return GIVEN_UP_AFTER_S
        return at - moment


@asynccontextmanager
async def on_air(net: Network, hears_at: Place | None = None) -> AsyncIterator[Air]:
    """Let one speak and one hear at the far end (or elsewhere), one listen beside the server."""
    siren = Siren()
    url = net.websocket_url
    async with SpeakingPage(url, net.far, NAME, siren) as speaker:
        await speaker.until(lambda: speaker.session, PATIENCE_S)
        await net.relay.until_streams(1)
        async with (
            HearingPage(url, hears_at or net.far, NAME, siren) as hearer,
            recording(net.relay, SLUG) as recorded,
        ):
            await hearer.until(lambda: len(hearer.heard), PATIENCE_S)
            yield Air(net, siren, speaker, hearer, recorded)
