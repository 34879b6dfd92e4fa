"""Tests of relay/consumers/alerts.py: once, not too often, and not at night."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from relay.consumers.alert_rule import AlertRule
from relay.consumers.alerts import MAX_RECENT, MAX_WAITING, Alerts
from relay.events import AlertRaised, EventBus, SoundNoticed
from relay.features import SoundEvent, SoundEventKind
from tests.sound_room import until

CRY, NOISE, LOST = SoundEventKind.CRY, SoundEventKind.NOISE, SoundEventKind.LOST
HOOK = "http://hub.home/hook"


class House:
    """A bus, rules, and all that was told."""

    def __init__(self, *rules: dict[str, Any]) -> None:
        self.bus = EventBus()
        self.now = 1000.0
        self.hour = 12
        self.posted: list[tuple[str, str]] = []
        self.raised: list[str] = []
        self.required: list[str | None] = []
        self.alerts = Alerts(
            self.bus,
            [AlertRule.parse(r, f"alerts[{n}]") for n, r in enumerate(rules)],
            post=lambda address, event: self.posted.append((address, event.id)),
            require=self._require,
            clock=lambda: self.now,
            now=lambda: datetime(2026, 3, 1, self.hour),
            look_again_s=0.002,
        )
        self.bus.subscribe(AlertRaised, lambda a: self.raised.append(a.event.id))

    def _require(self, stream: str | None) -> Callable[[], None]:
        self.required.append(stream)
        return lambda: self.required.remove(stream)

    def notice(
        self,
        id_: str,
        kind: SoundEventKind = CRY,
        stream: str = "nursery",
        ended_at: float | None = None,
    ) -> None:
        event = SoundEvent(id_, kind, stream, "stream_1", 1.0, ended_at)
        self.bus.publish(SoundNoticed(event))


async def test_whoever_wants_to_know_is_told_once() -> None:
    """Pages and brokers once for all rules, each webhook for its own; ends are not told."""
    house = House(
        {"streams": "nursery", "kinds": "cry", "webhook": HOOK},
        {"streams": "*", "kinds": "cry,noise", "webhook": HOOK + "2"},
        {"streams": "hall", "kinds": "cry", "webhook": HOOK},
    )
    with house.alerts:
        house.notice("1")
        house.notice("1", ended_at=2.0)
        house.notice("2", NOISE)
        house.notice("3", SoundEventKind.SPEECH)
    house.notice("4", stream="hall")
    assert house.raised == ["1", "2"]
    assert house.posted == [(HOOK, "1"), (HOOK + "2", "1"), (HOOK + "2", "2")]
    assert [event.id for event in house.alerts.recent] == ["1", "2"]
    assert house.alerts.raised == 2


async def test_the_same_is_not_told_again_within_the_hold_time() -> None:
    """Of another stream or kind it is."""
    house = House({"streams": "*", "kinds": "cry,noise", "hold_s": 30})
    with house.alerts:
        house.notice("1")
        house.now += 29
        house.notice("2")
        house.notice("3", stream="hall")
        house.notice("4", NOISE)
        house.notice("2", ended_at=2.0)
        house.now += 1
        house.notice("5")
        assert not house.alerts._waiting
    assert house.raised == ["1", "3", "4", "5"]
    assert house.alerts.held == 1


async def test_in_quiet_hours_nobody_is_told() -> None:
    """By this rule; another one may have other hours. What was kept quiet holds up nothing."""
    night = {"quiet_from": "22:00", "quiet_until": "06:00"}
    house = House(
        {"streams": "*", "kinds": "noise", **night},
        {"streams": "*", "kinds": "lost"},
    )
    with house.alerts:
        house.hour = 23
        house.notice("1", NOISE)
        house.notice("1", NOISE, ended_at=2.0)
        house.notice("2", LOST)
        house.hour = 6
        house.notice("3", NOISE)
    assert house.raised == ["2", "3"]


async def test_what_goes_on_when_the_quiet_hours_end_is_told_then() -> None:
    """Once: pages that heard of it by another rule do not hear of it again."""
    day = {"quiet_from": "08:00", "quiet_until": "19:00"}
    house = House(
        {"streams": "nursery", "kinds": "lost", "webhook": HOOK, **day},
        {"streams": "hall", "kinds": "lost", "webhook": HOOK, **day},
        {"streams": "hall", "kinds": "lost"},
    )
    with house.alerts:
        house.notice("1", LOST)
        house.notice("2", LOST, stream="hall")
        assert (house.raised, house.posted) == (["2"], [])
        house.hour = 19
        await until(lambda: len(house.posted) == 2)
        assert house.raised == ["2", "1"]
        assert not house.alerts._waiting
    assert house.alerts.held == 2


async def test_what_goes_on_when_the_hold_time_ends_is_told_then() -> None:
    """It is lost, back, and lost again at once: the second time may be for good."""
    house = House({"streams": "*", "kinds": "lost", "hold_s": 30})
    with house.alerts:
        house.notice("1", LOST)
        house.notice("1", LOST, ended_at=2.0)
        house.notice("2", LOST)
        assert house.raised == ["1"]
        house.now += 30
        await until(lambda: house.raised == ["1", "2"])


async def test_what_waits_is_bounded() -> None:
    house = House({"streams": "*", "kinds": "lost", "hold_s": 30})
    with house.alerts:
        for number in range(MAX_WAITING + 2):
            house.notice(str(number), LOST)
        assert next(iter(house.alerts._waiting)) == "2"
        assert len(house.alerts._waiting) == MAX_WAITING


async def test_only_what_needs_it_is_analysed() -> None:
    """As long as alerts are wanted; that a stream is gone shows without."""
    house = House(
        {"streams": "nursery,hall", "kinds": "cry,lost"},
        {"streams": "*", "kinds": "noise"},
        {"streams": "attic", "kinds": "lost,stalled"},
    )
    with house.alerts:
        assert {*house.required} == {"nursery", "hall", None}
        assert house.alerts.watches("attic", LOST)
        assert not house.alerts.watches("attic", CRY)
        assert house.alerts.named(LOST) == {"nursery", "hall", "attic"}
    assert house.required == []


async def test_what_was_told_is_kept_for_a_while() -> None:
    house = House({"streams": "*", "kinds": "cry", "hold_s": 0})
    with house.alerts:
        for number in range(MAX_RECENT + 5):
            house.notice(str(number))
    assert len(house.alerts.recent) == MAX_RECENT
    assert house.alerts.recent[0].id == "5"
