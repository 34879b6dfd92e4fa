"""Tests of relay/consumers/preroll.py: quiet for players that want a lot before they begin."""

import io

import av
import numpy as np
import pytest

from relay.audio.formats import AAC, FLAC, MP3, AudioFormat, Encoding
from relay.consumers.media_worker import MediaWorker
from relay.consumers.preroll import Preroll
from tests.sound_room import SoundRoom, until


@pytest.mark.parametrize("audio", [MP3, AAC], ids=lambda audio: audio.extension)
async def test_there_is_as_much_quiet_as_is_asked_for(
    room: SoundRoom, audio: AudioFormat
) -> None:
    """In whole frames, which play as quiet."""
    frames = await Preroll(room.worker).frames(Encoding(audio, 96_000), 40_000)
    data = b"".join(frames)
    assert len(data) >= 40_000 or len(frames) > 1000
    with av.open(io.BytesIO(data), format=audio.extension) as container:
        sound = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert np.abs(sound).max() < 0.001


async def test_it_is_encoded_once_for_each_encoding(room: SoundRoom) -> None:
    """The worker has other things to do."""
    preroll, wanted = Preroll(room.worker), Encoding(MP3, 96_000)
    first = await preroll.frames(wanted, 20_000)
    await until(lambda: room.worker.jobs_done == 1)
    assert await preroll.frames(wanted, 20_000) == first
    assert len(await preroll.frames(wanted, 10_000)) == len(first) // 2
    assert room.worker.jobs_done == 1


async def test_without_a_worker_it_goes_without() -> None:
    """Who listens begins with what there is."""
    assert await Preroll(MediaWorker()).frames(Encoding(MP3, 96_000), 20_000) == []


async def test_formats_whose_frames_need_others_have_none(room: SoundRoom) -> None:
    with pytest.raises(AssertionError):
        await Preroll(room.worker).frames(Encoding(FLAC, None), 20_000)
