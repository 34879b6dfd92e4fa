"""Tests of relay/web/alert_readings.py: the numbers are those of the parts."""

from relay.consumers.alert_rule import AlertRule
from relay.consumers.alerts import Alerts
from relay.events import EventBus, SoundNoticed
from relay.features import SoundEvent, SoundEventKind
from relay.web.alert_readings import of_alerts


class Webhooks:
    sent, failed, dropped = 3, 2, 1


async def test_alerts_and_webhooks_are_counted() -> None:
    """Without webhooks there are zeros."""
    bus = EventBus()
    rule = AlertRule.parse({"streams": "*", "kinds": "cry"}, "alerts[0]")
    with Alerts(bus, [rule]) as alerts:
        for _ in range(3):
            event = SoundEvent("1", SoundEventKind.CRY, "nursery", "stream_1", 1.0)
            bus.publish(SoundNoticed(event))
        told, sent = (r.read() for r in of_alerts(alerts, Webhooks()))
        assert told == {"raised": 1, "held": 2}
        assert sent == {"sent": 3, "failed": 2, "dropped": 1}
        assert [r.read() for r in of_alerts(alerts, None)][1]["sent"] == 0
