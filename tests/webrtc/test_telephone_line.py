"""Packets of a telephone codec become packets of Opus."""

from relay.audio.telephone import TelephoneCodec
from relay.rtp.packet import RtpPacket
from relay.webrtc.telephone_line import TelephoneLine
from tests.audio.test_telephone import payloads

TONE = payloads(TelephoneCodec.PCMU, 440, 0.4)


def packet(n: int, timestamp: int, payload: bytes) -> RtpPacket:
    return RtpPacket(0, n & 0xFFFF, timestamp & 0xFFFFFFFF, 1, False, payload)


def numbers(converted: list[RtpPacket]) -> list[tuple[int, int]]:
    return [(p.sequence, p.timestamp) for p in converted]


def test_packets_of_any_length_become_packets_of_20_ms() -> None:
    """Telephones send 30 ms or 10 ms too; no sound is lost over it."""
    line = TelephoneLine(TelephoneCodec.PCMU)
    sound = b"".join(TONE)
    converted = []
    for n in range(10):
        converted += line.convert(packet(n, n * 240, sound[n * 240 : (n + 1) * 240]))
    assert numbers(converted) == [(n, n * 960) for n in range(15)]


def test_a_lost_packet_leaves_a_hole() -> None:
    """A hole in the numbers is a hole of as many packets of Opus."""
    line = TelephoneLine(TelephoneCodec.PCMU)
    converted = line.convert(packet(65_535, 0, TONE[0]))
    converted += line.convert(packet(2, 3 * 160, TONE[3]))
    assert numbers(converted) == [(0, 0), (3, 2880)]


def test_a_pause_is_a_pause() -> None:
    """Silence suppression moves the timestamp and not the sequence."""
    line = TelephoneLine(TelephoneCodec.PCMU)
    converted = line.convert(packet(5, 0, TONE[0]))
    converted += line.convert(packet(6, 1600, TONE[1]))
    assert numbers(converted) == [(0, 0), (1, 9600)]


def test_what_comes_late_or_twice_is_left_out() -> None:
    """The line goes forward only."""
    line = TelephoneLine(TelephoneCodec.PCMU)
    assert line.convert(packet(5, 800, TONE[0]))
    assert line.convert(packet(4, 640, TONE[1])) == []
    assert line.convert(packet(5, 800, TONE[0])) == []
    assert line.convert(packet(6, 960, TONE[1]))


def test_a_leap_is_a_new_beginning() -> None:
    """A sender that starts anew goes on without hours of silence."""
    line = TelephoneLine(TelephoneCodec.PCMU)
    converted = line.convert(packet(5, 0, TONE[0]))
    converted += line.convert(packet(20_000, 900_000_000, TONE[1]))
    assert numbers(converted) == [(0, 0), (1, 960)]
