"""The instrument: what is read from a recording of the siren is what was done to it."""

import numpy as np
import pytest

from relay.audio.codec import OpusDecoder
from tests.faults import siren

RATE = siren.SAMPLE_RATE


def sound(packets: int = 300) -> np.ndarray:
    decoder = OpusDecoder()
    payloads = siren.payloads()
    return np.concatenate(
        [decoder.decode(payloads[n % siren.PACKETS]) for n in range(packets)]
    )


def ages_s(reading: siren.Reading) -> np.ndarray:
    """By how much the sound at each place is older than its place."""
    late = (reading.ends / RATE - reading.positions_s) % siren.RISE_S
    return (late + siren.RISE_S / 2) % siren.RISE_S - siren.RISE_S / 2


def test_packets_are_known_by_their_bytes() -> None:
    """No two of a rise are alike."""
    assert sorted(siren.places().values()) == list(range(siren.PACKETS))


def test_an_undisturbed_siren_tells_the_time() -> None:
    """To a millisecond and a half, nearly everywhere, and without a gap."""
    pcm = sound()[RATE // 10 :]
    reading = siren.read(pcm)
    ages = ages_s(reading) + 0.1
    assert len(ages) > 0.85 * len(pcm) / siren.WINDOW
    # A decoder of Opus is 6.5 ms behind.
    assert np.percentile(np.abs(ages - 0.0065), 99) < 0.0015
    assert reading.gaps_s == ()


def test_a_delay_is_seen_from_there_on() -> None:
    """Sound that is 60 ms late, because some was repeated."""
    pcm = sound()
    late = np.concatenate((pcm[: 2 * RATE + 4800], pcm[2 * RATE + 1920 :]))
    reading = siren.read(late)
    ages = ages_s(reading)
    behind = reading.ends > 2 * RATE + 4800 + siren.WINDOW
    assert np.median(ages[behind]) - np.median(ages[~behind]) == pytest.approx(
        0.06, abs=0.002
    )


@pytest.mark.parametrize("gap_s", [0.02, 0.1])
def test_a_hole_is_a_gap(gap_s: float) -> None:
    """Of its length; one that is far shorter is not heard."""
    pcm = sound()
    pcm[RATE : RATE + int(gap_s * RATE)] = 0
    pcm[3 * RATE : 3 * RATE + RATE // 250] = 0
    reading = siren.read(pcm[RATE // 10 :])
    assert reading.gaps_s == pytest.approx([gap_s], abs=0.003)
    assert reading.gap_ends[0] / RATE == pytest.approx(0.9 + gap_s, abs=0.003)
