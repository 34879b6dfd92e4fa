"""A sender is told what arrives and asked for what does not."""

from relay.rtp import rtcp
from relay.rtp.packet import RtpPacket
from relay.webrtc.line import Line
from relay.webrtc.sender_feedback import SenderFeedback


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def packet(n: int, ssrc: int = 5, at: float = 100.0) -> RtpPacket:
    return RtpPacket(111, n & 0xFFFF, n * 960, ssrc, False, b"x", at)


async def test_nothing_is_reported_before_the_first_packet() -> None:
    """There is nothing to say about a sender that has not sent."""
    sent: list[bytes] = []
    feedback = SenderFeedback(sent.append, nack=True, clock=Clock())
    feedback.report()
    assert sent == []


async def test_a_report_answers_the_senders_own() -> None:
    """The sender can compute the round trip from its report and our delay."""
    sent: list[bytes] = []
    clock = Clock()
    feedback = SenderFeedback(sent.append, nack=True, clock=clock)
    feedback.received(packet(1))
    feedback.take_report(rtcp.SenderReport(5, 0x1122334455667788, 0, 0, 0))
    feedback.take_report(rtcp.SenderReport(99, 1, 0, 0, 0))
    clock.now += 0.5
    feedback.report()
    (report,) = rtcp.parse(sent[0])
    assert isinstance(report, rtcp.ReceiverReport)
    (block,) = report.blocks
    assert (block.last_sr, block.delay_since_last_sr) == (0x33445566, 32768)


async def test_what_is_missing_is_remembered_even_without_requests() -> None:
    """Redundancy may still bring what cannot be asked for."""
    sent: list[bytes] = []
    feedback = SenderFeedback(sent.append, nack=False, clock=Clock())
    feedback.received(packet(1))
    feedback.received(packet(3))
    assert feedback.lacks(packet(2))
    assert feedback.lacks(packet(4))
    assert not feedback.lacks(packet(3))
    assert not feedback.lacks(packet(2, ssrc=6))
    assert sent == []


async def test_packets_lost_around_the_wrap_are_asked_for() -> None:
    """With 16 bits on the wire, and whatever comes again fills its place."""
    sent: list[bytes] = []
    feedback = SenderFeedback(sent.append, nack=True, clock=Clock())
    feedback.received(packet(65_533))
    feedback.received(packet(65_538))
    (_, request) = rtcp.parse(sent[0])
    assert isinstance(request, rtcp.Nack)
    assert request.sequences == (65_534, 65_535, 0, 1)
    for n in (65_537, 65_535, 65_534, 65_536):
        assert feedback.lacks(packet(n))
        feedback.received(packet(n))
        assert not feedback.lacks(packet(n))
    assert len(feedback.missing) == 0
    assert feedback.reception is not None
    assert feedback.reception.packets_lost == 0
    feedback.close()


async def test_a_new_ssrc_is_a_new_beginning() -> None:
    """What the old one lacked is of no interest any more."""
    sent: list[bytes] = []
    feedback = SenderFeedback(sent.append, nack=True, clock=Clock())
    feedback.received(packet(1))
    feedback.received(packet(5))
    feedback.received(packet(900, ssrc=6))
    assert len(feedback.missing) == 0
    feedback.close()
    feedback.close()


async def test_how_good_a_line_is_follows_its_losses_calmly() -> None:
    """One bad second is not yet a bad line, some are, and later it is forgotten."""
    clock = Clock()
    feedback = SenderFeedback(lambda data: None, nack=False, clock=clock)
    assert feedback.line is None
    numbers = iter(range(10**6))

    def second(every: int = 1) -> Line | None:
        for n in (next(numbers) for _ in range(50)):
            if n % every == 0:
                feedback.received(packet(n, at=100.0 + n * 0.02))
        feedback.report()
        return feedback.line

    assert second() is Line.GOOD
    assert second(every=2) is Line.WEAK
    assert [second(every=2) for _ in range(4)][-1] is Line.BAD
    assert [second() for _ in range(30)][-1] is Line.GOOD
