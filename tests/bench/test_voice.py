"""The packets that load is made of."""

import numpy as np
import pytest

from bench.mouth import OPUS, HelpfulMouth, Mouth
from bench.voice import PACKET_SAMPLES, beeps, tone, words
from relay.audio.codec import OpusDecoder
from relay.audio.level import rms_dbfs
from relay.rtp import rtcp
from relay.rtp.packet import RtpPacket
from tests.bench.deaf_client import DeafClient


def test_the_tone_has_packets_like_a_voices():
    """All different, about 80 bytes, 20 ms each."""
    payloads = tone()
    assert len(set(payloads)) == len(payloads) == 300
    assert np.mean([len(payload) for payload in payloads]) == pytest.approx(80, abs=10)
    decoder = OpusDecoder()
    assert all(len(decoder.decode(payload)) == PACKET_SAMPLES for payload in payloads)


def test_beeps_are_loud_at_the_end_of_every_round():
    """Silence first, and the beep begins with the packet that says so."""
    decoder = OpusDecoder()
    rounds = beeps(packets=20, beep=5) * 2
    levels = [np.abs(decoder.decode(payload)).max() for payload in rounds]
    assert max(levels[25:34]) < 1000 < 8000 < min(levels[36:40])


def test_words_are_spoken_at_the_end_of_every_round():
    """In a quiet room, and the word begins with the packet that says so."""
    decoder = OpusDecoder()
    rounds = words(packets=50, word=15) * 2
    levels = [rms_dbfs(decoder.decode(payload)) for payload in rounds]
    assert max(levels[60:85]) < -60
    assert min(levels[86:92]) > -35
    assert levels[85] > -39


def test_a_mouth_numbers_its_packets():
    """Its packets are RTP, in order, 20 ms apart, with payloads that repeat."""
    mouth = Mouth(DeafClient(), [b"a", b"b"])
    packets = [RtpPacket.parse(mouth.next_packet()) for _ in range(3)]
    assert [packet.payload for packet in packets] == [b"a", b"b", b"a"]
    assert [packet.sequence for packet in packets] == [0, 1, 2]
    assert [packet.timestamp for packet in packets] == [0, 960, 1920]
    assert {packet.payload_type for packet in packets} == {OPUS}


def test_a_mouth_speaks_through_its_client():
    """What is said is protected and sent, once each."""
    client = DeafClient()
    mouth = Mouth(client, [b"a"])
    mouth.say()
    mouth.say()
    assert [RtpPacket.parse(data).sequence for data in client.sent] == [0, 1]
    assert mouth.packets_sent == 2


class Asked(DeafClient):
    """Gets feedback that is not encrypted."""

    def unprotect_rtcp(self, data: bytes) -> bytes:
        return data


def test_a_helpful_mouth_repeats_what_is_asked_for():
    """The same datagram; what is too old or was never said is left out."""
    client = Asked()
    mouth = HelpfulMouth(client, [b"a"])
    for _ in range(mouth.KEPT + 10):
        mouth.say()
    said = list(client.sent)
    assert client.on_packet is not None
    client.on_packet(rtcp.nack(1, 77, [50, 3, 60_000]))
    assert client.sent[len(said) :] == [said[50]]
    assert mouth.packets_resent == 1


def test_sound_is_no_question():
    """A receiver's packets may come to the same socket."""
    client = Asked()
    HelpfulMouth(client, [b"a"])
    assert client.on_packet is not None
    client.on_packet(bytes(RtpPacket(OPUS, 1, 0, 77, False, b"a")))
    assert client.sent == []
