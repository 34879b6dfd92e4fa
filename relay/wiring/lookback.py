"""What is kept of the sound, in memory and on disk, opened and put together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from relay.consumers.alerts import Require, no_analysis
from relay.consumers.clips import Clips
from relay.consumers.lookback import Lookback
from relay.consumers.recordings import Recordings
from relay.consumers.sound_files import SoundFiles
from relay.private_file import PrivateFile
from relay.settings import Settings
from relay.web.clip_api import ClipApi
from relay.web.lookback_api import LookbackApi
from relay.web.lookback_readings import of_files, of_lookback
from relay.web.looking_back import LookingBack
from relay.web.metrics import Reading
from relay.web.recording_api import RecordingApi
from relay.web.roll import Roll
from relay.wiring.sound import Sound

KeptApi = LookbackApi | ClipApi | RecordingApi


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept, and the doors to it."""

    lookback: Lookback
    past: LookingBack
    files: SoundFiles
    clips: Clips
    recordings: Recordings
    apis: tuple[KeptApi, ...]


def readings_of_kept(kept: Kept) -> list[Reading]:
    return [
        *of_lookback(kept.lookback, kept.past),
        *of_files(kept.files, kept.clips, kept.recordings),
    ]


async def open_kept(
    settings: Settings,
    sound: Sound,
    roll: Roll,
    stack: AsyncExitStack,
    require: Require = no_analysis,
) -> Kept:
    """Begin to keep the last minutes of every stream, and clips, if that is wanted."""
    lookback = await stack.enter_async_context(
        Lookback(
            sound.relay,
            settings.lookback.seconds,
            PrivateFile(settings.data_dir / "lookback.json"),
            hushed=roll.hushes,
        )
    )
    files = await stack.enter_async_context(
        SoundFiles(settings.data_dir, settings.lookback)
    )
    clips = await stack.enter_async_context(
        Clips(sound.relay.events, lookback, files, settings.lookback.clip_kinds)
    )
    if settings.lookback.clip_kinds:
        stack.callback(require(None))
    recordings = await stack.enter_async_context(
        Recordings(
            sound.relay, files, settings.lookback.recording_s, hushed=roll.hushes
        )
    )
    return Kept(
        lookback,
        LookingBack(lookback, sound.worker, sound.relay, roll),
        files,
        clips,
        recordings,
        (
            LookbackApi(lookback, sound.relay, roll),
            ClipApi(files, roll),
            RecordingApi(recordings, sound.relay, roll),
        ),
    )
