"""The thread in which one source is opened, read and made into packets."""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from av.container import InputContainer

from relay.sources.cushion import Closed, Cushion, WhenFull
from relay.sources.failure import SourceEnded, SourceFailed
from relay.sources.opus_packets import OpusPackets

logger = logging.getLogger(__name__)

Open = Callable[[], AbstractContextManager[InputContainer]]

MAX_TITLE_LENGTH = 200
_TITLES = ("StreamTitle", "title", "icy-name")


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found in a source."""

    codec: str | None = None
    untouched: bool = False
    title: str | None = None


class Reading:
    """
    Reads a source into a cushion until it ends, fails or is stopped.

    The thread is a daemon: a library that waits for a server that says nothing more can
    be told to stop by its own deadline alone, and the end of the process waits for nobody.
    """

    def __init__(
        self, open_: Open, when_full: WhenFull, *, again: bool = False
    ) -> None:
        """With ``again`` the source is played from its beginning whenever it ends."""
        self._open = open_
        self.cushion = Cushion(when_full)
        self._again = again
        self._packets = OpusPackets()
        self._title: str | None = None
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self.failure: SourceFailed | None = None
        """Why it ended, unless it was stopped; to be read once it is over."""
        self._thread = threading.Thread(target=self._run, name="source", daemon=True)
        self._thread.start()

    @property
    def contents(self) -> Contents:
        return Contents(self._packets.codec, self._packets.untouched, self._title)

    @property
    def dropped(self) -> int:
        """Packets that came too fast, or that nobody could read."""
        return self.cushion.dropped + self._packets.unreadable

    def stop(self) -> None:
        """Let the thread go at its next step. Idempotent; `over` tells when it has gone."""
        self.cushion.close()

    async def over(self) -> None:
        """Wait until nothing of the thread is left."""
        await self._over.wait()

    def _run(self) -> None:
        try:
            self._read()
        except Closed:
            pass
        except SourceFailed as failed:
            self.failure = failed
        except (
            Exception
        ):  # the outer edge of a thread: its source is told that it failed
            logger.exception("reading a source failed")
            self.failure = SourceFailed("an error of this server; see its log")
        finally:
            self.cushion.finish()
            try:
                self._loop.call_soon_threadsafe(self._over.set)
            except RuntimeError:  # the loop is over, and with it whoever waited
                pass

    def _read(self) -> None:
        while True:
            silent = True
            with self._open() as container:
                self._title = _title(container)
                for packet in self._packets.of(container):
                    silent = False
                    self.cushion.put(packet)
            if silent:
                raise SourceFailed("there is no sound in it")
            if not self._again:
                raise SourceEnded("it has ended")


def _title(container: InputContainer) -> str | None:
    texts = (container.metadata.get(key, "") for key in _TITLES)
    return next((title for text in texts if (title := shown_title(text))), None)


def shown_title(text: str) -> str:
    """Return a title as it may be shown: one line of text, not too long."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:MAX_TITLE_LENGTH]
