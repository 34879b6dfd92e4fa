"""Sound that was kept a while ago: a file of silence in the folder."""

from relay.audio.ogg import OggOpusWriter
from relay.consumers.opus_playout import silent_packet
from relay.consumers.sound_files import SoundFile, SoundFiles


async def keep(files: SoundFiles, stream: str, kind: str, at: float) -> SoundFile:
    """Keep a second that began ``at``, in seconds since 1970."""
    writer = await files.begin(stream, kind, at)
    ogg = OggOpusWriter(1)
    await writer.write(ogg.header + ogg.write_all([(silent_packet(), 960)] * 50))
    file = await writer.finish()
    assert file is not None
    return file
