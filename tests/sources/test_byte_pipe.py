"""Bytes go from the loop to a thread, in order, bounded, and nobody is held up for ever."""

import asyncio

import pytest

from relay.sources.byte_pipe import BytePipe
from tests.sound_room import until


async def test_bytes_come_out_as_they_went_in() -> None:
    """In pieces of the reader's size, and then the end."""
    pipe = BytePipe()
    await pipe.write(b"abcdef")
    await pipe.write(b"gh")
    pipe.end()
    assert [pipe.read(4) for _ in range(4)] == [b"abcd", b"ef", b"gh", b""]
    assert pipe.bytes_written == 8


async def test_a_full_pipe_makes_its_writer_wait() -> None:
    """Until the reader has taken something."""
    pipe = BytePipe(4)
    await pipe.write(b"abcd")
    writing = asyncio.create_task(pipe.write(b"e"))
    await asyncio.sleep(0.05)
    assert not writing.done()
    assert len(pipe) == 4
    assert await asyncio.to_thread(pipe.read, 9) == b"abcd"
    async with asyncio.timeout(5):
        await writing
    assert pipe.read(9) == b"e"


async def test_an_empty_pipe_makes_its_reader_wait() -> None:
    """Until something is written."""
    pipe = BytePipe()
    reading = asyncio.create_task(asyncio.to_thread(pipe.read, 9))
    await asyncio.sleep(0.05)
    assert not reading.done()
    await pipe.write(b"a")
    assert await reading == b"a"


async def test_a_reader_waits_only_so_long() -> None:
    """Who sends nothing is taken for gone."""
    pipe = BytePipe(read_timeout_s=0.01)
    with pytest.raises(TimeoutError):
        await asyncio.to_thread(pipe.read, 9)


async def test_closing_lets_both_go() -> None:
    """At once, and more than once."""
    full, empty = BytePipe(1), BytePipe()
    await full.write(b"a")
    writing = asyncio.create_task(full.write(b"b"))
    reading = asyncio.create_task(asyncio.to_thread(empty.read, 9))
    await asyncio.sleep(0.02)
    for pipe in (full, empty, full):
        pipe.close()
    assert await reading == b""
    with pytest.raises(BrokenPipeError):
        await writing
    assert full.closed
    assert len(full) == 0


async def test_nothing_can_be_added_behind_the_end() -> None:
    """Who writes is told so."""
    pipe = BytePipe()
    pipe.end()
    with pytest.raises(BrokenPipeError):
        await pipe.write(b"a")


def test_a_reader_outlives_the_loop() -> None:
    """The end of the server finds threads still reading."""

    async def make() -> BytePipe:
        pipe = BytePipe()
        await pipe.write(b"a")
        return pipe

    pipe = asyncio.run(make())
    assert pipe.read(9) == b"a"
    pipe.close()


async def test_a_writer_is_woken_from_another_thread() -> None:
    """The pipe is closed by whoever ends the source."""
    pipe = BytePipe(1)
    await pipe.write(b"a")
    writing = asyncio.create_task(pipe.write(b"b"))
    await asyncio.to_thread(pipe.close)
    await until(writing.done)
    assert isinstance(writing.exception(), BrokenPipeError)
