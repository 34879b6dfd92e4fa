"""One process that analyses, and the two pipes to it."""

import asyncio
import os
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import relay
from relay.consumers.analysis_wire import Inbox

FOLDER = Path(relay.__file__).resolve().parent.parent

READ_BYTES = 256 * 1024
AT_ONCE = 64
"""Packets that are written with one call."""

PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
"""Of the environment; there may be secrets in the rest."""


class AnalysisLine:
    """
    Runs from its making until `close`; by itself it ends with the process.

    What is told arrives, and in order. What is fed has to wait while the pipe is full, and
    the oldest of too much goes: who writes never waits.
    """

    def __init__(
        self, command: Sequence[str], take: Callable[[int, memoryview], None]
    ) -> None:
        """``take`` gets each message of the process. Raises `OSError`."""
        self.ended = False
        """Whether the process has gone, or said what nobody understands."""
        self.dropped = 0
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._told: deque[bytes] = deque()
        self._fed: deque[bytes] = deque()
        self._begun = b""
        """The rest of what is half written."""
        self._inbox = Inbox()
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._process = subprocess.Popen(
            command,
            bufsize=0,
            cwd=FOLDER,
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin, "it is a pipe"
        assert self._process.stdout, "it is a pipe"
        self._in, self._out = self._process.stdin, self._process.stdout
        for pipe in (self._in, self._out):
            os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(self._out.fileno(), self._read)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def waiting(self) -> int:
        """Packets for which the pipe has no room yet."""
        return len(self._fed)

    def tell(self, message: bytes) -> None:
        """Send what must not get lost; it overtakes what is fed."""
        self._told.append(message)

    def feed(self, message: bytes, capacity: int) -> None:
        """Send what may be dropped if more than ``capacity`` of its kind wait."""
        self._fed.append(message)
        while len(self._fed) > capacity:
            self._fed.popleft()
            self.dropped += 1

    def flush(self) -> None:
        """Write what the pipe takes at once."""
        while not self.ended and (self._begun or self._told or self._fed):
            data = self._begun or self._next()
            try:
                written = os.write(self._in.fileno(), data)
            except BlockingIOError:
                written = 0
            except OSError:
                self.ended = True
                return
            self._begun = data[written:]
            if self._begun:
                return

    def _next(self) -> bytes:
        queue, count = (
            (self._told, len(self._told)) if self._told else (self._fed, AT_ONCE)
        )
        return b"".join(queue.popleft() for _ in range(min(count, len(queue))))

    def _read(self) -> None:
        try:
            data = os.read(self._out.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end()
            return
        for kind, body in self._inbox.messages(data):
            self._take(kind, body)

    def _end(self) -> None:
        self.ended = True
        self._loop.remove_reader(self._out.fileno())

    def close(self) -> None:
        """End the process: it keeps nothing that could get lost. Idempotent."""
        if self._out.closed:
            return
        self._end()
        self._in.close()
        self._out.close()
        self._process.kill()
        self._process.wait()
