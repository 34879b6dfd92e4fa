"""A connection whose player takes everything at once."""

import asyncio


class Ear(asyncio.Transport):
    def __init__(self, **extra: object) -> None:
        """``extra`` is what `get_extra_info` tells."""
        super().__init__(extra)
        self.received: list[bytes] = []
        self.closing = False

    @property
    def heard(self) -> bytes:
        return b"".join(self.received)

    def write(self, data: bytes) -> None:
        self.received.append(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.closing
