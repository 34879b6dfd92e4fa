"""What senders and receivers over WebSockets share."""

from relay.consumers.sound_pieces import OpusPieces, PcmPieces
from relay.signaling.sound_frame import SoundFormat
from relay.web.socket_media import SocketMedia
from tests.sound_room import SoundRoom


async def test_each_format_has_its_pieces(room: SoundRoom) -> None:
    """Packets cost no decoder."""
    media = SocketMedia(room.decoders, room.worker)
    stream = room.stream()
    packets = media.pieces(stream, SoundFormat.OPUS)
    assert isinstance(packets, OpusPieces)
    assert room.decoders.decoders == 0
    samples = media.pieces(stream, SoundFormat.PCM_48000)
    assert isinstance(samples, PcmPieces)
    for pieces in (packets, samples):
        pieces.close()


def test_nobody_hears_nothing(room: SoundRoom) -> None:
    """Streams without receivers are left out."""
    assert SocketMedia(room.decoders, room.worker).qualities_by_stream() == {}
