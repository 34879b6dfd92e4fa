"""What a person sees who waits for the bench."""

import asyncio
import io

import pytest

from bench.progress import step


class Terminal(io.StringIO):
    """A file that is a person's."""

    def isatty(self) -> bool:
        return True


async def test_a_file_gets_one_line_for_a_step():
    """In a log, seconds that are counted would be noise."""
    file = io.StringIO()
    async with step("[1/2] joins", file):
        await asyncio.sleep(0)
    assert file.getvalue() == "[1/2] joins: done (0 s)\n"


async def test_a_person_sees_at_once_what_is_under_way():
    """And the line is written over by how it ended."""
    file = Terminal()
    async with step("[1/2] joins", file):
        await asyncio.sleep(0)
        assert file.getvalue().endswith("[1/2] joins ... 0 s")
    assert file.getvalue().endswith("\r\033[K[1/2] joins: done (0 s)\n")


async def test_what_failed_is_said_with_its_reason():
    """In the line where it happened."""
    file = io.StringIO()
    async with step("[1/2] joins", file) as shown:
        shown.failed("the machine is busy")
    assert file.getvalue() == "[1/2] joins: not measured: the machine is busy (0 s)\n"


async def test_an_error_passes_and_leaves_nothing_running():
    """The line is finished, the seconds are not counted any more."""
    before = asyncio.all_tasks()
    with pytest.raises(ZeroDivisionError):
        async with step("joins", Terminal()):
            raise ZeroDivisionError
    assert asyncio.all_tasks() == before
