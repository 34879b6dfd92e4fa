"""The one thread on which the sound of all streams is decoded, encoded and measured."""

import logging
import queue
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

Job = Callable[[], None]

CAPACITY = 256
"""Jobs that may wait, of all streams together: five seconds of one stream."""

CLOSE_TIMEOUT_S = 1.0


class MediaWorker:
    """
    A thread and its bounded queue.

    The codecs release the interpreter's lock, so the event loop goes on meanwhile.
    Who submits never waits: a job for which there is no room is refused and counted.
    A job gets back to the event loop by `call_soon_threadsafe`, and in no other way.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._jobs: queue.Queue[Job | None] = queue.Queue(capacity)
        self._thread: threading.Thread | None = None
        self._closing = False
        self.jobs_done = 0
        self.jobs_dropped = 0
        """Refused because the queue was full or the thread not there."""
        self.jobs_failed = 0

    @property
    def alive(self) -> bool:
        """Whether jobs are being worked on."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def queue_length(self) -> int:
        return self._jobs.qsize()

    def start(self) -> None:
        """Start the thread. Idempotent."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="media-worker", daemon=True
            )
            self._thread.start()

    def submit(self, job: Job) -> bool:
        """Hand over a job; return whether it was taken. Never waits."""
        if self.alive and not self._closing:
            try:
                self._jobs.put_nowait(job)
            except queue.Full:
                pass
            else:
                return True
        self.jobs_dropped += 1
        return False

    def close(self) -> None:
        """Finish the job at hand, forget those that wait, end the thread. Idempotent."""
        if self._thread is None or self._closing:
            return
        self._closing = True
        try:
            self._jobs.put_nowait(None)
        except queue.Full:
            pass  # the thread is busy and sees `_closing` before its next job
        self._thread.join(CLOSE_TIMEOUT_S)
        if self._thread.is_alive():
            logger.warning(
                "the media worker did not end within %.0f s", CLOSE_TIMEOUT_S
            )

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None or self._closing:
                return
            try:
                job()
            except Exception:
                # The thread belongs to all streams: one job must not end the others.
                self.jobs_failed += 1
                logger.exception("a job of the media worker failed")
            self.jobs_done += 1
