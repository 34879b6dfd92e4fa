"""A client's WebSocket as its sound sees it: does it take something now?"""

from collections.abc import Callable
from typing import Protocol

from relay.signaling import sound_frame


class FrameSocket(Protocol):
    """`relay.web.client_socket.ClientSocket`, or what stands for it in a test."""

    @property
    def has_room(self) -> bool:
        """Whether what is sent now leaves at once."""

    async def send_frame(self, data: bytes) -> None:
        """Raises `ConnectionError`."""

    def hurry(self) -> None:
        """Have the system hold little of what is sent, so that it shows where a line is slow."""


class SoundLine:
    """
    Sound goes past the messages that wait, and only while nothing waits in the connection:
    so neither holds up the other. Answers to frames are messages.
    """

    def __init__(self, socket: FrameSocket, put: Callable[[bytes], None]) -> None:
        """``put`` queues a frame among the messages, in place of an older one."""
        self._socket = socket
        self._put = put

    @property
    def has_room(self) -> bool:
        """Whether what is sent now leaves at once; a lost line has none."""
        return self._socket.has_room

    def hurry(self) -> None:
        """Have the system hold little of what is sent. Idempotent."""
        self._socket.hurry()

    async def send(self, frame: bytes) -> None:
        """Raises `ConnectionError`."""
        await self._socket.send_frame(frame)

    def answer(self, sequence: int) -> None:
        """Tell the client that a frame of its was heard."""
        self._put(sound_frame.heard(sequence))
