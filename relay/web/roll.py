"""Everybody who hears or sends, what the house says to it, and who is sent away."""

from collections.abc import Callable
from datetime import datetime, timedelta

from relay.errors import Hushed, NotAllowed, RelayError
from relay.signaling.server_messages import Audience, Hearer
from relay.web.attendance import NO_ROLE, Attendance, topic_of
from relay.web.audit import AuditLog
from relay.web.guest import Guest
from relay.web.home_network import HomeNetwork
from relay.web.house_rules import HouseRules
from relay.web.hush_list import HushList
from relay.web.limits import Headcount, Limits
from relay.web.media import PacketStream
from relay.web.stream_list import Clocks
from relay.web.trust import Role

SECONDS = 1.0
RULES_EVERY_S = 5 * SECONDS
"""What a rule allows no longer ends within so long."""

MAX_NAMED = 32
"""Of those who hear a stream, so many are told by name."""

NOW = timedelta()

HUSHED = Hushed("its sender sent this device away for five minutes")
FORBIDDEN = NotAllowed("the rules of the house do not allow this here and now")


class Roll:
    """Who is present, by stream."""

    def __init__(
        self,
        limits: Limits,
        rules: HouseRules = HouseRules(),
        audit: AuditLog | None = None,
        *,
        network: HomeNetwork = HomeNetwork(),
        clocks: Clocks = Clocks(),
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """``network`` tells reverse proxies; ``now`` is the time on the wall, where rules count."""
        self.limits = limits
        self.audit = audit or AuditLog(None)
        self.network = network
        self.clock = clocks.monotonic
        self._rules = rules
        self._hush_list = HushList(clocks.monotonic)
        self._clocks = clocks
        self._now = now
        self._checked_at = clocks.monotonic()
        self._present: dict[Attendance, None] = {}
        self._hearers: dict[str, dict[Attendance, None]] = {}

    # --- who comes and goes -------------------------------------------------------------

    def join(
        self,
        guest: Guest,
        headcount: Headcount,
        send_away: Callable[[RelayError], None],
        *,
        by: str,
    ) -> Attendance:
        """Return a guest's part, which it closes itself."""
        return Attendance(guest, self, headcount, send_away, by=by)

    def check(
        self,
        guest: Guest,
        role: Role,
        stream: str,
        slug: str | None,
        ago: timedelta = NOW,
    ) -> None:
        """``ago``: what was sent then is to be heard now. Raises `NotAllowed` or `Hushed`."""
        objection = self._objection(guest, role, stream, slug)
        if objection is not None:
            raise objection
        then = (self._now() - ago).time()
        if not self._rules.allow(guest.visitor, role, slug, then):
            raise FORBIDDEN

    def _objection(
        self, guest: Guest, role: Role, stream: str, slug: str | None
    ) -> RelayError | None:
        if not guest.may(role):
            return NO_ROLE[role]
        if role is Role.LISTEN and self._hush_list.includes(stream, guest.key):
            return HUSHED
        if not self._rules.allow(guest.visitor, role, slug, self._now().time()):
            return FORBIDDEN
        return None

    def begun(self, attendance: Attendance) -> None:
        """For `Attendance` alone."""
        assert attendance.stream is not None, "something is heard or sent"
        self._present[attendance] = None
        if attendance.role is Role.LISTEN:
            self._hearers.setdefault(attendance.stream.id, {})[attendance] = None

    def over(self, attendance: Attendance) -> None:
        """For `Attendance` alone."""
        stream = attendance.stream
        assert stream is not None, "something was heard or sent"
        del self._present[attendance]
        if attendance.role is not Role.LISTEN:
            self.audit.sent(attendance.guest, topic_of(stream), attendance.seconds)
            return
        self.audit.heard(attendance.guest, topic_of(stream), attendance.seconds)
        hearers = self._hearers[stream.id]
        del hearers[attendance]
        if not hearers:
            del self._hearers[stream.id]

    # --- who is sent away ---------------------------------------------------------------

    def sweep(self) -> None:
        """End what a rule does not allow any more, or a hush that came too early. Call often."""
        if not len(self._rules) and not len(self._hush_list):
            return
        if self.clock() - self._checked_at >= RULES_EVERY_S:
            self._checked_at = self.clock()
            for attendance in tuple(self._present):
                self.recheck(attendance)

    def recheck(self, attendance: Attendance) -> None:
        """Send somebody away who may not hear or send any more."""
        role, stream = attendance.role, attendance.stream
        if role is None or stream is None:
            return
        topic, guest = topic_of(stream), attendance.guest
        objection = self._objection(guest, role, topic, stream.slug)
        if objection is not None:
            self.cut(attendance, objection)

    def cut(self, attendance: Attendance, why: RelayError) -> None:
        """End what somebody does, and note it."""
        if attendance.stream is not None:
            self.audit.cut(attendance.guest, topic_of(attendance.stream), why.code)
        attendance.send_away(why)

    def hush(self, stream: PacketStream, who: str | None, by: str) -> int:
        """Send away one who hears a stream, or all; return how many. ``by`` is for the audit log."""
        hearers = tuple(self._hearers.get(stream.id, ()))
        meant = {a.guest.key for a in hearers if who in (None, a.id)}
        topic, gone = topic_of(stream), 0
        for attendance in hearers:
            guest = attendance.guest
            if guest.key in meant:
                self._hush_list.add(topic, guest.key, guest.name)
                self.audit.hushed(guest, topic, by)
                attendance.send_away(HUSHED)
                gone += 1
        return gone

    def hushes(self, stream: PacketStream) -> bool:
        """Tell whether somebody may not hear a stream now."""
        return bool(self._hush_list.names(topic_of(stream)))

    def sends(self, guest: Guest, stream: PacketStream) -> bool:
        """Tell whether a stream is sent by the device or user that a guest is."""
        return any(
            a.stream is stream and a.role is Role.SPEAK and a.guest.key == guest.key
            for a in self._present
        )

    def unhush(self, stream: PacketStream) -> None:
        """Let those who were sent away hear a stream again. Idempotent."""
        self._hush_list.lift(topic_of(stream))

    # --- what senders are told ----------------------------------------------------------

    def audience(self, stream: PacketStream) -> Audience:
        """Return who hears a stream, those who came first at the top."""
        hearers = tuple(self._hearers.get(stream.id, ()))
        return Audience(
            stream.id,
            tuple(
                Hearer(a.id, a.guest.name, a.by, self._clocks.wall_time_of(a.since))
                for a in hearers[:MAX_NAMED]
            ),
            max(0, len(hearers) - MAX_NAMED),
            self._hush_list.names(topic_of(stream)),
        )
