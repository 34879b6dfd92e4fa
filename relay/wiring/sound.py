"""The parts through which packets and sound go, opened and put together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from relay.consumers.decoder import DecoderPool
from relay.consumers.http_broadcast import Broadcasts
from relay.consumers.media_worker import MediaWorker
from relay.events import EventBus
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.settings import Settings
from relay.web.known_names import KnownNames
from relay.webrtc.endpoint import WebRtcEndpoint
from relay.webrtc.session_description import SenderWishes


@dataclass(frozen=True, slots=True)
class Sound:
    """The parts through which packets and sound go."""

    relay: MediaRelay[RtpPacket]
    endpoint: WebRtcEndpoint
    worker: MediaWorker
    decoders: DecoderPool
    broadcasts: Broadcasts
    names: KnownNames


async def open_sound(settings: Settings, stack: AsyncExitStack) -> Sound:
    """Open the media port and start the media worker."""
    bus = EventBus()
    relay = MediaRelay[RtpPacket](bus)
    endpoint = await stack.enter_async_context(
        WebRtcEndpoint(
            bus,
            port=settings.media.port,
            addresses=settings.media.addresses,
            data_dir=settings.data_dir,
            wishes=SenderWishes(
                red=settings.media.sender_redundancy, dtx=settings.media.sender_dtx
            ),
        )
    )
    worker = MediaWorker()
    worker.start()
    stack.callback(worker.close)
    decoders = DecoderPool(relay, worker, bus)
    stack.push_async_callback(decoders.close)
    names = await stack.enter_async_context(KnownNames(relay, settings.data_dir))
    broadcasts = Broadcasts(
        relay, decoders, worker, settings.mp3, name_of=names.text_of
    )
    stack.push_async_callback(broadcasts.close)
    return Sound(relay, endpoint, worker, decoders, broadcasts, names)
