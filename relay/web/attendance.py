"""One guest's part in the house: asked for before it begins, noted while it lasts."""

import secrets
from collections.abc import Callable
from typing import Protocol

from relay.errors import NotAllowed, RelayError
from relay.web.guest import Guest
from relay.web.limits import Headcount
from relay.web.media import PacketStream
from relay.web.trust import Role

NO_ROLE = {
    Role.LISTEN: NotAllowed("this device may not hear"),
    Role.SPEAK: NotAllowed("this device may not send"),
}


class House(Protocol):
    """What an attendance is part of: `relay.web.roll.Roll`."""

    clock: Callable[[], float]

    def check(self, guest: Guest, role: Role, stream: str, slug: str | None) -> None:
        """Raises `NotAllowed` or `Hushed`."""

    def begun(self, attendance: "Attendance") -> None: ...

    def over(self, attendance: "Attendance") -> None: ...

    def cut(self, attendance: "Attendance", why: RelayError) -> None: ...


def topic_of(stream: PacketStream) -> str:
    """Return what a stream is known by beyond its session: its slug, or else its id."""
    return stream.topic


class Attendance:
    """
    A page or a player: who it is, what it hears or sends, since when.

    It takes a place among all of its kind while it has a role; `close` gives it back.
    """

    def __init__(
        self,
        guest: Guest,
        house: House,
        headcount: Headcount,
        send_away: Callable[[RelayError], None],
        *,
        by: str,
    ) -> None:
        """``by`` is ``webrtc`` or ``http``; ``send_away`` ends what it does, for a reason."""
        self.id = secrets.token_hex(4)
        self.guest = guest
        self.by = by
        self.role: Role | None = None
        self.stream: PacketStream | None = None
        """What it hears or sends; None while that is still negotiated, or is silence."""
        self.since = 0.0
        """When that began, on the monotonic clock."""
        self.send_away = send_away
        self._house = house
        self._headcount = headcount

    @property
    def seconds(self) -> float:
        return self._house.clock() - self.since

    def ask(self, role: Role, stream: str, slug: str | None) -> None:
        """
        Ask whether it may hear or send; nothing has changed then.

        ``stream`` is what `topic_of` says, ``slug`` that of its name, if it has one.
        Raises `NotAllowed`, `Hushed` or `CapacityExceeded`.
        """
        self._house.check(self.guest, role, stream, slug)
        self.find_place()

    def find_place(self) -> None:
        """Raises `CapacityExceeded` if it has no place and there is none."""
        if self.role is None:
            self._headcount.check(self.guest.counted_as)

    def ask_to_hear(self, stream: PacketStream) -> None:
        self.ask(Role.LISTEN, topic_of(stream), stream.slug)

    def check_role(self) -> None:
        """Be sent away if the role was taken away meanwhile."""
        if self.role is not None and not self.guest.may(self.role):
            self._house.cut(self, NO_ROLE[self.role])

    def note(self, role: Role | None, stream: PacketStream | None = None) -> None:
        """Note what it does now. Idempotent; None: nothing any more."""
        if role is not self.role:
            self._take_place(role)
        if (role, stream) == (self.role, self.stream):
            return
        if self.stream is not None:
            self._house.over(self)
        self.role, self.stream, self.since = role, stream, self._house.clock()
        if stream is not None:
            self._house.begun(self)

    def _take_place(self, role: Role | None) -> None:
        if self.role is None:
            self._headcount.enter(self.guest.counted_as)
        elif role is None:
            self._headcount.leave(self.guest.counted_as)

    def close(self) -> None:
        """Idempotent."""
        self.note(None)
