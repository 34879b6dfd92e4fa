"""Somebody who talks to the media port without having been asked."""

import socket

from aioice import stun

from tests.webrtc.studio import Studio, settle


def binding(user: str, password: str, **attributes: object) -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = user
    for name, value in attributes.items():
        request.attributes[name.replace("_", "-")] = value
    request.add_message_integrity(password.encode())
    return bytes(request)


class Stranger:
    """A socket that talks to the media port."""

    def __init__(self, studio: Studio) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect(("127.0.0.1", studio.endpoint.port))
        self.sock.setblocking(False)

    async def ask(self, data: bytes) -> stun.Message | None:
        self.sock.send(data)
        await settle()
        try:
            return stun.parse_message(self.sock.recv(2048))
        except BlockingIOError:
            return None
