"""How an Earshot is added, let in again, and moved."""

from ipaddress import ip_address
from typing import Any

import pytest
from earshot_server import CODE, ID, TOKEN, EarshotServer
from homeassistant import config_entries
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.earshot.const import DOMAIN

NOBODY = {"host": "127.0.0.1", "port": 1}


async def begin(hass: HomeAssistant, source: str, data: Any = None) -> Any:
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": source}, data=data
    )


async def go_on(hass: HomeAssistant, flow: Any, answers: dict[str, Any]) -> Any:
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], answers)
    await hass.async_block_till_done()
    return result


def app(server: EarshotServer, **more: Any) -> HassioServiceInfo:
    told = {**server.where, "id": ID, "addon": "Earshot", **more}
    return HassioServiceInfo(told, "Earshot", "earshot", "uuid")


def on_the_lan(server: EarshotServer, **properties: str) -> ZeroconfServiceInfo:
    return ZeroconfServiceInfo(
        ip_address=ip_address("127.0.0.1"),
        ip_addresses=[ip_address("127.0.0.1")],
        port=server.port,
        hostname="earshot.local.",
        type="_earshot._tcp.local.",
        name="Earshot on attic._earshot._tcp.local.",
        properties=properties,
    )


async def test_by_hand(hass: HomeAssistant, server: EarshotServer) -> None:
    """In a house that is open an address is enough."""
    flow = await begin(hass, config_entries.SOURCE_USER)
    assert flow["type"] is FlowResultType.FORM
    result = await go_on(hass, flow, server.where)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Earshot"
    assert result["data"] == server.where
    assert result["result"].unique_id == ID


async def test_a_wrong_address_can_be_corrected(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    flow = await begin(hass, config_entries.SOURCE_USER)
    result = await go_on(hass, flow, NOBODY)
    assert result["errors"] == {"base": "cannot_connect"}
    result = await go_on(hass, flow, server.where)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_something_else_is_told_from_earshot(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    """It answers, but not to who it is."""
    server.is_earshot = False
    flow = await begin(hass, config_entries.SOURCE_USER)
    result = await go_on(hass, flow, server.where)
    assert result["errors"] == {"base": "not_earshot"}


async def test_one_server_is_added_once(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    flow = await begin(hass, config_entries.SOURCE_USER)
    result = await go_on(hass, flow, server.where)
    assert result["reason"] == "already_configured"


async def test_a_house_of_the_paired_asks_for_a_code(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    """A wrong one can be corrected; the token of the right one is kept."""
    server.paired = True
    flow = await begin(hass, config_entries.SOURCE_USER)
    result = await go_on(hass, flow, server.where)
    assert result["step_id"] == "pair"
    result = await go_on(hass, flow, {"code": "000000"})
    assert result["errors"] == {"base": "wrong_code"}
    result = await go_on(hass, flow, {"code": CODE})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["token"] == TOKEN


async def test_the_app_brings_its_token(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    """So a yes is enough, in a house of the paired too."""
    server.paired = True
    flow = await begin(hass, config_entries.SOURCE_HASSIO, app(server, token=TOKEN))
    assert flow["step_id"] == "confirm"
    result = await go_on(hass, flow, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {**server.where, "token": TOKEN}


async def test_the_app_is_asked_about_once(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    """Though the LAN tells of it too, before or after: its own word has the token."""
    await begin(hass, config_entries.SOURCE_ZEROCONF, on_the_lan(server, id=ID))
    await begin(hass, config_entries.SOURCE_HASSIO, app(server, token=TOKEN))
    again = await begin(hass, config_entries.SOURCE_ZEROCONF, on_the_lan(server, id=ID))
    assert again["reason"] == "already_in_progress"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == config_entries.SOURCE_HASSIO


async def test_the_app_tells_where_it_is_now(
    hass: HomeAssistant, server: EarshotServer, entry: MockConfigEntry
) -> None:
    """At each of its starts; nobody has to do anything."""
    hass.config_entries.async_update_entry(entry, data=NOBODY)
    flow = await begin(hass, config_entries.SOURCE_HASSIO, app(server, token=TOKEN))
    assert flow["reason"] == "already_configured"
    assert entry.data == {**server.where, "token": TOKEN}
    await hass.async_block_till_done()


async def test_found_on_the_lan(hass: HomeAssistant, server: EarshotServer) -> None:
    flow = await begin(hass, config_entries.SOURCE_ZEROCONF, on_the_lan(server, id=ID))
    assert flow["step_id"] == "confirm"
    result = await go_on(hass, flow, {})
    assert result["title"] == "Earshot on attic"
    assert result["data"] == server.where


async def test_the_lan_does_not_overrule_the_app(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    """Its own address is the better one: it is good without a network."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id=ID, data=NOBODY)
    entry.add_to_hass(hass)
    flow = await begin(hass, config_entries.SOURCE_ZEROCONF, on_the_lan(server, id=ID))
    assert flow["reason"] == "already_configured"
    assert entry.data == NOBODY


@pytest.mark.parametrize(
    ("properties", "reason"), [({}, "not_earshot"), ({"id": "another"}, "not_earshot")]
)
async def test_what_is_found_has_to_be_what_it_says(
    hass: HomeAssistant, server: EarshotServer, properties: dict[str, str], reason: str
) -> None:
    found = on_the_lan(server, **properties)
    flow = await begin(hass, config_entries.SOURCE_ZEROCONF, found)
    assert flow["reason"] == reason


async def test_what_is_found_and_gone_is_not_asked_about(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    await server.vanish()
    flow = await begin(hass, config_entries.SOURCE_ZEROCONF, on_the_lan(server, id=ID))
    assert flow["reason"] == "cannot_connect"


async def test_to_be_let_in_again(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """Somebody has required pairing since."""
    server.paired = True
    flow = await loaded.start_reauth_flow(hass)
    assert flow["step_id"] == "pair"
    result = await go_on(hass, flow, {"code": CODE})
    assert result["reason"] == "reauth_successful"
    assert loaded.data["token"] == TOKEN


async def test_to_be_moved(
    hass: HomeAssistant, server: EarshotServer, loaded: MockConfigEntry
) -> None:
    """To a new address of the same server, and to no other one."""
    flow = await loaded.start_reconfigure_flow(hass)
    result = await go_on(hass, flow, NOBODY)
    assert result["errors"] == {"base": "cannot_connect"}
    await server.vanish()
    await server.listen()
    result = await go_on(hass, flow, server.where)
    assert result["reason"] == "reconfigure_successful"
    assert loaded.data == server.where
    server.id = "another"
    flow = await loaded.start_reconfigure_flow(hass)
    result = await go_on(hass, flow, server.where)
    assert result["reason"] == "another_earshot"


async def test_what_goes_before_somebody_says_yes(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    flow = await begin(hass, config_entries.SOURCE_ZEROCONF, on_the_lan(server, id=ID))
    await server.vanish()
    result = await go_on(hass, flow, {})
    assert result["reason"] == "cannot_connect"


async def test_what_goes_while_somebody_types_a_code(
    hass: HomeAssistant, server: EarshotServer
) -> None:
    """The code can be typed again when it is back."""
    server.paired = True
    port = server.port
    flow = await begin(hass, config_entries.SOURCE_USER)
    await go_on(hass, flow, server.where)
    await server.vanish()
    result = await go_on(hass, flow, {"code": CODE})
    assert result["errors"] == {"base": "cannot_connect"}
    await server.listen(port)
    result = await go_on(hass, flow, {"code": CODE})
    assert result["type"] is FlowResultType.CREATE_ENTRY
