"""The numbers of alerts, by the names under which they are published."""

from typing import Protocol

from relay.consumers.alerts import Alerts
from relay.web.metrics import Reading


class WebhookNumbers(Protocol):
    """`relay.adapters.webhooks.Webhooks`."""

    sent: int
    failed: int
    dropped: int


def of_alerts(alerts: Alerts, webhooks: WebhookNumbers | None) -> list[Reading]:
    return [
        Reading(
            "voice_alerts_total",
            "Events that a rule is about, by what became of them",
            lambda: {"raised": alerts.raised, "held": alerts.held},
            label="fate",
        ),
        Reading(
            "voice_webhooks_total",
            "Alerts to webhooks, by what became of them",
            lambda: {
                "sent": webhooks.sent if webhooks else 0,
                "failed": webhooks.failed if webhooks else 0,
                "dropped": webhooks.dropped if webhooks else 0,
            },
            label="fate",
        ),
    ]
