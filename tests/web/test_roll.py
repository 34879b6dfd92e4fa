"""Tests of relay/web/roll.py: who is here, and who is sent away."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from relay.errors import Hushed, NotAllowed, RelayError
from relay.events import EventBus
from relay.hub.identity import StreamName
from relay.hub.media_relay import MediaRelay
from relay.rtp.packet import RtpPacket
from relay.web import roll as roll_module
from relay.web.attendance import Attendance
from relay.web.audit import AuditLog
from relay.web.guest import Guest
from relay.web.house_rules import HouseRules, Rule
from relay.web.hush_list import PAUSE_S
from relay.web.limits import Limits
from relay.web.roll import Roll
from relay.web.stream_list import Clocks
from relay.web.trust import Role
from tests.web.fakes import FakeClock
from tests.web.guests import at_home, of_home_assistant, paired
from tests.web.house import NO_LIMITS

LISTEN, SPEAK = Role.LISTEN, Role.SPEAK
TABLET, PHONE = paired("Tablet"), at_home(kind="iPhone")
ANNA = of_home_assistant("Anna")
AT_NIGHT = Rule.parse(
    {
        "who": "Tablet",
        "may": "listen",
        "streams": "nursery",
        "from": "19:00",
        "until": "07:00",
    },
    "rules[0]",
)


class Evening:
    """A roll with a clock of its own, and one stream on air."""

    def __init__(self, *rules: Rule, audit: AuditLog | None = None) -> None:
        self.clock = FakeClock()
        self.now = datetime(2026, 11, 21, 20, 0)
        self.roll = Roll(
            Limits(NO_LIMITS),
            HouseRules(rules),
            audit,
            clocks=Clocks(self.clock, self.clock),
            now=lambda: self.now,
        )
        relay = MediaRelay[RtpPacket](EventBus())
        self.nursery = relay.publish(StreamName.parse("Nursery"))
        self.gone: list[tuple[str, str]] = []

    def hears(self, guest: Guest) -> Attendance:
        """Let somebody in who asks first and leaves when it is told to."""

        def leave(error: RelayError) -> None:
            self.gone.append((guest.name, error.code))
            attendance.close()

        attendance = self.roll.join(guest, self.roll.limits.peers, leave, by="webrtc")
        attendance.ask_to_hear(self.nursery)
        attendance.note(LISTEN, self.nursery)
        return attendance

    @property
    def names(self) -> list[str]:
        return [hearer.name for hearer in self.roll.audience(self.nursery).hearers]


def test_who_hears_a_stream() -> None:
    """Those who came first at the top, until they leave."""
    evening = Evening()
    tablet = evening.hears(TABLET)
    evening.clock.advance(60)
    evening.hears(PHONE)
    evening.hears(ANNA)
    assert evening.names == ["Tablet", "iPhone", "Anna"]
    hearers = evening.roll.audience(evening.nursery).hearers
    assert [hearer.since for hearer in hearers] == [1000, 1060, 1060]
    tablet.close()
    assert evening.names == ["iPhone", "Anna"]


def test_a_crowd_is_not_named_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message stays small; the others are counted."""
    monkeypatch.setattr(roll_module, "MAX_NAMED", 3)
    evening = Evening()
    for number in range(10):
        evening.hears(at_home(f"10.0.0.{number}"))
    audience = evening.roll.audience(evening.nursery)
    assert (len(audience.hearers), audience.more) == (3, 7)


def test_one_is_hushed() -> None:
    """With all that the same device hears; it comes back after five minutes and not before."""
    evening = Evening()
    first, _, _ = evening.hears(TABLET), evening.hears(TABLET), evening.hears(PHONE)
    assert evening.roll.hush(evening.nursery, first.id, ANNA.name) == 2
    assert evening.gone == [("Tablet", "hushed")] * 2
    assert evening.names == ["iPhone"]
    assert evening.roll.audience(evening.nursery).hushed == ("Tablet",)
    evening.clock.advance(PAUSE_S - 1)
    with pytest.raises(Hushed):
        evening.hears(TABLET)
    evening.clock.advance(1)
    evening.hears(TABLET)


def test_all_are_hushed_and_asked_back() -> None:
    """Who was not there is not meant."""
    evening = Evening()
    evening.hears(TABLET)
    evening.hears(PHONE)
    assert evening.roll.hush(evening.nursery, None, ANNA.name) == 2
    assert evening.names == []
    evening.hears(ANNA)
    evening.roll.unhush(evening.nursery)
    evening.hears(TABLET)
    assert evening.names == ["Anna", "Tablet"]


def test_nobody_is_hushed_by_a_wrong_id() -> None:
    evening = Evening()
    evening.hears(TABLET)
    assert evening.roll.hush(evening.nursery, "nobody", ANNA.name) == 0
    assert evening.names == ["Tablet"]


def test_who_slipped_in_while_being_hushed_is_found() -> None:
    """It had asked before, and began to hear after."""
    evening = Evening()
    seen = evening.hears(TABLET)
    late = evening.roll.join(
        TABLET,
        evening.roll.limits.peers,
        lambda error: evening.gone.append(("late", error.code)),
        by="webrtc",
    )
    late.ask_to_hear(evening.nursery)
    evening.roll.hush(evening.nursery, seen.id, ANNA.name)
    late.note(LISTEN, evening.nursery)
    evening.clock.advance(roll_module.RULES_EVERY_S)
    evening.roll.sweep()
    assert evening.gone[-1] == ("late", "hushed")


def test_rules_are_asked_at_the_door() -> None:
    evening = Evening(AT_NIGHT)
    evening.hears(TABLET)
    with pytest.raises(NotAllowed):
        evening.hears(PHONE)
    assert evening.names == ["Tablet"]


def test_a_rules_end_ends_what_it_allowed() -> None:
    """Within a minute at the latest; until then nobody notices anything."""
    evening = Evening(AT_NIGHT)
    evening.hears(TABLET)
    for _ in range(5):
        evening.clock.advance(11)
        evening.roll.sweep()
    assert evening.names == ["Tablet"]
    evening.now = datetime(2026, 11, 22, 7, 0)
    for _ in range(120):
        evening.clock.advance(0.5)
        evening.roll.sweep()
    assert evening.gone == [("Tablet", "not_allowed")]
    assert evening.names == []


def test_a_sender_is_cut_off_as_well() -> None:
    """Quiet hours."""
    quiet = replace(AT_NIGHT, who="*", may=frozenset({SPEAK}))
    evening = Evening(quiet)
    cut: list[str] = []
    sender = evening.roll.join(
        ANNA, evening.roll.limits.peers, lambda e: cut.append(e.code), by="webrtc"
    )
    sender.ask(SPEAK, "nursery", "nursery")
    sender.note(SPEAK, evening.nursery)
    assert evening.names == []
    evening.now = datetime(2026, 11, 22, 7, 0)
    evening.clock.advance(60)
    evening.roll.sweep()
    assert cut == ["not_allowed"]
    with pytest.raises(NotAllowed):
        sender.ask(SPEAK, "nursery", "nursery")


def test_roles_are_asked_too() -> None:
    """A device that may only hear does not send."""
    evening = Evening()
    guest = paired("Speaker", frozenset({LISTEN}))
    attendance = evening.hears(guest)
    with pytest.raises(NotAllowed, match="may not send"):
        attendance.ask(SPEAK, "hall", "hall")


async def test_who_heard_whom_is_in_the_audit_log(tmp_path: Path) -> None:
    """With how long, and who ended it."""
    async with AuditLog(tmp_path) as audit:
        evening = Evening(audit=audit)
        tablet = evening.hears(TABLET)
        evening.clock.advance(30)
        evening.roll.hush(evening.nursery, tablet.id, ANNA.name)
    entries = map(json.loads, (tmp_path / "audit.jsonl").read_text().splitlines())
    told = [(e["event"], e["who"], e.get("seconds"), e.get("by")) for e in entries]
    assert told == [
        ("hushed", "Tablet", None, "Anna"),
        ("heard", "Tablet", 30.0, None),
    ]
