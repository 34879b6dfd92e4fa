"""What waits for one client, and what happens when it does not read."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from relay.web.outbox import Outbox
from relay.web.tally import Tally


class FakeReader:
    """A client that reads while its gate is open."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = False
        self.overflows = 0

    async def send(self, text: str) -> None:
        await self.reads.wait()
        if self.gone:
            raise ConnectionResetError
        self.read.append(text)

    def overflowed(self) -> None:
        self.overflows += 1


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
async def outbox(reader: FakeReader, tally: Tally) -> AsyncIterator[Outbox]:
    outbox = Outbox(reader.send, reader.overflowed, tally)
    outbox.start()
    yield outbox
    await outbox.close()


async def test_order(outbox: Outbox, reader: FakeReader, tally: Tally) -> None:
    """Messages leave in the order in which they came."""
    texts = [str(number) for number in range(100)]
    for text in texts[:50]:
        outbox.put(text)
    await asyncio.sleep(0)
    for text in texts[50:]:
        outbox.put(text)
    await outbox.close(flush_s=5.0)
    assert reader.read == texts
    assert tally.messages_out == 100


async def test_newer_takes_the_place_of_older(
    outbox: Outbox, reader: FakeReader, tally: Tally
) -> None:
    """A message replaces the waiting one about the same thing; all others stay."""
    reader.reads.clear()
    outbox.put("first")
    await asyncio.sleep(0)
    outbox.put("level 1", supersedes=("level", "a"))
    outbox.put("level of b", supersedes=("level", "b"))
    outbox.put("fact")
    outbox.put("level 2", supersedes=("level", "a"))
    reader.reads.set()
    await outbox.close(flush_s=5.0)
    assert reader.read == ["first", "level of b", "fact", "level 2"]
    assert tally.messages_superseded == 1


async def test_nothing_is_superseded_for_a_client_that_reads(
    outbox: Outbox, reader: FakeReader, tally: Tally
) -> None:
    """Who reads gets every measurement."""
    for number in range(10):
        outbox.put(str(number), supersedes=("level", "a"))
        await asyncio.sleep(0)
    await outbox.close(flush_s=5.0)
    assert reader.read == [str(number) for number in range(10)]
    assert tally.messages_superseded == 0


async def test_overflow(outbox: Outbox, reader: FakeReader) -> None:
    """A full queue takes nothing more and says so; a replacement still fits."""
    reader.reads.clear()
    outbox.put("being sent")
    await asyncio.sleep(0)
    outbox.put("level 1", supersedes=("level", "a"))
    for number in range(Outbox.CAPACITY - 1):
        outbox.put(str(number))
    assert reader.overflows == 0
    outbox.put("level 2", supersedes=("level", "a"))
    assert reader.overflows == 0
    outbox.put("one too many")
    assert reader.overflows == 1
    assert len(outbox) == Outbox.CAPACITY


async def test_close_flushes(outbox: Outbox, reader: FakeReader) -> None:
    """What waits still leaves when the outbox closes; what comes later does not."""
    outbox.put("last words")
    await outbox.close(flush_s=5.0)
    outbox.put("too late")
    assert reader.read == ["last words"]
    assert len(outbox) == 0


async def test_close_does_not_wait_for_ever(
    outbox: Outbox, reader: FakeReader, tally: Tally
) -> None:
    """A client that does not read is given its time and no more."""
    reader.reads.clear()
    outbox.put("being sent")
    outbox.put("waiting")
    await asyncio.sleep(0)
    async with asyncio.timeout(5.0):
        await outbox.close(flush_s=0.01)
        await outbox.close(flush_s=0.01)
    assert reader.read == []
    assert tally.messages_unsent == 1


async def test_socket_that_broke(
    outbox: Outbox, reader: FakeReader, tally: Tally
) -> None:
    """A socket that is gone ends the writer; what follows goes nowhere."""
    reader.gone = True
    outbox.put("into the void")
    await asyncio.sleep(0.01)
    outbox.put("another")
    await outbox.close(flush_s=5.0)
    assert tally.messages_out == 0


async def test_close_before_start(reader: FakeReader, tally: Tally) -> None:
    """An outbox that never started closes as well."""
    outbox = Outbox(reader.send, reader.overflowed, tally)
    outbox.put("unsent")
    await outbox.close()
    assert tally.messages_unsent == 1
