"""Tests of relay/rtp/silence.py."""

from dataclasses import replace

from relay.rtp import opus
from relay.rtp.silence import silenced
from tests.fakes import FakeSender


def test_only_the_sound_is_another() -> None:
    """Its place and its length are those of the packet, so that nobody misses one."""
    packet = FakeSender().packet()
    quiet = silenced(packet)
    assert replace(quiet, payload=packet.payload) == packet
    assert quiet.payload == opus.silence(960)


def test_whatever_comes_its_sound_does_not_go_out() -> None:
    """What is no Opus packet is replaced as well."""
    packet = replace(FakeSender().packet(), payload=b"\xff\x00rest")
    assert silenced(packet).payload == opus.silence(960)
