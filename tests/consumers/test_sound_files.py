"""Tests of relay/consumers/sound_files.py: what is kept, for how long, and after a sudden end."""

from dataclasses import replace
from pathlib import Path

import pytest

from relay.audio.ogg import OggOpusWriter
from relay.consumers.opus_playout import silent_packet
from relay.consumers.sound_files import MIN_FREE_BYTES, RECORDING, SoundFile, SoundFiles
from relay.errors import CapacityExceeded
from relay.lookback_settings import LookbackSettings

NOW = 1_800_000_000.0
SETTINGS = LookbackSettings(clips_kept=3, clip_age_s=1000.0, recordings_bytes=5000)


def sound(seconds: int = 2) -> bytes:
    ogg = OggOpusWriter(1)
    second = [(silent_packet(), 960)] * 50
    return ogg.header + b"".join(ogg.write_all(second) for _ in range(seconds))


def files_in(folder: Path, settings: LookbackSettings = SETTINGS) -> SoundFiles:
    return SoundFiles(folder, settings, wall=lambda: NOW)


async def keep(
    files: SoundFiles, kind: str = "cry", began_at: float = NOW, seconds: int = 2
) -> SoundFile:
    writer = await files.begin("nursery", kind, began_at)
    await writer.write(sound(seconds))
    file = await writer.finish()
    assert file is not None
    return file


async def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    """With all that is known of it; nobody else may read it, and nothing else is there."""
    async with files_in(tmp_path) as files:
        kept = await keep(files, began_at=NOW - 5.25)
    assert (kept.stream, kept.kind, kept.began_at) == ("nursery", "cry", NOW - 5.25)
    assert kept.duration_s == pytest.approx(1.92)
    path = files.path_of(kept)
    assert path.stat().st_size == kept.bytes
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    async with files_in(tmp_path) as again:
        assert again.all == [kept]
        assert again.find(kept.id) == kept
        await again.delete(kept)
        await again.delete(kept)
        assert again.all == []
    assert [*path.parent.iterdir()] == []


async def test_clips_go_when_they_are_too_many_or_too_old(tmp_path: Path) -> None:
    """The oldest first; recordings stay."""
    async with files_in(tmp_path) as files:
        recording = await keep(files, RECORDING, NOW - 5000)
        await keep(files, began_at=NOW - 1001)
        assert [file.kind for file in files.all] == [RECORDING]
        clips = [await keep(files, began_at=NOW - 100 + n) for n in range(5)]
        assert files.all == [*reversed(clips[2:]), recording]
    assert len([*files.folder.iterdir()]) == 4


@pytest.mark.parametrize("cut", [0, 1, 30, 100])
async def test_a_file_that_was_cut_off_can_be_played(tmp_path: Path, cut: int) -> None:
    """A killed process leaves whole pages and maybe half of one, which goes."""
    async with files_in(tmp_path) as files:
        writer = await files.begin("nursery", RECORDING, NOW)
        await writer.write(data := sound(5)[: -cut or None])
        writer._opened.close()  # the process is gone
    async with files_in(tmp_path) as again:
        (file,) = again.all
        assert file.duration_s == pytest.approx(4.92 if cut == 0 else 3.92)
        assert file.kind == RECORDING
        kept = again.path_of(file).read_bytes()
    assert data.startswith(kept)
    assert sound(5).startswith(kept)


async def test_what_holds_no_sound_is_no_file(tmp_path: Path) -> None:
    """Neither a header alone nor what somebody else put there, which is left alone."""
    async with files_in(tmp_path) as files:
        writer = await files.begin("nursery", RECORDING, NOW)
        await writer.write(OggOpusWriter(1).header)
        assert await writer.finish() is None
        discarded = await files.begin("nursery", "cry", NOW)
        await discarded.write(sound())
        await discarded.discard()
    (files.folder / "holiday.ogg").write_bytes(b"mine")
    async with files_in(tmp_path) as again:
        assert again.all == []
    assert [path.name for path in files.folder.iterdir()] == ["holiday.ogg"]


async def test_recordings_have_their_own_room(tmp_path: Path) -> None:
    """Clips are not refused because of them."""
    async with files_in(tmp_path) as files:
        while files.bytes["recordings"] < SETTINGS.recordings_bytes:
            await keep(files, RECORDING, seconds=20)
        with pytest.raises(CapacityExceeded, match="delete some"):
            await files.begin("nursery", RECORDING, NOW)
        await keep(files)
    async with files_in(tmp_path, replace(SETTINGS, recordings_bytes=50_000)) as files:
        with pytest.raises(CapacityExceeded):
            files.check_room(RECORDING, unfinished_bytes=50_000)


async def test_some_of_the_disk_is_left_for_everything_else(tmp_path: Path) -> None:
    """Before a file is begun, and while it grows."""
    free = [MIN_FREE_BYTES]
    files = SoundFiles(tmp_path, SETTINGS, free=lambda _: free[0])
    writer = await files.begin("nursery", "cry", NOW)
    free[0] -= 1
    with pytest.raises(CapacityExceeded, match="nearly full"):
        await writer.write(sound())
    with pytest.raises(CapacityExceeded, match="nearly full"):
        await files.begin("nursery", "cry", NOW)
    await writer.discard()
