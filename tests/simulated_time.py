"""An event loop whose clock leaps: waiting takes no time, and nothing is ever late."""

import asyncio
import selectors


class _Leaping(selectors.DefaultSelector):
    """Where the loop would wait for its next timer, the clock goes on by as much."""

    now = 0.0

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # only another thread or a socket can go on
            return super().select(None)
        self.now += max(0.0, timeout)
        return super().select(0)


class SimulatedTime(asyncio.SelectorEventLoop):
    """For tests of what happens when; `pytest.mark.simulated_time` asks for it."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now
