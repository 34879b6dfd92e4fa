"""What Home Assistant's Supervisor tells an app: where the house's MQTT broker is."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from relay.adapters.mqtt_session import Broker, BrokerFailed

URL = "http://supervisor"
SECONDS = 1.0
NO_SUCH_SERVICE = (400, 404)
"""What it answers as long as no app provides the service."""
TIMEOUT = aiohttp.ClientTimeout(total=10 * SECONDS)


class Supervisor:
    """Asked over HTTP, with the token that every app is given."""

    def __init__(self, token: str, url: str = URL) -> None:
        self._token = token
        self._url = url

    async def broker(self) -> Broker | None:
        """Return the broker that Home Assistant uses, None if it has none. Raises `BrokerFailed`."""
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=TIMEOUT, headers=headers) as session,
                session.get(f"{self._url}/services/mqtt") as answer,
            ):
                if answer.status in NO_SUCH_SERVICE:
                    return None
                answer.raise_for_status()
                return _broker(await answer.json())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BrokerFailed(
                f"the Supervisor does not say where the broker is ({type(error).__name__})"
            ) from None


def _broker(answer: Any) -> Broker:
    """Raises `ValueError`."""
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, Mapping):
        raise ValueError("no data")
    host, port = data.get("host"), data.get("port")
    if not isinstance(host, str) or not isinstance(port, int):
        raise ValueError("no address")
    return Broker(
        host,
        port,
        username=data.get("username") or None,
        password=data.get("password") or None,
        tls=bool(data.get("ssl")),
    )
