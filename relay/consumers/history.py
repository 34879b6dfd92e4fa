"""
What is measured on its way to where it is kept: collected, and written every second.

Rule 1: the relay waits for no store. What cannot be written waits here.
Rule 2: nothing leaves this place before the store has said that it is kept, except the
oldest when there is no more room.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable

from relay.errors import HistoryUnavailable
from relay.events import EventBus, RowsStored, SecondMeasured, SoundNoticed
from relay.features import FeatureRow, SoundEvent
from relay.ports import HistoryStore

logger = logging.getLogger(__name__)

SECONDS = 1.0
WRITE_EVERY_S = 0.8 * SECONDS
"""With what a write takes, whoever kills the process takes a second with it at most."""
LONGEST_WAIT_S = 3 * SECONDS
"""Between two attempts, when the store fails."""
STORE_TIMEOUT_S = 30 * SECONDS
"""For one call."""
CLOSE_TIMEOUT_S = 5 * SECONDS

MAX_ROWS = 600_000
"""Ten minutes of 1,000 streams: about 400 MB; of 10 streams that is 4 MB."""
MAX_EVENTS = 10_000
ROWS_PER_WRITE = 5_000


class History:
    """An async context manager; leaving it writes what waits, if that does not take long."""

    def __init__(
        self,
        store: HistoryStore,
        bus: EventBus,
        *,
        write_every_s: float = WRITE_EVERY_S,
        max_rows: int = MAX_ROWS,
        close_timeout_s: float = CLOSE_TIMEOUT_S,
    ) -> None:
        self.store = store
        self._bus = bus
        self._write_every_s = write_every_s
        self._max_rows = max_rows
        self._close_timeout_s = close_timeout_s
        self._rows: deque[FeatureRow] = deque()
        self._events: dict[str, SoundEvent] = {}
        self._unsubscribe: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._in_flight = 0
        self.problem: str | None = None
        """Why nothing can be kept at the moment."""
        self.counters: Counter[str] = Counter(written=0, dropped=0, failures=0)

    @property
    def alive(self) -> bool:
        """Whether it works, be it in vain: the sound does not suffer from a full disk."""
        return self._task is not None and not self._task.done()

    @property
    def waiting(self) -> int:
        """How many rows and events are not kept yet."""
        return self._in_flight + len(self._rows) + len(self._events)

    async def __aenter__(self) -> "History":
        self._unsubscribe = [
            self._bus.subscribe(SecondMeasured, self._measured),
            self._bus.subscribe(SoundNoticed, self._noticed),
        ]
        self._task = asyncio.create_task(self._run(), name="history")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Write what waits, for a few seconds at most, and let the store go. Idempotent."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._closing.set()
        task, self._task = self._task, None
        if task is None:
            return
        await asyncio.wait([task], timeout=self._close_timeout_s)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
        if self.waiting:
            logger.warning("%d rows of history could not be kept", self.waiting)
        await self.store.close()

    # --- what comes in ------------------------------------------------------------------

    def _measured(self, second: SecondMeasured) -> None:
        self._rows.append(second.row)
        self._drop_surplus()

    def _noticed(self, noticed: SoundNoticed) -> None:
        # A later telling takes the earlier one's place, if that still waits.
        self._events[noticed.event.id] = noticed.event
        self._drop_surplus()

    def _drop_surplus(self) -> None:
        while len(self._rows) > self._max_rows:
            self._rows.popleft()
            self.counters["dropped"] += 1
        while len(self._events) > MAX_EVENTS:
            del self._events[next(iter(self._events))]
            self.counters["dropped"] += 1

    # --- what goes out ------------------------------------------------------------------

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        opened = False
        while True:
            last = self._closing.is_set()
            began_at = loop.time()
            try:
                if not opened:
                    async with asyncio.timeout(STORE_TIMEOUT_S):
                        await self.store.open()
                    opened = True
                await self._write_all()
            except (HistoryUnavailable, TimeoutError) as error:
                failures += 1
                self._failed(str(error) or "the store does not answer")
            except Exception as error:
                # The outer edge: whatever a store does wrong, sound goes on, and so does this.
                failures += 1
                logger.exception("the store of history failed in a way of its own")
                self._failed(type(error).__name__)
            else:
                failures = 0
                self._succeeded()
            if last:
                return
            doubled = self._write_every_s * 2.0 ** min(failures, 10)
            # What writing took is not waited for again, or the next second would be late.
            next_at = began_at + min(doubled, LONGEST_WAIT_S)
            await self._pause(max(next_at - loop.time(), 0.0))

    async def _write_all(self) -> None:
        """Write what waits, some at a time; what was not kept waits on."""
        while self._rows or self._events:
            count = min(len(self._rows), ROWS_PER_WRITE)
            rows = [self._rows.popleft() for _ in range(count)]
            events, self._events = self._events, {}
            self._in_flight = len(rows) + len(events)
            began_at = time.monotonic()
            try:
                async with asyncio.timeout(STORE_TIMEOUT_S):
                    await self.store.write(rows, tuple(events.values()))
            except BaseException:
                self._rows.extendleft(reversed(rows))
                self._events = events | self._events
                self._drop_surplus()
                raise
            else:
                self.counters["written"] += self._in_flight
                self._bus.publish(RowsStored(len(rows), began_at, time.monotonic()))
            finally:
                self._in_flight = 0

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            pass

    def _failed(self, problem: str) -> None:
        self.counters["failures"] += 1
        if self.problem is None:
            logger.error(
                "history cannot be kept: %s; what is measured waits in memory", problem
            )
        self.problem = problem

    def _succeeded(self) -> None:
        if self.problem is not None:
            logger.warning("history is kept again")
        self.problem = None
