"""Everything that is needed to let devices and players in by name."""

from pathlib import Path

from relay.events import EventBus
from relay.web.devices import Kind
from relay.web.gate import Gate
from relay.web.trust import EVERYTHING


async def test_the_first_code_is_for_a_house_without_an_admin(tmp_path: Path) -> None:
    """After the last admin is gone there is one again, with the next start."""
    async with Gate(tmp_path, EventBus()) as gate:
        assert gate.first_code()
        admin, _ = await gate.devices.add("Admin", Kind.DEVICE, EVERYTHING)
    async with Gate(tmp_path, EventBus()) as gate:
        assert gate.first_code() is None
        await gate.devices.revoke(admin.id)
    async with Gate(tmp_path, EventBus()) as gate:
        assert gate.first_code()


async def test_it_tells_how_open_the_house_is(tmp_path: Path) -> None:
    async with Gate(tmp_path, EventBus(), paired=True) as gate:
        state = gate.check()()
        assert state.alive
        assert state.details == {"mode": "paired", "let_in": 0}


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


async def test_its_files_are_its_owners_alone(tmp_path: Path) -> None:
    async with Gate(tmp_path, EventBus()) as gate:
        await gate.devices.add("Admin", Kind.DEVICE, EVERYTHING)
        await gate.mode.switch(gate.mode.now.PAIRED)
    assert modes(tmp_path) == {
        "access.json": 0o600,
        "address_keys.json": 0o600,
        "devices.json": 0o600,
        "instance.json": 0o600,
    }
