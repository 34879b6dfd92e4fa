"""Whether the house is open to everybody at home."""

from pathlib import Path

import pytest

from relay import events
from relay.events import EventBus
from relay.private_file import PrivateFile
from relay.web.access_mode import AccessMode, Mode


@pytest.fixture
def file(tmp_path: Path) -> PrivateFile:
    return PrivateFile(tmp_path / "access.json")


@pytest.mark.parametrize("option", Mode)
def test_at_first_the_option_says(file: PrivateFile, option: Mode) -> None:
    mode = AccessMode(option, file)
    assert mode.now is option
    assert mode.paired is (option is Mode.PAIRED)


async def test_the_switch_wins_until_the_option_is_changed(file: PrivateFile) -> None:
    """So an owner whom no page lets in can still open the house."""
    await AccessMode(Mode.LAN, file).switch(Mode.PAIRED)
    assert AccessMode(Mode.LAN, file).paired
    await AccessMode(Mode.LAN, file).switch(Mode.LAN)
    assert not AccessMode(Mode.LAN, file).paired
    await AccessMode(Mode.LAN, file).switch(Mode.PAIRED)
    assert AccessMode(Mode.PAIRED, file).paired
    await AccessMode(Mode.PAIRED, file).switch(Mode.LAN)
    assert not AccessMode(Mode.LAN, file).paired


async def test_those_around_are_asked_again(file: PrivateFile) -> None:
    """If anything changed."""
    bus, asked = EventBus(), []
    bus.subscribe(events.AccessChanged, asked.append)
    mode = AccessMode(Mode.LAN, file, bus)
    await mode.switch(Mode.LAN)
    assert asked == []
    await mode.switch(Mode.PAIRED)
    assert len(asked) == 1


def test_a_broken_file_leaves_the_option(file: PrivateFile) -> None:
    """The stricter one too."""
    file.path.write_text('{"access": "open"}')
    assert AccessMode(Mode.PAIRED, file).paired
