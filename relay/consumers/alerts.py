"""Tells those who want to be alerted of what was noticed, and keeps what was told last."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from relay.consumers.alert_rule import EVERY_STREAM, AlertRule
from relay.events import AlertRaised, EventBus, SoundNoticed
from relay.features import SoundEvent, SoundEventKind

MAX_RECENT = 200
MAX_HELD = 5000
"""Rule, stream and kind; beyond it what was told longest ago may be told again."""

MAX_WAITING = 500
"""Events that go on and are not told yet; beyond it the oldest will not be told."""
LOOK_AGAIN_S = 1.0

WITHOUT_ANALYSIS = frozenset({SoundEventKind.STALLED, SoundEventKind.LOST})
"""What is known of a stream without listening to it."""

Require = Callable[[str | None], Callable[[], None]]
"""Has a stream analysed, None: all; returns what ends that. `Analysis.require`, or nothing."""


def no_analysis(_: str | None) -> Callable[[], None]:
    return lambda: None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event that goes on, and the rules that did not tell of it yet."""

    event: SoundEvent
    rules: frozenset[int]
    raised: bool


class Alerts:
    """
    Goes by the rules. A context manager.

    Of an event that began each rule tells once in its hold time, and never in its quiet
    hours: to its webhook, and (once for all rules) as `AlertRaised` to pages and brokers.
    An event that still goes on when these are over is told then: a sender that was lost
    a minute before the quiet hours end, for instance.
    """

    def __init__(
        self,
        bus: EventBus,
        rules: Sequence[AlertRule],
        *,
        post: Callable[[str, SoundEvent], None] = lambda address, event: None,
        require: Require = no_analysis,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = datetime.now,
        look_again_s: float = LOOK_AGAIN_S,
    ) -> None:
        """``post`` sends an event to an address, and does not wait for it."""
        self._bus = bus
        self._rules = tuple(rules)
        self._post = post
        self._require = require
        self._clock = clock
        self._now = now
        self._look_again_s = look_again_s
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        """By the id of the event."""
        self._timer: asyncio.TimerHandle | None = None
        self._told_at: OrderedDict[tuple[int, str, SoundEventKind], float] = (
            OrderedDict()
        )
        self._leave: list[Callable[[], None]] = []
        self.recent: deque[SoundEvent] = deque(maxlen=MAX_RECENT)
        """The newest last."""
        self.raised = 0
        self.held = 0
        """Not told at once, because of a hold time or of quiet hours."""

    def __enter__(self) -> "Alerts":
        self._leave = [self._bus.subscribe(SoundNoticed, self._noticed)]
        for rule in self._rules:
            if rule.kinds - WITHOUT_ANALYSIS:
                for slug in rule.streams:
                    name = None if slug == EVERY_STREAM else slug
                    self._leave.append(self._require(name))
        return self

    def __exit__(self, *_: object) -> None:
        for leave in self._leave:
            leave()
        if self._timer is not None:
            self._timer.cancel()

    def watches(self, stream: str, kind: SoundEventKind) -> bool:
        """Tell whether any rule is about this."""
        return any(rule.is_about(stream, kind) for rule in self._rules)

    def named(self, kind: SoundEventKind) -> frozenset[str]:
        """Return the slugs that rules name for this; ``*`` names none."""
        rules = [rule for rule in self._rules if kind in rule.kinds]
        return frozenset[str]().union(*(r.streams for r in rules)) - {EVERY_STREAM}

    def _noticed(self, noticed: SoundNoticed) -> None:
        event = noticed.event
        if event.ended_at is not None:
            self._waiting.pop(event.id, None)
            return
        numbers = frozenset(
            number
            for number, rule in enumerate(self._rules)
            if rule.is_about(event.stream, event.kind)
        )
        waiting = self._tell(_Waiting(event, numbers, raised=False))
        self.held += len(waiting.rules)
        self._keep(waiting)

    def _tell(self, waiting: _Waiting) -> _Waiting:
        """Tell by those rules that may; return what is left to tell."""
        event, now = waiting.event, self._clock()
        may = {n for n in waiting.rules if self._may_tell(n, event, now)}
        for number in may:
            self._remember((number, event.stream, event.kind), now)
            webhook = self._rules[number].webhook
            if webhook is not None:
                self._post(webhook, event)
        if may and not waiting.raised:
            self.raised += 1
            self.recent.append(event)
            self._bus.publish(AlertRaised(event))
        return _Waiting(event, waiting.rules - may, waiting.raised or bool(may))

    def _may_tell(self, number: int, event: SoundEvent, now: float) -> bool:
        rule = self._rules[number]
        last = self._told_at.get((number, event.stream, event.kind))
        is_held = last is not None and now - last < rule.hold_s
        return not (is_held or rule.is_quiet(self._now().time()))

    def _remember(self, key: tuple[int, str, SoundEventKind], now: float) -> None:
        self._told_at[key] = now
        self._told_at.move_to_end(key)
        if len(self._told_at) > MAX_HELD:
            self._told_at.popitem(last=False)

    def _keep(self, waiting: _Waiting) -> None:
        if not waiting.rules:
            return
        self._waiting[waiting.event.id] = waiting
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popitem(last=False)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._look_again_s, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        waited, self._waiting = self._waiting, OrderedDict()
        for waiting in waited.values():
            self._keep(self._tell(waiting))
