"""The formats in which players hear a stream over HTTP, and what each is called."""

from dataclasses import dataclass

BITRATES_KBPS = (64, 96, 128, 192, 320)
"""What may be asked for: every one in use costs an encoder, so they are few."""

CHANNELS = (1, 2)


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One format; its extension is its name everywhere."""

    extension: str
    content_type: str
    """Bare: ESPHome compares the whole header."""
    other_types: tuple[str, ...] = ()
    """What players call it in ``Accept`` as well."""
    has_bitrate: bool = True
    """Whether it has a bit rate to choose; the others lose nothing, or keep the sender's."""
    carries_titles: bool = False
    """
    Whether ICY metadata may stand between its bytes, because its decoders find back; then
    every frame can also be played without what came before it.
    """
    dlna_profile: str | None = None
    """Its name in DLNA's guidelines, if it has any there."""


MP3 = AudioFormat(
    "mp3",
    "audio/mpeg",
    ("audio/mp3", "audio/x-mp3", "audio/mpeg3"),
    carries_titles=True,
    dlna_profile="MP3",
)
AAC = AudioFormat(
    "aac",
    "audio/aac",
    ("audio/aacp", "audio/x-aac"),
    carries_titles=True,
    dlna_profile="AAC_ADTS_320",
)
OGG = AudioFormat(
    "ogg", "audio/ogg", ("application/ogg", "audio/opus"), has_bitrate=False
)
FLAC = AudioFormat("flac", "audio/flac", ("audio/x-flac",), has_bitrate=False)
WAV = AudioFormat("wav", "audio/wav", ("audio/x-wav", "audio/wave"), has_bitrate=False)

FORMATS = {f.extension: f for f in (MP3, AAC, OGG, FLAC, WAV)}
"""By extension; the sooner in the list, the better liked where a player takes several."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a listener gets. Those with equal ones share their bytes."""

    audio: AudioFormat
    bitrate_bps: int | None
    """None where the format has none to choose."""
    channels: int = 1

    @classmethod
    def chosen(
        cls,
        audio: AudioFormat,
        *,
        default_bps: int,
        bitrate_bps: int | None = None,
        channels: int | None = None,
    ) -> "Encoding":
        """Return what is made for a wish; ``default_bps`` is for who does not choose."""
        if audio is OGG:
            return cls(
                audio, None, 2
            )  # packets say themselves how many channels they have
        if not audio.has_bitrate:
            return cls(audio, None, channels or 1)
        return cls(audio, bitrate_bps or default_bps, channels or 1)
