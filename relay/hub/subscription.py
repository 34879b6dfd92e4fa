"""A consumer's view of a stream: bounded, never blocking the source."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

Frame = TypeVar("Frame")


class Subscription(Generic[Frame]):
    """
    The frames of one stream, as one consumer sees them.

    The source pushes and never waits. When the consumer falls behind by more than
    ``capacity`` frames the oldest one is dropped and counted: in a live call, late
    sound is worth less than no sound.
    """

    def __init__(self, capacity: int) -> None:
        assert capacity > 0, "a subscription must hold at least one frame"
        self._frames: deque[Frame] = deque(maxlen=capacity)
        self._wakeup = asyncio.Event()
        self.frames_dropped = 0
        self.closed = False

    def __len__(self) -> int:
        """The number of frames that wait to be read."""
        return len(self._frames)

    def push(self, frame: Frame) -> None:
        """Add a frame, dropping the oldest one if the consumer is late."""
        if self.closed:
            return
        if len(self._frames) == self._frames.maxlen:
            self.frames_dropped += 1
        self._frames.append(frame)
        self._wakeup.set()

    def take(self) -> list[Frame]:
        """Return the frames that wait, oldest first, without waiting for more."""
        frames = list(self._frames)
        self._frames.clear()
        self._wakeup.clear()
        if self.closed:
            self._wakeup.set()
        return frames

    async def wait(self, timeout_s: float | None = None) -> None:
        """Return when a frame waits, the subscription closed, or the time is up."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._wakeup.wait()
        except TimeoutError:
            pass

    def close(self) -> None:
        """End the iteration once the frames already pushed are consumed. Idempotent."""
        self.closed = True
        self._wakeup.set()

    async def __aiter__(self) -> AsyncIterator[Frame]:
        while True:
            while self._frames:
                yield self._frames.popleft()
            if self.closed:
                return
            self._wakeup.clear()
            await self._wakeup.wait()
