"""The numbers about packets and sound."""

from relay.consumers.decoder import DecoderPool
from relay.consumers.http_broadcast import Broadcasts
from relay.consumers.media_worker import MediaWorker
from relay.settings import Mp3Settings
from relay.web import sound_readings
from relay.web.socket_media import FrameCounters
from relay.webrtc.endpoint import WebRtcEndpoint
from tests.web.house import House
from tests.web.tables import check_table


async def test_of_the_real_parts(house: House) -> None:
    """The names by which numbers are asked for are those that the real parts use."""
    worker, frames = MediaWorker(), FrameCounters()
    decoders = DecoderPool(house.relay, worker, house.events)
    broadcasts = Broadcasts(house.relay, decoders, worker, Mp3Settings(0, 96_000))
    async with WebRtcEndpoint(
        house.events, port=0, addresses=["127.0.0.1"]
    ) as endpoint:
        check_table(
            [
                *sound_readings.of_media(endpoint, worker, house.lobby, frames),
                *sound_readings.of_frames(frames),
                *sound_readings.of_sound(decoders),
                *sound_readings.of_listeners(broadcasts),
            ]
        )


async def test_sound_over_either_transport_is_counted_together(house: House) -> None:
    """Bytes are bytes, whichever way they came."""
    frames = FrameCounters()
    house.endpoint.counters["bytes_received"] = 40
    frames.bytes_received = 2
    (total,) = (
        reading.read()
        for reading in sound_readings.of_media(
            house.endpoint, house.worker, house.lobby, frames
        )
        if reading.name == "voice_audio_bytes_received_total"
    )
    assert total == 42
