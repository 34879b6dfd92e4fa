"""What is wrong with an Earshot, told where Home Assistant lists what to repair."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.loader import async_get_integration

from .client import EarshotError
from .const import DOCS, DOMAIN
from .house import House

if TYPE_CHECKING:
    from . import EarshotConfigEntry

AGAIN = timedelta(hours=6)
WARN_DAYS = 7
"""An own certificate is renewed long before; one that comes so close is somebody else's."""
KINDS = ("audio_port", "certificate", "version")


class Checkup:
    """One look after every connect, and every six hours. `end` takes its issues back."""

    def __init__(
        self, hass: HomeAssistant, entry: "EarshotConfigEntry", house: House
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._house = house
        self._task: asyncio.Task[None] | None = None
        self._stop: CALLBACK_TYPE = async_track_time_interval(hass, self._again, AGAIN)

    @callback
    def begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = self._entry.async_create_background_task(
                self._hass, self._look(), "check Earshot"
            )

    @callback
    def end(self) -> None:
        self._stop()
        for kind in KINDS:
            ir.async_delete_issue(self._hass, DOMAIN, self._id(kind))

    @callback
    def _again(self, _: datetime) -> None:
        if self._house.connected:
            self.begin()

    async def _look(self) -> None:
        client = self._house.client
        try:
            about, tls = await client.about(), await client.tls()
        except EarshotError:
            return  # it is gone: its entities say so
        own = str((await async_get_integration(self._hass, DOMAIN)).version)
        self._report(
            "version",
            _series(own) != _series(about.version),
            {"integration": own, "server": about.version},
        )
        self._report(
            "audio_port",
            not await client.reaches(f"{about.sound}/health"),
            {"address": about.sound},
        )
        days, problem = tls.get("days_left"), tls.get("problem")
        ending = days is not None and days < WARN_DAYS
        self._report(
            "certificate",
            bool(problem) or ending,
            {"problem": problem or f"{days} days left"},
        )

    def _report(self, kind: str, wrong: bool, words: dict[str, str]) -> None:
        if not wrong:
            ir.async_delete_issue(self._hass, DOMAIN, self._id(kind))
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._id(kind),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            learn_more_url=DOCS,
            translation_key=kind,
            translation_placeholders={"name": self._entry.title, **words},
        )

    def _id(self, kind: str) -> str:
        return f"{kind}_{self._entry.entry_id}"


def _series(version: str) -> list[str]:
    """Return what has to be equal: the first two numbers."""
    return version.split(".")[:2]
