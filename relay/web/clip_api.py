"""The clips and recordings over HTTP: which there are, their sound, and away with them."""

import asyncio
from datetime import datetime

from aiohttp import hdrs, web

from relay.consumers.sound_files import SoundFile, SoundFiles
from relay.errors import RelayError, StreamNotFound
from relay.web.guest import Guest
from relay.web.json_request import NO_STORE, answer_json, in_json
from relay.web.roll import Roll
from relay.web.trust import Need, Role, needs


class ClipApi:
    """The handlers; who may not hear a stream now does not learn that there is anything of it."""

    def __init__(self, files: SoundFiles, roll: Roll) -> None:
        self._files = files
        self._roll = roll

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/api/clips", self.list)
        app.router.add_get("/clips/{id}.ogg", self.sound)
        app.router.add_delete("/api/clips/{id}", self.delete)

    @needs(Need.LISTEN)
    async def list(self, request: web.Request) -> web.Response:
        guest = Guest.of(request, self._roll.network)
        stream = request.query.get("stream")
        clips = [
            row(file)
            for file in self._files.all
            if stream in (None, file.stream) and self._may_hear(guest, file)
        ]
        return answer_json({"clips": clips})

    @needs(Need.LISTEN)
    @in_json
    async def sound(self, request: web.Request) -> web.StreamResponse:
        guest = Guest.of(request, self._roll.network)
        file = self._found(request)
        path = self._files.path_of(file)
        # Somebody may have deleted it in the folder.
        if not self._may_hear(guest, file) or not await asyncio.to_thread(path.is_file):
            raise _not_found()
        self._roll.audit.clip(guest, file.stream, file.name, "fetched")
        headers = {**NO_STORE, hdrs.CONTENT_TYPE: "audio/ogg"}
        if "download" in request.query:
            at = datetime.fromtimestamp(file.began_at).strftime("%Y-%m-%d-%H%M%S")
            name = f"{file.stream}-{file.kind}-{at}.ogg"
            headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
        return web.FileResponse(path, headers=headers)

    @needs(Need.ADMIN)
    @in_json
    async def delete(self, request: web.Request) -> web.Response:
        file = self._found(request)
        guest = Guest.of(request, self._roll.network)
        await self._files.delete(file)
        self._roll.audit.clip(guest, file.stream, file.name, "deleted")
        return answer_json({})

    def _found(self, request: web.Request) -> SoundFile:
        file = self._files.find(request.match_info["id"])
        if file is None:
            raise _not_found()
        return file

    def _may_hear(self, guest: Guest, file: SoundFile) -> bool:
        slug = None if file.stream.startswith("stream_") else file.stream
        try:
            self._roll.check(guest, Role.LISTEN, file.stream, slug)
        except RelayError:
            return False
        return True


def _not_found() -> StreamNotFound:
    return StreamNotFound("there is no such clip; /api/clips lists those there are")


def row(file: SoundFile) -> dict[str, object]:
    return {
        "id": file.id,
        "stream": file.stream,
        "kind": file.kind,
        "began_at": file.began_at,
        "duration_s": file.duration_s,
        "bytes": file.bytes,
        "address": f"clips/{file.id}.ogg",
    }
