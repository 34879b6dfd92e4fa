"""Sessions for what is sent are as good as those that come with a handshake."""

import threading

import pylibsrtp
import pytest
from pylibsrtp import Policy, Session

from relay.rtp.packet import RtpPacket
from relay.webrtc.srtp_sessions import SrtpSessions
from tests.webrtc.studio import Studio, until

KEY = bytes(range(30))


async def test_a_receiver_reads_what_its_session_protects(studio: Studio) -> None:
    """The key is the one that both sides have from the handshake."""
    mouth = await studio.mouth()
    await mouth.say(1)
    ear = await studio.ear(mouth.stream)
    await mouth.say(3)
    await until(lambda: len(ear.packets()) >= 3)
    assert {packet.ssrc for packet in ear.packets()} == {ear.peer._ssrc}


def test_a_session_knows_one_ssrc_alone() -> None:
    """So it keeps its keys once, not once more for whatever may come."""
    sessions = SrtpSessions()
    session = sessions.make(
        Policy(key=KEY, ssrc_type=Policy.SSRC_SPECIFIC, ssrc_value=7)
    )
    inbound = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_INBOUND))
    known, unknown = (
        bytes(RtpPacket(111, 1, 960, ssrc, False, b"sound")) for ssrc in (7, 8)
    )
    assert inbound.unprotect(session.protect(known)) == known
    with pytest.raises(pylibsrtp.Error):
        session.protect(unknown)
    sessions.close()


def test_the_thread_ends() -> None:
    """With the first close; sessions go on without it."""
    sessions = SrtpSessions()
    policy = Policy(key=KEY, ssrc_type=Policy.SSRC_SPECIFIC, ssrc_value=7)
    session = sessions.make(policy)
    names = {thread.name for thread in threading.enumerate()}
    assert any("srtp sessions" in name for name in names)
    sessions.close()
    sessions.close()
    assert names - {thread.name for thread in threading.enumerate()}
    assert session.protect(bytes(RtpPacket(111, 1, 960, 7, False, b"sound")))
