"""Who is alerted of what, as the server puts it together."""

import asyncio
import json
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from relay.consumers.dead_man import DeadMan
from relay.errors import SettingsError
from relay.events import SoundNoticed
from relay.features import SoundEvent, SoundEventKind
from relay.hub.identity import StreamName
from relay.wiring.alerts import open_alerts
from relay.wiring.desk import open_roll
from relay.wiring.sound import open_sound
from tests.sound_room import until
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


async def test_whom_the_house_knows_is_missed_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who never was on the air cannot be gone."""
    soon = partial(DeadMan, return_s=0.01)
    monkeypatch.setattr("relay.wiring.alerts.DeadMan", soon)
    rules = json.dumps([{"streams": "Nursery,Hall", "kinds": "lost"}])
    settings = settings_in(tmp_path, f"--alerts={rules}")
    for known in (False, True):
        async with AsyncExitStack() as stack:
            sound = await open_sound(settings, stack)
            roll = await open_roll(settings, stack)
            alerting = await open_alerts(settings, sound, roll, stack)
            if known:
                await until(lambda raised=alerting.alerts.recent: raised)
            await asyncio.sleep(0.05)
            missed = [event.stream for event in alerting.alerts.recent]
            assert missed == (["nursery"] if known else [])
            sound.relay.publish(StreamName.parse("Nursery"))


async def test_rules_that_are_none_are_refused(tmp_path: Path) -> None:
    rules = json.dumps([{"streams": "*", "kinds": "music"}])
    settings = settings_in(tmp_path, f"--alerts={rules}")
    async with AsyncExitStack() as stack:
        sound = await open_sound(settings, stack)
        roll = await open_roll(settings, stack)
        with pytest.raises(SettingsError, match=r"alerts\[0\]"):
            await open_alerts(settings, sound, roll, stack)
