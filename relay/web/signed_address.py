"""Addresses that let a player in for a while: signed, so that none has to be remembered."""

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from relay import events
from relay.events import EventBus
from relay.private_file import PrivateFile

SECONDS = 1.0
DAYS = 86_400 * SECONDS
LONGEST_S = 1 * DAYS
NEW_KEY_AFTER_S = 30 * DAYS
"""The key before it is good for as long again: no address is cut short by a new key."""
SECRET_BYTES = 32

_SIGNED = re.compile(
    r"(?P<key>[0-9a-f]{8})\.(?P<expires>[0-9]{1,12})\.(?P<maker>[a-z0-9]{1,16})"
    r"\.(?P<mac>[A-Za-z0-9_-]{43})"
)


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    secret: bytes
    made_at: float

    @classmethod
    def new(cls, now: float) -> "Key":
        return cls(secrets.token_hex(4), secrets.token_bytes(SECRET_BYTES), now)

    @classmethod
    def parse(cls, fields: dict[str, Any]) -> "Key":
        """Raises `ValueError`, `KeyError` or `TypeError`."""
        secret = bytes.fromhex(fields["secret"])
        if len(secret) != SECRET_BYTES:
            raise ValueError("the secret has another length")
        return cls(str(fields["id"]), secret, float(fields["made_at"]))

    def fields(self) -> dict[str, Any]:
        return {"id": self.id, "secret": self.secret.hex(), "made_at": self.made_at}

    def mac(self, path: str, expires_at: int, maker: str) -> str:
        """RFC 2104 with SHA-256; none of the parts can have a line break."""
        text = "\n".join((self.id, str(expires_at), maker, path))
        digest = hmac.digest(self.secret, text.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signed address says, and proves."""

    key_id: str
    expires_at: int
    """In seconds since 1970, like every time here."""
    maker: str
    """Who made it: a device's id, or why somebody without one was believed."""


class SignedAddresses:
    """
    Signs addresses and reads them. An async context manager.

    Two keys are good at a time, so that a new one cuts nobody off.
    """

    def __init__(
        self,
        file: PrivateFile,
        bus: EventBus,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._bus = bus
        self._clock = clock
        self._keys: list[Key] = []
        """The newest first."""

    async def __aenter__(self) -> "SignedAddresses":
        self._keys = self._file.load(_parse) or []
        await self._renew()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    async def sign(self, path: str, maker: str, lasts_s: float) -> tuple[str, int]:
        """Return the key for a path, such as ``stream/nursery.mp3``, and when it expires."""
        await self._renew()
        expires_at = int(self._clock() + min(lasts_s, LONGEST_S))
        key = self._keys[0]
        mac = key.mac(path, expires_at, maker)
        return f"{key.id}.{expires_at}.{maker}.{mac}", expires_at

    def read(self, text: str, path: str) -> Signature | None:
        """Return what a key says; None if it is not ours, not for this path, or not good now."""
        parts = _SIGNED.fullmatch(text)
        key = self._key(parts["key"]) if parts else None
        if parts is None or key is None:
            return None
        signature = Signature(key.id, int(parts["expires"]), parts["maker"])
        mac = key.mac(path, signature.expires_at, signature.maker)
        if not hmac.compare_digest(mac, parts["mac"]) or not self.is_good(signature):
            return None
        return signature

    def is_good(self, signature: Signature) -> bool:
        """Whether it has neither expired nor been voided since it was read."""
        known = self._key(signature.key_id) is not None
        return known and self._clock() < signature.expires_at

    async def void(self) -> None:
        """Make all addresses void; what is heard by them ends. Raises `OSError`."""
        self._keys = [Key.new(self._clock())]
        self._bus.publish(events.AccessChanged())
        await self._save()

    def _key(self, key_id: str) -> Key | None:
        return next((key for key in self._keys if key.id == key_id), None)

    async def _renew(self) -> None:
        """Make a key if there is none, or a new one when it is time."""
        now = self._clock()
        if self._keys and now - self._keys[0].made_at < NEW_KEY_AFTER_S:
            return
        self._keys = [Key.new(now), *self._keys[:1]]
        await self._save()

    async def _save(self) -> None:
        await self._file.save([key.fields() for key in self._keys])


def _parse(content: list[dict[str, Any]]) -> list[Key]:
    return [Key.parse(fields) for fields in content][:2]
