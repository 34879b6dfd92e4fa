"""Names are learnt from the relay, and outlive the process."""

import json
import logging
import os
import stat
from pathlib import Path

import pytest

from relay.events import EventBus, NameChanged
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web import known_names
from relay.web.known_names import KnownNames
from tests.sound_room import until
from tests.web.fakes import FakeClock

NURSERY = StreamName.parse("Nursery phone")
PORCH = StreamName.parse("Pörch")


@pytest.fixture
def relay() -> MediaRelay[RtpPacket]:
    return MediaRelay(EventBus())


def names_of(folder: Path) -> list[str]:
    text = (folder / "names.json").read_text(encoding="utf-8")
    return [row["name"] for row in json.loads(text)["names"]]


async def test_who_sends_is_known_from_then_on(relay: MediaRelay[RtpPacket]) -> None:
    """Also when the stream is over, by its address."""
    async with KnownNames(relay, None) as names:
        assert names.known("nursery-phone") is None
        relay.end(relay.publish(NURSERY), "stopped")
        assert names.known("nursery-phone") == NURSERY
        assert names.text_of("nursery-phone") == "Nursery phone"
        assert names.known("Nursery phone") is names.text_of("attic") is None


async def test_who_was_there_before_is_known_too(relay: MediaRelay[RtpPacket]) -> None:
    """Whatever was opened first."""
    relay.publish(NURSERY)
    async with KnownNames(relay, None) as names:
        assert names.known("nursery-phone") == NURSERY


async def test_a_stream_without_a_name_leaves_none(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """Its id is never used again; nothing is written for it."""
    async with KnownNames(relay, tmp_path) as names:
        relay.end(relay.publish(), "stopped")
        assert len(names) == 0
    assert os.listdir(tmp_path) == []


async def test_names_outlive_the_process(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """With when they were last on the air."""
    wall = FakeClock(1000.0)
    async with KnownNames(relay, tmp_path, wall=wall):
        porch = relay.publish(PORCH)
        relay.publish(NURSERY)
        wall.advance(60)
        relay.end(porch, "stopped")
    async with KnownNames(MediaRelay(EventBus()), tmp_path) as names:
        assert [(known.name, known.last_seen) for known in names] == [
            (NURSERY, 1000.0),
            (PORCH, 1060.0),
        ]


async def test_a_name_takes_its_newest_spelling(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """One address is one name."""
    async with KnownNames(relay, tmp_path) as names:
        relay.end(relay.publish(NURSERY), "stopped")
        relay.publish(StreamName.parse("NURSERY, phone"))
        assert len(names) == 1
    assert names_of(tmp_path) == ["NURSERY, phone"]


async def test_the_file_is_the_owners_alone(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """Even if a leftover was not; nothing else stays in the folder, which is made."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "names.partial").write_text("left over")
    (folder / "names.partial").chmod(0o666)
    async with KnownNames(relay, folder):
        relay.publish(NURSERY)
    (file,) = folder.iterdir()
    assert file.name == "names.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_name_is_written_soon(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """A power cut costs none of them."""
    async with KnownNames(relay, tmp_path) as names:
        relay.publish(NURSERY)
        await until(lambda: names.writes)
        assert names_of(tmp_path) == ["Nursery phone"]


async def test_many_changes_are_one_write(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """And one more at the end for those that came since."""
    async with KnownNames(relay, tmp_path, write_every_s=3600) as names:
        for place in range(50):
            relay.publish(StreamName.parse(f"Room {place}"))
        await until(lambda: names.writes)
        for place in range(50, 100):
            relay.publish(StreamName.parse(f"Room {place}"))
    assert names.writes == 2
    assert len(names_of(tmp_path)) == 100


async def test_what_did_not_change_is_not_written(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """A restart alone touches nothing."""
    async with KnownNames(relay, tmp_path):
        relay.publish(NURSERY)
    async with KnownNames(MediaRelay(EventBus()), tmp_path) as names:
        pass
    assert names.writes == 0


async def test_a_name_can_be_forgotten(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """Also in the file, until it sends again; its stream's end does not bring it back."""
    async with KnownNames(relay, tmp_path) as names:
        stream = relay.publish(NURSERY)
        relay.publish(PORCH)
        assert names.forget("nursery-phone")
        assert not names.forget("nursery-phone")
        relay.end(stream, "stopped")
        assert names.known("nursery-phone") is None
    assert names_of(tmp_path) == ["Pörch"]


async def test_the_oldest_name_goes_when_there_are_too_many(
    relay: MediaRelay[RtpPacket], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But never one that is on the air, for however long it has been."""
    monkeypatch.setattr(known_names, "MAX_NAMES", 3)
    async with KnownNames(relay, tmp_path) as names:
        relay.publish(NURSERY)
        for place in range(5):
            relay.end(relay.publish(StreamName.parse(f"Room {place}")), "stopped")
        slugs = [known.name.slug for known in names]
    assert slugs == ["nursery-phone", "room-3", "room-4"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"names": {}}',
        '{"names": 7}',
        "[" * 100_000,
        "\x00" * 50,
        " " * (known_names.MAX_FILE_BYTES + 1),
    ],
    ids=lambda text: f"{text[:15]!r}",
)
async def test_a_file_that_is_none_of_ours_is_put_aside(
    relay: MediaRelay[RtpPacket],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    text: str,
) -> None:
    """With a warning; what was in it is still there, and the server goes on."""
    (tmp_path / "names.json").write_text(text)
    with caplog.at_level(logging.WARNING):
        async with KnownNames(relay, tmp_path, wall=FakeClock(1000.0)) as names:
            assert len(names) == 0
            relay.publish(NURSERY)
    assert (tmp_path / "names-1000.broken").read_text() == text
    assert "names-1000.broken" in caplog.text
    assert names_of(tmp_path) == ["Nursery phone"]


async def test_a_file_that_cannot_be_read_is_put_aside(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """Rather than written over."""
    (tmp_path / "names.json").mkdir()
    async with KnownNames(relay, tmp_path, wall=FakeClock(1000.0)):
        relay.publish(NURSERY)
    assert (tmp_path / "names-1000.broken").is_dir()
    assert names_of(tmp_path) == ["Nursery phone"]


@pytest.mark.parametrize(
    "row",
    [
        None,
        "Porch",
        {},
        {"name": "latest", "last_seen": 1},
        {"name": 7, "last_seen": 1},
        {"name": "Porch", "last_seen": "today"},
        {"name": "a\ud800", "last_seen": 1},
    ],
    ids=str,
)
async def test_one_bad_entry_costs_no_other(
    relay: MediaRelay[RtpPacket], tmp_path: Path, row: object
) -> None:
    """The others are kept; the file as it was is put aside."""
    rows = [{"name": "Nursery", "last_seen": 1.0}, row]
    (tmp_path / "names.json").write_text(json.dumps({"names": rows}))
    async with KnownNames(relay, tmp_path, wall=FakeClock(1000.0)) as names:
        assert [known.name.text for known in names] == ["Nursery"]
    assert names_of(tmp_path) == ["Nursery"]
    aside = json.loads((tmp_path / "names-1000.broken").read_text())
    assert aside["names"] == rows


async def test_a_disk_that_takes_nothing_is_told_of_and_tried_again(
    relay: MediaRelay[RtpPacket], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server goes on with what it knows."""
    folder = tmp_path / "data"
    folder.write_text("a file where the folder should be")
    async with KnownNames(relay, folder, retry_after_s=0.01) as names:
        relay.publish(NURSERY)
        await until(lambda: names.writes_failed)
        assert names.known("nursery-phone") == NURSERY
        folder.unlink()
        await until(lambda: names.writes)
    assert "cannot be written" in caplog.text
    assert names_of(folder) == ["Nursery phone"]


async def test_after_the_end_nothing_is_learnt(relay: MediaRelay[RtpPacket]) -> None:
    """It has left the relay's bus; closing twice is harmless."""
    names = KnownNames(relay, None)
    async with names:
        pass
    await names.__aexit__(None, None, None)
    relay.publish(NURSERY)
    assert len(names) == 0


async def test_what_the_house_mutes_stays_muted(
    relay: MediaRelay[RtpPacket], tmp_path: Path
) -> None:
    """For the next who sends it, and after a restart."""
    async with KnownNames(relay, tmp_path) as names:
        stream = relay.publish(NURSERY)
        names.set_muted("nursery-phone", True)
        assert stream.muted_by_house
        relay.end(stream, "stopped")
        assert relay.publish(NURSERY).muted_by_house
        assert not relay.publish(PORCH).muted_by_house
    relay = MediaRelay(EventBus())
    async with KnownNames(relay, tmp_path) as names:
        stream = relay.publish(NURSERY)
        assert stream.muted_by_house
        names.set_muted("nursery-phone", False)
        assert not stream.muted_by_house


async def test_a_name_that_nobody_knows_cannot_be_muted(
    relay: MediaRelay[RtpPacket],
) -> None:
    """Nor does that make it known."""
    async with KnownNames(relay, None) as names:
        names.set_muted("attic", True)
        assert names.find("attic") is None


async def test_what_is_muted_is_not_forgotten_for_others(
    relay: MediaRelay[RtpPacket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many names are tried, a muted microphone stays muted."""
    monkeypatch.setattr(known_names, "MAX_NAMES", 3)
    async with KnownNames(relay, None) as names:
        relay.end(relay.publish(NURSERY), "stopped")
        names.set_muted("nursery-phone", True)
        for place in range(5):
            relay.end(relay.publish(StreamName.parse(f"Room {place}")), "stopped")
        assert relay.publish(NURSERY).muted_by_house


async def test_changes_of_names_are_told(relay: MediaRelay[RtpPacket]) -> None:
    """Seen, muted, forgotten; what changes nothing is no change."""
    told: list[str] = []
    relay.events.subscribe(NameChanged, lambda event: told.append(event.slug))
    async with KnownNames(relay, None) as names:
        relay.publish(PORCH)
        names.set_muted("porch", True)
        names.set_muted("porch", True)
        names.forget("porch")
        names.forget("porch")
    assert told == ["porch"] * 3
