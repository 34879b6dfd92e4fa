"""People who say a word every second, and when they are heard."""

import time

from bench.load_talkers import WORD_PACKETS, Ear, Talker
from bench.mouth import Mouth
from bench.voice import PACKETS_PER_S, words
from tests.bench.deaf_client import DeafClient


def test_a_word_is_told_once() -> None:
    """From its first packet until somebody is told; that it goes on is no news."""
    payloads = words(packets=PACKETS_PER_S, word=WORD_PACKETS)
    talker = Talker(Mouth(DeafClient(), payloads), phase=PACKETS_PER_S - 1)
    ear = Ear({"Talker 0": talker})
    talker.say()
    ear._hear("Talker 0", True, time.monotonic())
    assert ear.delays_us == []  # nobody had begun a word since
    ear._hear("Talker 0", False, time.monotonic())
    for _ in range(PACKETS_PER_S - WORD_PACKETS + 1):
        talker.say()
    assert talker.said_at is not None
    ear._hear("Talker 0", True, talker.said_at + 0.02)
    ear._hear("Talker 0", True, talker.said_at or 0.0)
    assert ear.delays_us == [20_000]
