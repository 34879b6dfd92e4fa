"""Tells those who want to be alerted of what was noticed, and keeps what was told last."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from datetime import datetime

from relay.consumers.alert_rule import EVERY_STREAM, AlertRule
from relay.events import AlertRaised, EventBus, SoundNoticed
from relay.features import SoundEvent, SoundEventKind

MAX_RECENT = 200
MAX_HELD = 5000
"""Rule, stream and kind; beyond it what was told longest ago may be told again."""

WITHOUT_ANALYSIS = frozenset({SoundEventKind.STALLED, SoundEventKind.LOST})
"""What is known of a stream without listening to it."""

Require = Callable[[str | None], Callable[[], None]]
"""Has a stream analysed, None: all; returns what ends that. `Analysis.require`, or nothing."""


def no_analysis(_: str | None) -> Callable[[], None]:
    return lambda: None


class Alerts:
    """
    Goes by the rules. A context manager.

    Of an event that began each rule tells once in its hold time, and never in its quiet
    hours: to its webhook, and (once for all rules) as `AlertRaised` to pages and brokers.
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
    ) -> None:
        """``post`` sends an event to an address, and does not wait for it."""
        self._bus = bus
        self._rules = tuple(rules)
        self._post = post
        self._require = require
        self._clock = clock
        self._now = now
        self._told_at: OrderedDict[tuple[int, str, SoundEventKind], float] = (
            OrderedDict()
        )
        self._leave: list[Callable[[], None]] = []
        self.recent: deque[SoundEvent] = deque(maxlen=MAX_RECENT)
        """The newest last."""
        self.raised = 0
        self.held = 0
        """Not told, because of a hold time or of quiet hours."""

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

    def watches(self, stream: str, kind: SoundEventKind) -> bool:
        """Tell whether any rule is about this."""
        return any(rule.is_about(stream, kind) for rule in self._rules)

    def _noticed(self, noticed: SoundNoticed) -> None:
        event = noticed.event
        if event.ended_at is not None:
            return
        told = [self._tell(*numbered, event) for numbered in enumerate(self._rules)]
        if any(told):
            self.raised += 1
            self.recent.append(event)
            self._bus.publish(AlertRaised(event))

    def _tell(self, number: int, rule: AlertRule, event: SoundEvent) -> bool:
        """Tell by one rule; return whether it was to be told."""
        if not rule.is_about(event.stream, event.kind):
            return False
        key, now = (number, event.stream, event.kind), self._clock()
        last = self._told_at.get(key)
        if rule.is_quiet(self._now().time()) or (
            last is not None and now - last < rule.hold_s
        ):
            self.held += 1
            return False
        self._told_at[key] = now
        self._told_at.move_to_end(key)
        if len(self._told_at) > MAX_HELD:
            self._told_at.popitem(last=False)
        if rule.webhook is not None:
            self._post(rule.webhook, event)
        return True
