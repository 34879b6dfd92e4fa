"""Who was let in by name: paired devices, players and monitors, each with a token that can be revoked."""

import enum
import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from relay import events
from relay.errors import BadName, CapacityExceeded, DeviceNotFound
from relay.events import EventBus
from relay.private_file import PrivateFile
from relay.web.background import Background
from relay.web.trust import Role

logger = logging.getLogger(__name__)

SECONDS = 1.0
MAX_DEVICES = 200
NAME_LENGTH = 40
TOKEN_BYTES = 32
SEEN_EVERY_S = 3600 * SECONDS
"""When somebody was seen is written down at most this often: flash wears out."""


class Kind(enum.StrEnum):
    DEVICE = "device"
    """A browser; its token is in a cookie."""
    PLAYER = "player"
    """Plays sound over HTTP; its token is in the address."""
    MONITOR = "monitor"
    """Reads numbers, as Prometheus does; its token is in a header."""


@dataclass(frozen=True, slots=True)
class Device:
    """One that was let in. The times are seconds since 1970."""

    id: str
    name: str
    kind: Kind
    roles: frozenset[Role]
    created_at: float
    seen_at: float | None
    token_hash: str
    """SHA-256 of 256 random bits: nothing that could be guessed, so nothing slower is needed."""

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> "Device":
        """Raises `ValueError`, `KeyError` or `TypeError`."""
        return cls(
            id=str(fields["id"]),
            name=str(fields["name"]),
            kind=Kind(fields["kind"]),
            roles=frozenset(map(Role, fields["roles"])),
            created_at=float(fields["created_at"]),
            seen_at=None if fields["seen_at"] is None else float(fields["seen_at"]),
            token_hash=str(fields["token_hash"]),
        )

    @property
    def may_listen(self) -> bool:
        return not self.roles.isdisjoint({Role.LISTEN, Role.ADMIN})

    def fields(self) -> dict[str, Any]:
        """Return what people may see of it."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind.value,
            "roles": sorted(self.roles),
            "created_at": self.created_at,
            "seen_at": self.seen_at,
        }


class Devices:
    """All of them, kept in a file. An async context manager."""

    def __init__(
        self,
        file: PrivateFile,
        bus: EventBus,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``clock`` tells seconds since 1970."""
        self._file = file
        self._bus = bus
        self._clock = clock
        self._by_id: dict[str, Device] = {}
        self._by_hash: dict[str, Device] = {}
        self._unsaved = False
        self._background = Background()

    async def __aenter__(self) -> "Devices":
        for device in self._file.load(_parse) or ():
            self._put(device)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._unsaved:
            self._background.run(self._save(), "saving the devices")
        await self._background.finished()

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, device_id: str | None) -> Device | None:
        return self._by_id.get(device_id or "")

    @property
    def all(self) -> list[Device]:
        return list(self._by_id.values())

    @property
    def have_admin(self) -> bool:
        return any(Role.ADMIN in device.roles for device in self.all)

    def of_token(self, token: str) -> Device | None:
        """
        Return whose token it is.

        What is compared is a hash: how long that takes says nothing about the token.
        """
        return self._by_hash.get(_hash(token))

    def note_seen(self, device: Device) -> None:
        """Remember that it was here just now."""
        now = self._clock()
        seen_at = device.seen_at or 0.0
        if device.id in self._by_id and not 0 <= now - seen_at < SEEN_EVERY_S:
            self._put(replace(device, seen_at=now))
            self._unsaved = True
            self._background.run(self._save(), "saving the devices")

    async def add(
        self, name: str, kind: Kind, roles: frozenset[Role]
    ) -> tuple[Device, str]:
        """
        Let somebody in; return it with its token, which is told now and never again.

        Raises `BadName`, `CapacityExceeded`, or `OSError` if it cannot be kept.
        """
        if len(self) >= MAX_DEVICES:
            raise CapacityExceeded(f"{MAX_DEVICES} devices and players are let in")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        device = Device(
            id=secrets.token_hex(8),
            name=self._free(checked_name(name)),
            kind=kind,
            roles=roles,
            created_at=self._clock(),
            seen_at=None,
            token_hash=_hash(token),
        )
        self._put(device)
        try:
            await self._save()
        except OSError:
            self._drop(device)
            raise
        logger.info("let in: %s %r", kind.value, device.name)
        return device, token

    async def change(
        self,
        device_id: str,
        *,
        name: str | None = None,
        roles: frozenset[Role] | None = None,
    ) -> Device:
        """
        Give one another name or other roles, at once; None leaves it as it is.

        Raises `DeviceNotFound`, `BadName`, or `OSError` if it holds until a restart only.
        """
        device = self._known(device_id)
        if name is not None:
            name = self._free(checked_name(name), device)
        changed = replace(device, name=name or device.name, roles=roles or device.roles)
        if changed != device:
            self._put(changed)
            may = ", ".join(sorted(changed.roles))
            logger.info("changed: %r is %r now, may %s", device.name, changed.name, may)
            self._bus.publish(events.AccessChanged())
            await self._save()
        return changed

    async def revoke(self, device_id: str) -> None:
        """
        Forget one; what it hears or sends ends now.

        Raises `DeviceNotFound`, or `OSError` if it would be back after a restart.
        """
        device = self._known(device_id)
        self._drop(device)
        logger.info("revoked: %s %r", device.kind.value, device.name)
        self._bus.publish(events.AccessChanged())
        await self._save()

    def _known(self, device_id: str) -> Device:
        device = self._by_id.get(device_id)
        if device is None:
            raise DeviceNotFound("there is no such device or player any more")
        return device

    def _free(self, name: str, but: Device | None = None) -> str:
        """Return a name that nobody ``but`` one has yet: rules of the house go by names."""
        taken = {device.name.casefold() for device in self.all if device is not but}
        free, number = name, 1
        while free.casefold() in taken:
            number += 1
            free = f"{name[: NAME_LENGTH - 4]} {number}"
        return free

    def _put(self, device: Device) -> None:
        self._by_id[device.id] = device
        self._by_hash[device.token_hash] = device

    def _drop(self, device: Device) -> None:
        self._by_id.pop(device.id, None)
        self._by_hash.pop(device.token_hash, None)

    async def _save(self) -> None:
        self._unsaved = False
        try:
            await self._file.save(
                [d.fields() | {"token_hash": d.token_hash} for d in self.all]
            )
        except OSError as error:
            self._unsaved = True
            logger.error("the devices cannot be kept: %s", error)
            raise


def checked_name(name: str) -> str:
    """Return the name of a device as it is kept. Raises `BadName`."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise BadName(f"a device's name is plain text of 1 to {NAME_LENGTH} characters")
    return name


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _parse(content: list[dict[str, Any]]) -> list[Device]:
    return [Device.parse(fields) for fields in content][:MAX_DEVICES]
