"""Addresses that let a player in for a while."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from relay import events
from relay.events import EventBus
from relay.private_file import PrivateFile
from relay.web.signed_address import (
    LONGEST_S,
    NEW_KEY_AFTER_S,
    SignedAddresses,
)
from tests.web.fakes import FakeClock

PATH = "stream/nursery.mp3"
HOUR = 3600.0


@asynccontextmanager
async def addresses_in(
    folder: Path, clock: FakeClock, bus: EventBus | None = None
) -> AsyncIterator[SignedAddresses]:
    file = PrivateFile(folder / "keys.json")
    async with SignedAddresses(file, bus or EventBus(), clock) as addresses:
        yield addresses


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1_790_000_000.0)


async def test_what_was_signed_is_read(tmp_path: Path, clock: FakeClock) -> None:
    """After a restart too; and it says who made it."""
    async with addresses_in(tmp_path, clock) as addresses:
        key, expires_at = await addresses.sign(PATH, "lan", HOUR)
    async with addresses_in(tmp_path, clock) as addresses:
        signature = addresses.read(key, PATH)
        assert signature is not None
        assert (signature.maker, signature.expires_at) == ("lan", expires_at)
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert key.rpartition(".")[2] not in (tmp_path / "keys.json").read_text()


async def test_an_altered_one_is_not(tmp_path: Path, clock: FakeClock) -> None:
    """S4: no character of it can be another, and none can be left out."""
    async with addresses_in(tmp_path, clock) as addresses:
        key, expires_at = await addresses.sign(PATH, "lan", HOUR)
        for place, character in enumerate(key):
            other = "A" if character != "A" else "B"
            assert addresses.read(key[:place] + other + key[place + 1 :], PATH) is None
            assert addresses.read(key[:place] + key[place + 1 :], PATH) is None
        later = key.replace(str(expires_at), str(expires_at + 1))
        assert addresses.read(later, PATH) is None
        assert addresses.read(key.replace(".lan.", ".ingress."), PATH) is None
        assert addresses.read(key + "\n", PATH) is None
        assert addresses.read("", PATH) is None


@pytest.mark.parametrize(
    "path",
    ["stream/kitchen.mp3", "stream/nursery.flac", "stream/status", "", "/" + PATH],
)
async def test_it_is_for_one_path(tmp_path: Path, clock: FakeClock, path: str) -> None:
    async with addresses_in(tmp_path, clock) as addresses:
        key, _ = await addresses.sign(PATH, "lan", HOUR)
        assert addresses.read(key, path) is None


async def test_it_expires(tmp_path: Path, clock: FakeClock) -> None:
    """While it is in use too; and nobody gets one for longer than a day."""
    async with addresses_in(tmp_path, clock) as addresses:
        key, _ = await addresses.sign(PATH, "lan", HOUR)
        signature = addresses.read(key, PATH)
        assert signature is not None
        clock.advance(HOUR - 1)
        assert addresses.is_good(signature)
        clock.advance(1)
        assert not addresses.is_good(signature)
        assert addresses.read(key, PATH) is None
        _, expires_at = await addresses.sign(PATH, "lan", 10 * LONGEST_S)
        assert expires_at == clock.now + LONGEST_S


async def test_a_new_key_cuts_nobody_off(tmp_path: Path, clock: FakeClock) -> None:
    """The one before is good for as long again."""
    async with addresses_in(tmp_path, clock) as addresses:
        clock.advance(NEW_KEY_AFTER_S - 1)
        old, _ = await addresses.sign(PATH, "lan", HOUR)
        clock.advance(1)
        new, _ = await addresses.sign(PATH, "lan", HOUR)
        assert old[:8] != new[:8]
        assert addresses.read(old, PATH)
        assert addresses.read(new, PATH)
    assert len(json.loads((tmp_path / "keys.json").read_text())) == 2


async def test_all_can_be_made_void(tmp_path: Path, clock: FakeClock) -> None:
    """Those who hear by one are asked again at once."""
    bus, asked = EventBus(), []
    bus.subscribe(events.AccessChanged, asked.append)
    async with addresses_in(tmp_path, clock, bus) as addresses:
        key, _ = await addresses.sign(PATH, "lan", HOUR)
        signature = addresses.read(key, PATH)
        assert signature is not None
        await addresses.void()
        assert not addresses.is_good(signature)
        assert len(asked) == 1
    async with addresses_in(tmp_path, clock) as addresses:
        assert addresses.read(key, PATH) is None


async def test_keys_that_cannot_be_used_are_made_anew(
    tmp_path: Path, clock: FakeClock
) -> None:
    """A short secret would be a weak one."""
    for content in ("?", "{}", '[{"id": "a", "secret": "00", "made_at": 1}]'):
        (tmp_path / "keys.json").write_text(content)
        async with addresses_in(tmp_path, clock) as addresses:
            key, _ = await addresses.sign(PATH, "lan", HOUR)
            assert addresses.read(key, PATH)
        assert (tmp_path / "keys.broken").exists()
