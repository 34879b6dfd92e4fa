"""A socket as its sound sees it."""

from relay.signaling.sound_frame import heard
from tests.web.fakes import FakeFrameSocket


async def test_sound_goes_past_the_messages_and_answers_among_them() -> None:
    """Whether there is room is the socket's to say."""
    socket = FakeFrameSocket()
    line = socket.line
    await line.send(b"sound")
    line.answer(0x1_000A)
    assert (socket.frames, socket.answers) == ([b"sound"], [heard(10)])
    assert line.has_room
    socket.has_room = False
    assert not line.has_room
    line.hurry()
    assert socket.hurried == 1
