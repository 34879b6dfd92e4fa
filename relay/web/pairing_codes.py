"""Codes by which somebody who is trusted lets a device in."""

import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from relay.errors import CapacityExceeded, WrongCode
from relay.web.trust import EVERYTHING, Role

SECONDS = 1.0
LIFETIME_S = 120 * SECONDS
TRIES = 5
"""Wrong codes until those that are open are void; there are a million."""
MAX_OPEN = 5
DIGITS = 6
FIRST_CODE_BYTES = 16

_SHORT = re.compile(rf"[0-9]{{{DIGITS}}}")


@dataclass(slots=True)
class OpenCode:
    """A code that a device may show, once."""

    code: str
    issuer: str
    roles: frozenset[Role]
    expires_at: float
    tries_left: int = TRIES


class PairingCodes:
    """The codes that are open now."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, OpenCode] = {}
        """By issuer: each has one at a time."""
        self._first: str | None = None

    def issue(self, issuer: str, roles: frozenset[Role]) -> OpenCode:
        """Return a new code; the issuer's last one is void. Raises `CapacityExceeded`."""
        self._forget_expired()
        self._open.pop(issuer, None)
        if len(self._open) >= MAX_OPEN:
            raise CapacityExceeded("too many codes are open; wait two minutes")
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        expires_at = self._clock() + LIFETIME_S
        self._open[issuer] = OpenCode(code, issuer, roles, expires_at)
        return self._open[issuer]

    def issue_first(self) -> str:
        """Return a code that makes an admin, for the terminal; too long to be guessed."""
        self._first = secrets.token_urlsafe(FIRST_CODE_BYTES)
        return self._first

    def void(self, issuer: str) -> None:
        """Forget the issuer's code: he may give none any more. Idempotent."""
        self._open.pop(issuer, None)

    def of(self, issuer: str) -> str | None:
        """Return the issuer's code, None if it was used or is void."""
        self._forget_expired()
        known = self._open.get(issuer)
        return known.code if known else None

    def is_open(self, issuer: str) -> bool:
        return self.of(issuer) is not None

    def redeem(self, code: str) -> frozenset[Role]:
        """
        Use a code up; return what it allows. Raises `WrongCode`.

        A wrong one counts against all that are open: which one was meant nobody knows.
        """
        self._forget_expired()
        code = "".join(code.split())
        if self._first is not None and _equal(code, self._first):
            self._first = None
            return EVERYTHING
        for known in [c for c in self._open.values() if _equal(code, c.code)]:
            del self._open[known.issuer]
            return known.roles
        if _SHORT.fullmatch(code):
            self._count_wrong_try()
        raise WrongCode("this code is wrong or too old; ask for a new one")

    def _count_wrong_try(self) -> None:
        for known in list(self._open.values()):
            known.tries_left -= 1
            if known.tries_left <= 0:
                del self._open[known.issuer]

    def _forget_expired(self) -> None:
        now = self._clock()
        for known in [c for c in self._open.values() if c.expires_at <= now]:
            del self._open[known.issuer]


def _equal(given: str, known: str) -> bool:
    """Compare in a time that says nothing about where they differ."""
    return hmac.compare_digest(given.encode(), known.encode())
