"""Tests of relay/adapters/supervisor.py: a small Supervisor that answers over HTTP."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from relay.adapters.mqtt_session import Broker, BrokerFailed
from relay.adapters.supervisor import Supervisor
from tests.adapters.house import MqttHouse
from tests.adapters.mosquitto import HOST, PASSWORD, USERNAME, Mosquitto, Reader

TOKEN = "token of a test"
SERVICE = {
    "addon": "core_mosquitto",
    "host": "core-mosquitto",
    "port": 1883,
    "ssl": False,
    "username": "addons",
    "password": "secret of the broker",
    "protocol": "3.1.1",
}


class FakeSupervisor:
    """Has the services that a test gives it, for whoever has the token."""

    def __init__(self) -> None:
        self.mqtt: Any = None
        app = web.Application()
        app.router.add_get("/services/mqtt", self._service)
        self.server = TestServer(app)

    async def _service(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"result": "error"}, status=403)
        if self.mqtt is None:
            refusal = {"result": "error", "message": "Service not enabled"}
            return web.json_response(refusal, status=400)
        return web.json_response({"result": "ok", "data": self.mqtt})

    def asked_with(self, token: str) -> Supervisor:
        return Supervisor(token, str(self.server.make_url("")).rstrip("/"))


@pytest_asyncio.fixture
async def supervisor() -> AsyncIterator[FakeSupervisor]:
    fake = FakeSupervisor()
    await fake.server.start_server()
    yield fake
    await fake.server.close()


async def test_the_broker_of_home_assistant(supervisor: FakeSupervisor) -> None:
    """With the user that it made for apps; the password does not show by accident."""
    supervisor.mqtt = SERVICE
    broker = await supervisor.asked_with(TOKEN).broker()
    assert broker == Broker("core-mosquitto", 1883, "addons", "secret of the broker")
    assert "secret" not in repr(broker)


async def test_a_house_without_a_broker_has_none(supervisor: FakeSupervisor) -> None:
    """That is no fault, and may be another one in a minute."""
    asked = supervisor.asked_with(TOKEN)
    assert await asked.broker() is None
    supervisor.mqtt = SERVICE
    assert await asked.broker() is not None


@pytest.mark.parametrize("data", [7, {}, {"host": "a"}, {"host": 1, "port": 1883}])
async def test_an_answer_that_names_no_broker(
    supervisor: FakeSupervisor, data: Any
) -> None:
    """Is a fault that is told."""
    supervisor.mqtt = data
    with pytest.raises(BrokerFailed, match="Supervisor"):
        await supervisor.asked_with(TOKEN).broker()


async def test_a_supervisor_that_refuses(supervisor: FakeSupervisor) -> None:
    """And one that is not there; the token is in neither sentence."""
    with pytest.raises(BrokerFailed, match="Supervisor") as refused:
        await supervisor.asked_with("wrong").broker()
    assert "wrong" not in str(refused.value)
    asked = supervisor.asked_with(TOKEN)
    await supervisor.server.close()
    with pytest.raises(BrokerFailed, match="Supervisor"):
        await asked.broker()


async def test_a_house_finds_its_broker_by_itself(
    supervisor: FakeSupervisor,
    requires_program: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """As soon as Home Assistant has one: nobody has to set anything."""
    program = requires_program("mosquitto")
    login = {"username": USERNAME, "password": PASSWORD}
    async with Mosquitto(program, tmp_path, password=True) as broker:
        find = supervisor.asked_with(TOKEN).broker
        async with MqttHouse(None, find=find) as house:
            await house.until_asked()
            supervisor.mqtt = {**SERVICE, "host": HOST, "port": broker.port, **login}
            async with Reader(broker, **login) as reader:
                await reader.until("earshot/status", "online")
