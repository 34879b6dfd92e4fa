"""Who is alerted of what, opened and put together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from relay.consumers.alert_rule import AlertRule
from relay.consumers.alerts import Alerts, Require, no_analysis
from relay.consumers.dead_man import DeadMan
from relay.features import SoundEvent, SoundEventKind
from relay.settings import Settings
from relay.web.alert_api import AlertApi, fields_of
from relay.web.alert_readings import WebhookNumbers
from relay.web.roll import Roll
from relay.wiring.sound import Sound


@dataclass(frozen=True, slots=True)
class Alerting:
    alerts: Alerts
    api: AlertApi
    webhooks: WebhookNumbers | None


async def open_alerts(
    settings: Settings,
    sound: Sound,
    roll: Roll,
    stack: AsyncExitStack,
    require: Require = no_analysis,
) -> Alerting:
    """Begin to watch what the rules name. Raises `SettingsError` for rules that are none."""
    rules = [
        AlertRule.parse(fields, f"alerts[{number}]")
        for number, fields in enumerate(settings.alerts.rules)
    ]
    name_of = sound.names.text_of
    webhooks = None
    if any(rule.webhook for rule in rules):
        from relay.adapters.webhooks import Webhooks

        webhooks = await stack.enter_async_context(Webhooks())

    def post(address: str, event: SoundEvent) -> None:
        if webhooks is not None:
            webhooks.post(address, fields_of(event, name_of))

    alerts = Alerts(sound.relay.events, rules, post=post, require=require)
    stack.enter_context(alerts)
    # Who never was on the air cannot be gone.
    named = alerts.named(SoundEventKind.LOST)
    expected = {slug for slug in named if name_of(slug) is not None}
    stack.enter_context(DeadMan(sound.relay, alerts.watches, expected=expected))
    return Alerting(alerts, AlertApi(alerts, roll, name_of), webhooks)
