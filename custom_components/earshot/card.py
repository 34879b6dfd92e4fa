"""Earshot's cards among the resources of dashboards, so that nobody has to add them."""

import asyncio
from typing import Any

from homeassistant.components.lovelace import LOVELACE_DATA
from homeassistant.components.lovelace.resources import (
    ResourceStorageCollection,
    ResourceYAMLCollection,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.hass_dict import HassKey

from .const import CARD_PATH, DOCS, DOMAIN
from .house import House

FILE = "earshot-card.js"
ISSUE = "resources_in_yaml"
LASTING = f"{CARD_PATH}/latest/{FILE}"
"""For who lists resources in a file."""

_LOCK: HassKey[asyncio.Lock] = HassKey("earshot_card")

Resources = ResourceStorageCollection | ResourceYAMLCollection


async def async_offer_card(hass: HomeAssistant, house: House) -> None:
    """Register the cards of the first Earshot as they are now. Idempotent."""
    async with hass.data.setdefault(_LOCK, asyncio.Lock()):
        entries = hass.config_entries.async_loaded_entries(DOMAIN)
        first = entries[0].runtime_data if entries else house
        lovelace = hass.data.get(LOVELACE_DATA)
        if lovelace is None or not first.cards:
            return
        resources = lovelace.resources
        if isinstance(resources, ResourceStorageCollection):
            await _keep_one(resources, f"{CARD_PATH}/{first.cards}/{FILE}")
        elif not _ours(resources):
            _ask_for_a_line(hass)


async def async_withdraw_card(hass: HomeAssistant) -> None:
    """Take them back: the last Earshot is gone. Idempotent."""
    async with hass.data.setdefault(_LOCK, asyncio.Lock()):
        ir.async_delete_issue(hass, DOMAIN, ISSUE)
        lovelace = hass.data.get(LOVELACE_DATA)
        if lovelace is not None and isinstance(
            lovelace.resources, ResourceStorageCollection
        ):
            await _keep_one(lovelace.resources, None)


async def _keep_one(resources: ResourceStorageCollection, url: str | None) -> None:
    """Leave one address of ours there, and no other; None: none at all."""
    await resources.async_get_info()  # has them read, if nobody has looked yet
    ours = _ours(resources)
    kept = ours[0] if url and ours else None
    for item in ours:
        if item is not kept:
            await resources.async_delete_item(item["id"])
    if kept is not None and kept["url"] != url:
        await resources.async_update_item(kept["id"], {"url": url})
    elif url and kept is None:
        await resources.async_create_item({"res_type": "module", "url": url})


def _ours(resources: Resources) -> list[dict[str, Any]]:
    """What somebody has added by hand, with another address, stays that person's."""
    items = resources.async_items()
    return [item for item in items if item["url"].startswith(f"{CARD_PATH}/")]


def _ask_for_a_line(hass: HomeAssistant) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        ISSUE,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        learn_more_url=f"{DOCS}#cards-on-a-dashboard",
        translation_key=ISSUE,
        translation_placeholders={"url": LASTING},
    )
