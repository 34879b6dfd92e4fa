"""Tests of relay/consumers/programme.py: what all programmes have in common."""

import asyncio
from functools import partial

import pytest

from relay.audio.formats import OGG, Encoding
from relay.consumers import programme as module
from relay.consumers.broadcast import PacketBroadcast
from relay.consumers.programme import MAX_BEHIND_S, QUIET_SAMPLES, Programme
from relay.consumers.tuner import Tuner
from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from tests.sound_room import until


class Counting(Programme[PacketBroadcast]):
    """Counts what it was made to do, on a clock that is turned by hand."""

    def __init__(self, fails: int = 0) -> None:
        self.relay = MediaRelay[RtpPacket](EventBus())
        self.now = 0.0
        self.changes = self.follows = self.leaves = self.runs = 0
        self._fails = fails
        super().__init__(
            partial(Tuner, self.relay, "latest"),
            changed=self._count_change,
            clock=lambda: self.now,
        )

    def _count_change(self) -> None:
        self.changes += 1

    def _follow(self) -> None:
        self.follows += 1

    def _leave(self) -> None:
        self.leaves += 1

    async def _run(self) -> None:
        self.runs += 1
        if self.runs <= self._fails:
            raise ZeroDivisionError
        await asyncio.sleep(3600)

    def make_quiet(self) -> int:
        pieces = self._quiet_due()
        self._position += pieces * QUIET_SAMPLES
        return pieces


async def test_a_new_stream_is_followed_before_anybody_is_told() -> None:
    """Then those who are told find it there."""
    programme = Counting()
    programme.start()
    stream = programme.relay.publish()
    assert programme.stream is stream
    assert (programme.follows, programme.changes) == (2, 1)
    await programme.close()
    programme.relay.end(stream, "stopped")
    assert (programme.follows, programme.changes) == (2, 1)


async def test_closing_twice_is_closing_once() -> None:
    """Nothing is left running."""
    programme = Counting()
    programme.start()
    await programme.close()
    await programme.close()
    assert programme.leaves == 2
    assert [t for t in asyncio.all_tasks() if t.get_name() == "programme"] == []


async def test_a_programme_that_fails_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It follows the stream anew, and says what happened."""
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    programme = Counting(fails=2)
    programme.start()
    await until(lambda: programme.runs == 3)
    assert programme.follows == 3
    assert caplog.text.count("a programme failed") == 2
    await programme.close()


async def test_quiet_keeps_to_the_clock() -> None:
    """Piece by piece, and without making up for a long sleep."""
    programme = Counting()
    assert programme.make_quiet() == 0
    programme.now = 0.05
    assert programme.make_quiet() == 2
    programme.now = 0.06
    assert programme.make_quiet() == 1
    programme.now += 10 * MAX_BEHIND_S
    assert programme.make_quiet() == 1
    assert programme.make_quiet() == 0


async def test_a_broadcast_is_added_and_removed() -> None:
    """Removing what is not there is harmless."""
    programme, broadcast = Counting(), PacketBroadcast(Encoding(OGG, None, 2))
    programme.add(broadcast)
    assert programme._broadcasts == (broadcast,)
    programme.remove(broadcast)
    programme.remove(broadcast)
    assert programme._broadcasts == ()
