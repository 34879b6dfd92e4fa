"""Starting and stopping a recording, for who may hear the stream."""

from aiohttp import web

from relay.consumers.recordings import Recording, Recordings
from relay.errors import NotAllowed, StreamNotFound
from relay.hub.identity import slug_of
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web.clip_api import row
from relay.web.guest import Guest
from relay.web.json_request import answer_json, in_json
from relay.web.media import PacketStream
from relay.web.roll import Roll
from relay.web.trust import Need, Role, needs

PATH = "/api/streams/{name}/recording"


class RecordingApi:
    """The handlers of ``/api/streams/{id}/recording``; an id, a name or a slug will do."""

    def __init__(
        self, recordings: Recordings, relay: MediaRelay[RtpPacket], roll: Roll
    ) -> None:
        self._recordings = recordings
        self._relay = relay
        self._roll = roll

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.tell)
        app.router.add_post(PATH, self.start)
        app.router.add_delete(PATH, self.stop)

    @needs(Need.LISTEN)
    @in_json
    async def tell(self, request: web.Request) -> web.Response:
        stream, recording = self._meant(request)
        self._check(request, stream, recording)
        return answer_json(_state(recording))

    @needs(Need.LISTEN)
    @in_json
    async def start(self, request: web.Request) -> web.Response:
        stream, _ = self._meant(request)
        if stream is None:
            raise StreamNotFound("nobody sends under this name now")
        guest = self._check(request, stream, None)
        before = self._recordings.of(stream.topic)
        recording = await self._recordings.start(stream)
        if before is None:
            self._roll.audit.recording(guest, stream.topic, "started")
        return answer_json(_state(recording))

    @needs(Need.MEMBER)
    @in_json
    async def stop(self, request: web.Request) -> web.Response:
        stream, recording = self._meant(request)
        guest = Guest.of(request, self._roll.network)
        if not (stream and self._roll.sends(guest, stream)):
            self._check(request, stream, recording)
        if recording is None:
            raise StreamNotFound("it is not recorded")
        self._roll.audit.recording(guest, recording.topic, "stopped")
        file = await recording.stop()
        return answer_json({"clip": None if file is None else row(file)})

    def _meant(
        self, request: web.Request
    ) -> tuple[PacketStream | None, Recording | None]:
        """Return the stream, if it is live, and its recording. Raises `StreamNotFound`."""
        address = request.match_info["name"]
        try:
            stream = self._relay.find(address)
        except StreamNotFound:
            recording = self._recordings.of(slug_of(address))
            if recording is None:
                raise
            return None, recording
        return stream, self._recordings.of(stream.topic)

    def _check(
        self,
        request: web.Request,
        stream: PacketStream | None,
        recording: Recording | None,
    ) -> Guest:
        """Return who asks, if it may hear the stream. Raises `NotAllowed` or `Hushed`."""
        guest = Guest.of(request, self._roll.network)
        if stream is not None:
            self._roll.check(guest, Role.LISTEN, stream.topic, stream.slug)
        elif recording is not None:
            self._roll.check(guest, Role.LISTEN, recording.topic, recording.topic)
        else:
            raise NotAllowed("there is nothing to hear")
        return guest


def _state(recording: Recording | None) -> dict[str, object]:
    if recording is None:
        return {"recording": False}
    return {
        "recording": True,
        "began_at": recording.began_at,
        "seconds": round(recording.seconds, 1),
        "bytes": recording.size,
    }
