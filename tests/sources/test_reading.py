"""One thread reads one source, and goes when it is told to."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager

import av
import pytest
from av.container import InputContainer

from relay.sources.cushion import WhenFull
from relay.sources.failure import SourceEnded, SourceFailed
from relay.sources.reading import Reading, shown_title
from tests.sound_room import until
from tests.sources.recordings import recording


@contextmanager
def disc() -> Iterator[InputContainer]:
    with av.open(io.BytesIO(recording("ogg", 700.0, 1.0))) as container:
        yield container


async def played(reading: Reading) -> int:
    """Take everything out; return how many packets it was."""
    packets = 0
    async with asyncio.timeout(20):
        while await reading.cushion.wait_for(960):
            while reading.cushion.take():
                packets += 1
        await reading.over()
    return packets


async def test_a_source_is_read_to_its_end() -> None:
    """And what it is made of is known."""
    reading = Reading(disc, WhenFull.WAIT)
    assert await played(reading) == 51
    assert isinstance(reading.failure, SourceEnded)
    assert reading.contents.codec == "opus"
    assert reading.contents.untouched
    assert reading.dropped == 0


async def test_a_source_can_be_read_again_and_again() -> None:
    """Until it is stopped; that is no failure."""
    reading = Reading(disc, WhenFull.WAIT, again=True)
    for _ in range(200):
        async with asyncio.timeout(20):
            assert await reading.cushion.wait_for(960)
        reading.cushion.take()
    reading.stop()
    reading.stop()
    await reading.over()
    assert reading.failure is None


async def test_a_source_that_cannot_be_opened_has_failed() -> None:
    """In the words of whoever opened it."""

    @contextmanager
    def scratched() -> Iterator[InputContainer]:
        raise SourceFailed("it is scratched")
        yield

    reading = Reading(scratched, WhenFull.WAIT)
    assert await played(reading) == 0
    assert str(reading.failure) == "it is scratched"


async def test_an_empty_file_is_not_read_for_ever() -> None:
    """Again and again of nothing is nothing."""
    nothing = io.BytesIO()
    with av.open(nothing, "w", format="wav") as container:
        container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        container.start_encoding()

    @contextmanager
    def empty() -> Iterator[InputContainer]:
        nothing.seek(0)
        with av.open(nothing) as container:
            yield container

    reading = Reading(empty, WhenFull.WAIT, again=True)
    assert await played(reading) == 0
    assert "no sound" in str(reading.failure)


async def test_a_fault_of_ours_ends_the_source_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With a traceback in the log, and no more than a hint to it in the report."""

    @contextmanager
    def faulty() -> Iterator[InputContainer]:
        raise ZeroDivisionError("secret")
        yield

    reading = Reading(faulty, WhenFull.WAIT)
    assert await played(reading) == 0
    assert "secret" not in str(reading.failure)
    assert "reading a source failed" in caplog.text


async def test_a_thread_that_waits_for_room_goes_when_it_is_stopped() -> None:
    """Nobody has to take its packets first."""
    reading = Reading(disc, WhenFull.WAIT, again=True)
    await until(lambda: reading.cushion.samples >= 48_000)
    reading.stop()
    async with asyncio.timeout(20):
        await reading.over()
    assert reading.failure is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  Rain\r\nin \x00 May  ", "Rain in May"),
        ("x" * 500, "x" * 200),
        ("\u2028", ""),
        ("Für Elise", "Für Elise"),
    ],
)
def test_a_title_is_one_line_of_text(text: str, shown: str) -> None:
    """Whatever a stranger sends."""
    assert shown_title(text) == shown
