"""How somebody adds an Earshot: found by itself, or by its address."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_CODE, CONF_HOST, CONF_PORT, CONF_TOKEN
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .client import CannotConnect, EarshotClient, EarshotError, NotEarshot
from .const import DEFAULT_PORT, DOMAIN

TITLE = "Earshot"
APP_HOST = "127.0.0.1"
"""Where the app says that it is: it shares the network of Home Assistant."""
PORT = probatio.All(probatio.Coerce(int), probatio.Range(1, 65535))


class EarshotConfigFlow(ConfigFlow, domain=DOMAIN):
    """Every way ends in `_enter`: with a token if the house asks everybody for one."""

    VERSION = 1

    def __init__(self) -> None:
        self._data: dict[str, Any] = {}
        self._title = TITLE

    # --- by hand ------------------------------------------------------------------------

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        return await self._by_address("user", user_input, {CONF_PORT: DEFAULT_PORT})

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        known = self._get_reconfigure_entry().data
        return await self._by_address("reconfigure", user_input, known)

    async def _by_address(
        self, step: str, user_input: dict[str, Any] | None, shown: Mapping[str, Any]
    ) -> ConfigFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            shown = user_input
            self._data = self._known_token() | user_input
            try:
                about = await self._client().about()
                # Two may be set up at once; the one that is further goes on.
                await self.async_set_unique_id(about.id, raise_on_progress=False)
            except NotEarshot:
                errors["base"] = "not_earshot"
            except EarshotError:
                errors["base"] = "cannot_connect"
            else:
                if self.source == SOURCE_RECONFIGURE:
                    self._abort_if_unique_id_mismatch(reason="another_earshot")
                else:
                    self._abort_if_unique_id_configured(updates=self._data)
                return await self._enter()
        schema = probatio.Schema(
            {
                probatio.Required(CONF_HOST): str,
                probatio.Required(CONF_PORT): PORT,
            }
        )
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
        )

    # --- found --------------------------------------------------------------------------

    async def async_step_hassio(
        self, discovery_info: HassioServiceInfo
    ) -> ConfigFlowResult:
        """The app on this machine; it may bring its token along."""
        told = discovery_info.config
        await self.async_set_unique_id(told["id"], raise_on_progress=False)
        # What the LAN said of the same one, without a token, is not asked about as well.
        for flow in self._async_in_progress(include_uninitialized=True):
            if flow["context"].get("unique_id") == told["id"]:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
        return await self._found(
            told["id"],
            {
                key: told[key]
                for key in (CONF_HOST, CONF_PORT, CONF_TOKEN)
                if key in told
            },
        )

    async def async_step_zeroconf(
        self, discovery_info: ZeroconfServiceInfo
    ) -> ConfigFlowResult:
        """One in the home network, which need not be an app."""
        server_id = discovery_info.properties.get("id")
        if not server_id or not discovery_info.port:
            return self.async_abort(reason="not_earshot")
        self._title = discovery_info.name.partition("._")[0]
        known = await self.async_set_unique_id(server_id)
        if known is not None and known.data[CONF_HOST] == APP_HOST:
            # The app's own word about where it is is better.
            return self.async_abort(reason="already_configured")
        where = {CONF_HOST: discovery_info.host, CONF_PORT: discovery_info.port}
        return await self._found(server_id, where)

    async def _found(self, server_id: str, data: dict[str, Any]) -> ConfigFlowResult:
        await self.async_set_unique_id(server_id)
        self._abort_if_unique_id_configured(updates=data)
        self._data = data
        try:
            if (await self._client().about()).id != server_id:
                return self.async_abort(reason="not_earshot")
        except EarshotError:
            return self.async_abort(reason="cannot_connect")
        self.context["title_placeholders"] = {"name": self._title}
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        if user_input is not None:
            return await self._enter()
        self._set_confirm_only()
        return self.async_show_form(
            step_id="confirm", description_placeholders={"name": self._title}
        )

    # --- to be let in -------------------------------------------------------------------

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        self._data = {key: entry_data[key] for key in (CONF_HOST, CONF_PORT)}
        return await self.async_step_pair()

    async def async_step_pair(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a code from the page "Devices"."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                token = await self._client().pair(user_input[CONF_CODE])
            except CannotConnect:
                errors["base"] = "cannot_connect"
            except EarshotError as error:
                wrong = error.code == "wrong_code"
                errors["base"] = "wrong_code" if wrong else "not_let_in"
            else:
                self._data[CONF_TOKEN] = token
                return await self._enter()
        return self.async_show_form(
            step_id="pair",
            data_schema=probatio.Schema({probatio.Required(CONF_CODE): str}),
            description_placeholders={"page": f"{self._client().url}devices.html"},
            errors=errors,
        )

    async def _enter(self) -> ConfigFlowResult:
        try:
            if not await self._client().may_listen():
                self._data.pop(CONF_TOKEN, None)
                return await self.async_step_pair()
        except EarshotError:
            return self.async_abort(reason="cannot_connect")
        if self.source == SOURCE_REAUTH:
            return self.async_update_reload_and_abort(
                self._get_reauth_entry(), data_updates=self._data
            )
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(
                self._get_reconfigure_entry(), data_updates=self._data
            )
        return self.async_create_entry(title=self._title, data=self._data)

    def _known_token(self) -> dict[str, Any]:
        if self.source != SOURCE_RECONFIGURE:
            return {}
        known = self._get_reconfigure_entry().data
        return {CONF_TOKEN: known[CONF_TOKEN]} if CONF_TOKEN in known else {}

    @callback
    def _client(self) -> EarshotClient:
        return EarshotClient(
            async_get_clientsession(self.hass),
            self._data[CONF_HOST],
            self._data[CONF_PORT],
            self._data.get(CONF_TOKEN),
        )
