"""What a page in Firefox plays, and how much of it Firefox had to make up."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.firefox import FirefoxPage
from tests.e2e.tones import TONES_HZ

HEARING = (Path(__file__).parent / "hearing_by_recording.js").read_text()

HEAR_S = 20.0
"""How long a page may take until all tones were heard; it needs two seconds."""

KEEP_PEERS = """
  window.peers = [];
  const Plain = RTCPeerConnection;
  window.RTCPeerConnection = class extends Plain {
    constructor(...options) {
      super(...options);
      peers.push(this);
    }
  };
"""
"""A script for `Firefox.open`, so that `statistics` can be asked for."""

STATISTICS = """
  async (kind) => {
    const report = await peers.at(-1).getStats();
    return [...report.values()].find(({ type }) => type === kind) ?? null;
  }
"""


async def statistics(page: FirefoxPage, kind: str) -> dict[str, Any]:
    """Return what the page's newest connection counts; a kind is ``inbound-rtp``, for instance."""
    found: dict[str, Any] | None = await page.evaluate(STATISTICS, kind)
    assert found is not None, f"the connection has no {kind}"
    return found


async def tones_heard(
    page: FirefoxPage, tones_hz: Sequence[int], timeout_s: float = HEAR_S
) -> list[int]:
    """Return which tones a page plays, lowest first, within some time."""
    arguments = {"tones_hz": list(tones_hz), "timeout_ms": timeout_s * 1000}
    heard: list[int] = await page.evaluate(HEARING, arguments)
    return heard


async def hears(page: FirefoxPage, tone_hz: int) -> bool:
    return await tones_heard(page, [tone_hz]) == [tone_hz]


async def hears_the_melody(page: FirefoxPage) -> bool:
    return await tones_heard(page, TONES_HZ) == sorted(TONES_HZ)


@dataclass(frozen=True)
class Played:
    """What a listen page got so far, over its newest connection."""

    samples: int
    concealed: int
    """Of these samples, how many Firefox made up because a packet was not there in time."""
    packets: int
    lost: int
    """Packets that never came, or only after they had been counted as lost."""

    @classmethod
    async def by(cls, page: FirefoxPage) -> "Played":
        inbound = await statistics(page, "inbound-rtp")
        return cls(
            inbound["totalSamplesReceived"],
            inbound["concealedSamples"],
            inbound["packetsReceived"],
            inbound["packetsLost"],
        )

    def __sub__(self, earlier: "Played") -> "Played":
        return Played(
            self.samples - earlier.samples,
            self.concealed - earlier.concealed,
            self.packets - earlier.packets,
            self.lost - earlier.lost,
        )

    @property
    def share_concealed(self) -> float:
        return self.concealed / max(1, self.samples)
