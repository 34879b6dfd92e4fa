"""The numbers of what is kept of the sound, by the names under which they are published."""

from relay.consumers.clips import Clips
from relay.consumers.lookback import Lookback
from relay.consumers.recordings import Recordings
from relay.consumers.sound_files import SoundFiles
from relay.web.looking_back import LookingBack
from relay.web.metrics import Reading


def of_lookback(lookback: Lookback, past: LookingBack) -> list[Reading]:
    return [
        Reading(
            "voice_lookback_rings",
            "Streams and names of which the last minutes are in memory",
            lambda: lookback.rings,
        ),
        Reading(
            "voice_lookback_bytes",
            "What they take",
            lambda: lookback.bytes,
        ),
        Reading(
            "voice_lookback_packets_total",
            "Packets that were to be kept, by what became of them",
            lambda: {
                "kept": lookback.packets_kept,
                "dropped": lookback.packets_dropped,
            },
            label="fate",
        ),
        Reading(
            "voice_lookback_chunks_cut_total",
            "Quarters of a second that were forgotten early, because there was too much",
            lambda: lookback.chunks_cut,
        ),
        Reading(
            "voice_lookback_listeners",
            "Players that began in the past, and still listen",
            lambda: past.replays,
        ),
        Reading(
            "voice_lookback_listeners_total",
            "Players that ever began in the past",
            lambda: past.replays_total,
        ),
    ]


def of_files(files: SoundFiles, clips: Clips, recordings: Recordings) -> list[Reading]:
    return [
        Reading(
            "voice_kept_bytes",
            "What clips and recordings take on the disk",
            lambda: files.bytes,
            label="kind",
        ),
        Reading(
            "voice_clips_total",
            "Clips of sound events, by what became of them",
            lambda: {"made": clips.made, "failed": clips.failed},
            label="fate",
        ),
        Reading(
            "voice_recordings",
            "Recordings that go on",
            lambda: recordings.going,
        ),
        Reading(
            "voice_recordings_ended_total",
            "Recordings that are over, by reason",
            lambda: recordings.ended,
            label="reason",
        ),
    ]
