"""Which Earshot this is."""

import logging
from pathlib import Path

import pytest

from relay.instance import FILE_NAME, instance_id


async def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    """And another one for other data."""
    first = await instance_id(tmp_path / "one")
    assert len(first) == 32
    assert await instance_id(tmp_path / "one") == first
    assert await instance_id(tmp_path / "two") != first


async def test_a_file_that_makes_no_sense_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"id": "../../etc"}')
    made = await instance_id(tmp_path)
    assert await instance_id(tmp_path) == made


async def test_without_a_folder_it_lasts_as_long_as_the_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server starts all the same, and says what it cannot do."""
    (tmp_path / "data").write_text("a file where the folder should be")
    with caplog.at_level(logging.ERROR):
        assert len(await instance_id(tmp_path / "data")) == 32
    assert "cannot be kept" in caplog.text
