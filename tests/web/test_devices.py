"""Who was let in by name."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relay import events
from relay.errors import BadName, CapacityExceeded, DeviceNotFound
from relay.events import EventBus
from relay.private_file import PrivateFile
from relay.web import devices as devices_module
from relay.web.devices import SEEN_EVERY_S, Devices, Kind, checked_name
from relay.web.trust import AT_HOME, EVERYTHING
from tests.web.fakes import FakeClock


@asynccontextmanager
async def devices_in(
    folder: Path, clock: FakeClock | None = None, bus: EventBus | None = None
) -> AsyncIterator[Devices]:
    file = PrivateFile(folder / "devices.json")
    async with Devices(file, bus or EventBus(), clock or FakeClock()) as devices:
        yield devices


async def test_a_token_is_good_until_it_is_revoked(tmp_path: Path) -> None:
    """Over restarts too; the revoked one does not come back either."""
    async with devices_in(tmp_path) as devices:
        tablet, token = await devices.add("Kitchen tablet", Kind.DEVICE, AT_HOME)
        phone, other = await devices.add("Phone", Kind.DEVICE, EVERYTHING)
        assert devices.of_token(token) == tablet
        assert devices.have_admin
        await devices.revoke(phone.id)
        assert devices.of_token(other) is None
        assert not devices.have_admin
    async with devices_in(tmp_path) as devices:
        assert devices.of_token(token) == tablet
        assert devices.of_token(other) is None
        assert devices.of_token("") is None
        assert devices.all == [tablet]


async def test_tokens_are_not_kept(tmp_path: Path) -> None:
    """Who reads the file or a backup of it can use nothing in it."""
    async with devices_in(tmp_path) as devices:
        _, token = await devices.add("Tablet", Kind.DEVICE, AT_HOME)
        _, other = await devices.add("Tablet", Kind.DEVICE, AT_HOME)
        text = (tmp_path / "devices.json").read_text()
        assert len(token) == 43
        assert token != other
        assert token not in text
        assert (tmp_path / "devices.json").stat().st_mode & 0o777 == 0o600
        (listed, _) = devices.all
        assert not {"token_hash", token} & set(listed.fields())


async def test_those_around_are_asked_again_when_one_is_revoked(tmp_path: Path) -> None:
    bus, asked = EventBus(), []
    bus.subscribe(events.AccessChanged, asked.append)
    async with devices_in(tmp_path, bus=bus) as devices:
        tablet, _ = await devices.add("Tablet", Kind.DEVICE, AT_HOME)
        assert asked == []
        await devices.revoke(tablet.id)
        assert len(asked) == 1
        with pytest.raises(DeviceNotFound):
            await devices.revoke(tablet.id)


async def test_changes_last(tmp_path: Path) -> None:
    """Those around are asked again once for each, and not for nothing."""
    bus, asked = EventBus(), []
    bus.subscribe(events.AccessChanged, asked.append)
    async with devices_in(tmp_path, bus=bus) as devices:
        tablet, token = await devices.add("Tablet", Kind.DEVICE, EVERYTHING)
        changed = await devices.change(tablet.id, name="Phone", roles=AT_HOME)
        assert (changed.name, changed.roles) == ("Phone", AT_HOME)
        assert await devices.change(tablet.id, name="Phone") == changed
        assert len(asked) == 1
    async with devices_in(tmp_path) as devices:
        assert devices.of_token(token) == changed


async def test_nobody_takes_the_name_of_another(tmp_path: Path) -> None:
    """Rules of the house go by names."""
    async with devices_in(tmp_path) as devices:
        names = [
            (await devices.add(name, Kind.DEVICE, AT_HOME))[0].name
            for name in ("Kids tablet", "kids  TABLET", "Kids tablet", "x" * 40)
        ]
        assert names[:3] == ["Kids tablet", "kids TABLET 2", "Kids tablet 3"]
        again, _ = await devices.add("x" * 40, Kind.DEVICE, AT_HOME)
        assert checked_name(again.name) == again.name != names[3]


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x00b", "a\u202eb"])
async def test_a_name_is_plain_text(tmp_path: Path, name: str) -> None:
    async with devices_in(tmp_path) as devices:
        with pytest.raises(BadName):
            await devices.add(name, Kind.DEVICE, AT_HOME)
        assert len(devices) == 0


async def test_the_list_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices_module, "MAX_DEVICES", 2)
    async with devices_in(tmp_path) as devices:
        for name in ("a", "b"):
            await devices.add(name, Kind.PLAYER, AT_HOME)
        with pytest.raises(CapacityExceeded):
            await devices.add("c", Kind.PLAYER, AT_HOME)


async def test_when_it_was_seen_is_written_once_an_hour(tmp_path: Path) -> None:
    clock, path = FakeClock(1_790_000_000.0), tmp_path / "devices.json"

    def written() -> float | None:
        seen_at: float | None = json.loads(path.read_text())[0]["seen_at"]
        return seen_at

    async with devices_in(tmp_path, clock) as devices:
        tablet, token = await devices.add("Tablet", Kind.DEVICE, AT_HOME)
        assert written() is None
        devices.note_seen(tablet)
        await devices._background.finished()
        first = written()
        assert first == clock.now
        clock.advance(SEEN_EVERY_S - 1)
        seen = devices.of_token(token)
        assert seen is not None
        devices.note_seen(seen)
        await devices._background.finished()
        assert written() == first
        clock.advance(1)
        devices.note_seen(seen)
        await devices._background.finished()
        assert written() == clock.now
        # A clock that was put back, by a power cut say, does not stop it.
        clock.advance(-86_400)
        newest = devices.of_token(token)
        assert newest is not None
        devices.note_seen(newest)
    assert written() == clock.now


async def test_what_is_seen_after_it_was_revoked_stays_away(tmp_path: Path) -> None:
    """A request may be on its way meanwhile."""
    async with devices_in(tmp_path) as devices:
        tablet, token = await devices.add("Tablet", Kind.DEVICE, AT_HOME)
        await devices.revoke(tablet.id)
        devices.note_seen(tablet)
        assert devices.of_token(token) is None


async def test_a_broken_file_lets_nobody_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And the server starts, with a clear word in the log."""
    for content in ("nonsense", '[{"id": 1}]', '[{"id":"a","roles":["king"]}]', "7"):
        (tmp_path / "devices.json").write_text(content)
        async with devices_in(tmp_path) as devices:
            assert len(devices) == 0
        assert "devices.broken" in caplog.text
        caplog.clear()


async def test_what_cannot_be_kept_is_not_let_in(tmp_path: Path) -> None:
    """A revoked device stays away all the same, until a restart."""
    async with devices_in(tmp_path) as devices:
        tablet, token = await devices.add("Tablet", Kind.DEVICE, AT_HOME)
        in_the_way = tmp_path / "devices.partial"
        in_the_way.mkdir()
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
            await devices.add("Phone", Kind.DEVICE, AT_HOME)
        assert devices.all == [tablet]
        with pytest.raises(OSError):  # noqa: PT011 - likewise
            await devices.revoke(tablet.id)
        assert devices.of_token(token) is None
        in_the_way.rmdir()
    assert json.loads((tmp_path / "devices.json").read_text()) == []
