"""What a client's frames have to pass."""

import pytest

from relay.errors import BadFrame
from relay.signaling.sound_frame import SoundFormat, SoundFrame, heard
from relay.web.frame_gate import FrameGate
from relay.web.socket_media import SocketMedia
from relay.web.socket_sender import SocketSender
from tests.sound_room import SoundRoom
from tests.web.fakes import FakeFrameSocket


async def test_bad_frames_are_told_of_once_and_unwanted_ones_never(
    room: SoundRoom,
) -> None:
    """All of them are counted."""
    media = SocketMedia(room.decoders, room.worker)
    gate = FrameGate(media.counters)
    sender = SocketSender(
        media,
        FakeFrameSocket().line,
        SoundFormat.OPUS,
        room.stream,
        lambda state, reason: None,
    )
    bad = bytes(SoundFrame(0, 0, bytes(2000)))
    gate.pass_on(bad, None)
    gate.pass_on(heard(0), sender)
    assert media.counters.frames_unwanted == 2
    with pytest.raises(BadFrame):
        gate.pass_on(bad, sender)
    gate.pass_on(bad, sender)
    assert media.counters.frames_malformed == 2
    await sender.start_closing("stopped")
