"""A small file that nobody else may read."""

import asyncio
import json
from pathlib import Path

import pytest

from relay.private_file import PrivateFile

SECRET = "canary-5d1f"


@pytest.fixture
def file(tmp_path: Path) -> PrivateFile:
    return PrivateFile(tmp_path / "folder" / "some.json")


async def test_what_is_saved_is_loaded(file: PrivateFile) -> None:
    """The folder is made if it is not there."""
    assert file.load(list) is None
    await file.save(["a"])
    assert file.load(list) == ["a"]


async def test_only_its_owner_may_read_it(file: PrivateFile) -> None:
    """However open the one before was, and whatever lay in the way."""
    file.path.parent.mkdir()
    file.path.write_text("[]")
    file.path.chmod(0o644)
    partial = file.path.with_suffix(".partial")
    partial.write_text("left by a power cut")
    partial.chmod(0o666)
    await file.save([])
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.path.parent.iterdir()] == ["some.json"]


async def test_the_newest_content_stays(file: PrivateFile) -> None:
    """Of many that are saved at once."""
    await asyncio.gather(*(file.save([number]) for number in range(20)))
    assert file.load(list) == [19]


@pytest.mark.parametrize(
    "content", ["", "{", f'{{"x": "{SECRET}"}}', "\xff", "[" * 9999]
)
def test_a_file_that_cannot_be_used_is_set_aside(
    file: PrivateFile, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names it, and tells nothing of what is in it."""
    file.path.parent.mkdir()
    file.path.write_text(content, encoding="latin-1")
    assert file.load(lambda fields: fields["y"]) is None
    assert not file.path.exists()
    aside = file.path.with_suffix(".broken")
    assert aside.read_text(encoding="latin-1") == content
    assert str(aside) in caplog.text
    assert SECRET not in caplog.text


def test_one_that_cannot_even_be_moved_is_left(
    file: PrivateFile, caplog: pytest.LogCaptureFixture
) -> None:
    """The server starts all the same."""
    file.path.mkdir(parents=True)
    file.path.with_suffix(".broken").write_text("a file, where a folder cannot go")
    assert file.load(list) is None
    assert "nor moved" in caplog.text


async def test_what_cannot_be_written_leaves_the_last_one(file: PrivateFile) -> None:
    await file.save([1])
    file.path.with_suffix(".partial").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        await file.save([2])
    assert json.loads(file.path.read_bytes()) == [1]
