"""How well each stream is heard, in sums."""

from relay.signaling.server_messages import Hearing
from relay.web.hearing import HearingBoard
from relay.webrtc.line import Line
from relay.webrtc.receiver_quality import SILENT_S, ReceiverQuality
from tests.web.fakes import FakeClock
from tests.web.house import House

NOW = 100.0


def receiver(loss: float = 0.0) -> ReceiverQuality:
    return ReceiverQuality(fraction_lost=loss, reports=1, reported_at=NOW)


def test_receivers_are_counted_by_their_line() -> None:
    """Who has not reported yet is in none of the counts."""
    board = HearingBoard()
    receivers = [
        receiver(),
        receiver(0.05),
        receiver(0.25),
        receiver(),
        ReceiverQuality(),
    ]
    assert board.update({"stream_1": receivers}, NOW) == ["stream_1"]
    assert board.of("stream_1") == Hearing(2, 1, 1, 25.0)
    assert board.of("stream_2") == Hearing()


def test_only_what_differs_is_told() -> None:
    """A newcomer without a report changes nothing; one who leaves does."""
    board = HearingBoard()
    assert board.update({"a": [ReceiverQuality()], "b": [receiver()]}, NOW) == ["b"]
    assert board.update({"a": [ReceiverQuality()], "b": [receiver()]}, NOW) == []
    assert board.update({"a": [ReceiverQuality()]}, NOW) == ["b"]
    assert board.update({}, NOW) == []


def test_who_does_not_report_any_more_hears_badly() -> None:
    """Its figures are those of a better time."""
    board = HearingBoard()
    board.update({"a": [receiver()]}, NOW)
    assert board.update({"a": [receiver()]}, NOW + SILENT_S + 1) == ["a"]
    assert board.of("a").bad == 1


def test_how_a_sender_arrives_is_told_when_it_differs() -> None:
    board = HearingBoard()
    assert board.update({}, NOW, {"a": Line.GOOD}) == ["a"]
    assert board.update({}, NOW, {"a": Line.GOOD}) == []
    assert board.update({}, NOW, {"a": Line.WEAK}) == ["a"]
    assert board.line_of("a") is Line.WEAK
    assert board.update({}, NOW, {}) == ["a"]
    assert board.line_of("a") is None


async def test_who_asked_for_details_is_told_how_well_a_stream_is_heard() -> None:
    """In the stream's details, at most once a second, and only what is new."""
    clock = FakeClock()
    async with House(clock=clock) as house:
        _, stream = await house.sender("Nursery")
        await house.receiver(stream)
        watcher = await house.client(details=True)
        await watcher.heard()
        (peer,) = house.endpoint.receivers
        peer.quality = ReceiverQuality(
            fraction_lost=0.05, reports=1, reported_at=clock.now
        )
        house.lobby.sweep()
        assert await watcher.heard() == []
        clock.advance(1)
        house.lobby.sweep()
        change = await watcher.hear("stream_changed")
        assert change["stream"]["hearing"] == {
            "good": 0,
            "weak": 1,
            "bad": 0,
            "worst_loss_percent": 5.0,
        }
        clock.advance(1)
        house.lobby.sweep()
        assert await watcher.heard() == []
