"""Who is alerted of what, as the server puts it together."""

import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from relay.errors import SettingsError
from relay.events import SoundNoticed
from relay.features import SoundEvent, SoundEventKind
from relay.wiring.alerts import open_alerts
from relay.wiring.desk import open_roll
from relay.wiring.sound import open_sound
from tests.wiring.settings import settings_in

HOOK = "http://127.0.0.1:1/hook"


async def test_rules_lead_to_pages_and_webhooks(tmp_path: Path) -> None:
    """Who names no webhook does not load what posts to one."""
    for webhook in ({}, {"webhook": HOOK}):
        rules = json.dumps([{"streams": "*", "kinds": "cry", **webhook}])
        settings = settings_in(tmp_path, f"--alerts={rules}")
        async with AsyncExitStack() as stack:
            sound = await open_sound(settings, stack)
            roll = await open_roll(settings, stack)
            alerting = await open_alerts(settings, sound, roll, stack)
            event = SoundEvent("1", SoundEventKind.CRY, "nursery", "stream_1", 1.0)
            sound.relay.events.publish(SoundNoticed(event))
            assert [*alerting.alerts.recent] == [event]
            assert (alerting.webhooks is not None) == bool(webhook)


async def test_rules_that_are_none_are_refused(tmp_path: Path) -> None:
    rules = json.dumps([{"streams": "*", "kinds": "music"}])
    settings = settings_in(tmp_path, f"--alerts={rules}")
    async with AsyncExitStack() as stack:
        sound = await open_sound(settings, stack)
        roll = await open_roll(settings, stack)
        with pytest.raises(SettingsError, match=r"alerts\[0\]"):
            await open_alerts(settings, sound, roll, stack)
