"""Whether the house is open to everybody at home, or asks each device for its pairing."""

import enum
import logging
from typing import Any

from relay import events
from relay.events import EventBus
from relay.private_file import PrivateFile

logger = logging.getLogger(__name__)


class Mode(enum.StrEnum):
    LAN = "lan"
    PAIRED = "paired"


class AccessMode:
    """
    The mode that holds now.

    The option says how it is at first. Whoever switches it on a page is obeyed until the
    option is changed: so an owner whom no page lets in can still open the house.
    """

    def __init__(
        self,
        option: Mode = Mode.LAN,
        file: PrivateFile | None = None,
        bus: EventBus | None = None,
    ) -> None:
        self._option = option
        self._file = file
        self._bus = bus
        switched = file.load(_parse) if file else None
        if switched is not None and switched[0] is option:
            self.now = switched[1]
        else:
            self.now = option

    @property
    def paired(self) -> bool:
        """Whether everybody needs a credential, at home too."""
        return self.now is Mode.PAIRED

    async def switch(self, mode: Mode) -> None:
        """Change it for good; who may not stay is sent away. Raises `OSError`."""
        if mode is self.now:
            return
        self.now = mode
        logger.info("access is %r now", mode.value)
        if self._bus is not None:
            self._bus.publish(events.AccessChanged())
        if self._file is not None:
            await self._file.save({"option": self._option.value, "access": mode.value})


def _parse(content: dict[str, Any]) -> tuple[Mode, Mode]:
    return Mode(content["option"]), Mode(content["access"])
