"""A client without a network, which keeps what is said to it."""

from bench.light_client import LightClient


class DeafClient(LightClient):
    """Protects nothing and sends nowhere."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def protect(self, packet: bytes) -> bytes:
        return packet

    def send_raw(self, data: bytes) -> None:
        self.sent.append(data)
