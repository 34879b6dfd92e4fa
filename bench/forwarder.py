"""A process that carries datagrams badly, and the reins by which it is held."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.impairment import Impairment, Passage, Traffic

ROOT = Path(__file__).resolve().parent.parent
LONGEST_PAUSE_S = 0.05
STOP_TIMEOUT_S = 10.0


class Forwarder:
    """
    The process's side: reads from its sources until nobody holds the reins any more.

    Its standard input are the reins, one impairment a line, each of them answered on the
    standard output by the traffic so far. A process of its own, because nothing that the
    measuring one does may delay what is on its way.
    """

    def __init__(self, seed: int) -> None:
        self.passage = Passage(seed)
        self.sources: dict[int, Callable[[], None]] = {}
        """What to call when a file descriptor has something to read."""

    def run(self, **ready: Any) -> None:
        """Forward; ``ready`` is what the other side is told first."""
        reins = sys.stdin.fileno()
        _tell(ready)
        while True:
            readable, _, _ = select.select(
                [*self.sources, reins], [], [], self._pause()
            )
            for descriptor in readable:
                if descriptor != reins:
                    self.sources[descriptor]()
                elif not self._obey(os.read(reins, 65536)):
                    return
            self.passage.deliver(time.monotonic())

    def _pause(self) -> float:
        next_at = self.passage.next_at
        if next_at is None:
            return LONGEST_PAUSE_S
        return min(LONGEST_PAUSE_S, max(0.0, next_at - time.monotonic()))

    def _obey(self, lines: bytes) -> bool:
        for line in lines.splitlines():
            self.passage.impairment = Impairment(**json.loads(line))
            _tell(asdict(self.passage.traffic))
        return bool(lines)


def _tell(said: dict[str, Any]) -> None:
    print(json.dumps(said), flush=True)


class ForwarderFailed(OSError):
    """The process ended before it was ready; it has said why."""


class Reins:
    """The other side: starts a module as a forwarder, and holds it until `close`."""

    def __init__(
        self, module: str, arguments: tuple[str, ...], impairment: Impairment
    ) -> None:
        """Raises `ForwarderFailed`."""
        self.impairment = impairment
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.ready = self._hear()
            self.change(impairment)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def change(self, impairment: Impairment) -> Traffic:
        """Let it behave differently from now on; return what became of all before."""
        assert self._process.stdin is not None, "its input is a pipe"
        self._process.stdin.write(json.dumps(asdict(impairment)) + "\n")
        self._process.stdin.flush()
        self.impairment = impairment
        return Traffic(**self._hear())

    def traffic(self) -> Traffic:
        """Return what became of all datagrams so far."""
        return self.change(self.impairment)

    def close(self) -> None:
        """Let go, and wait until it has ended. Idempotent."""
        with suppress(OSError, ValueError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=STOP_TIMEOUT_S)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None, "its output is a pipe"
        line = self._process.stdout.readline()
        if not line:
            raise ForwarderFailed("the forwarder is not there")
        said: dict[str, Any] = json.loads(line)
        return said
