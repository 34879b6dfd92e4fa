"""Under which addresses other devices reach this server."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from relay.web.home_address import HomeAddress
from relay.web.home_network import HomeNetwork, networks_of
from relay.web.trust import VISITOR, Trust, Visitor

HOME = HomeAddress(8080, 8081, lambda: ["192.168.7.7", "fd00::7"])


def asked(host: str, trust: Trust = Trust.LAN, **headers: str) -> web.Request:
    request = make_mocked_request("GET", "/", headers={"Host": host, **headers})
    request[VISITOR] = Visitor(trust, "192.168.7.9")
    return request


@pytest.mark.parametrize("host", ["192.168.7.8:8080", "earshot.home", "[fd00::8]:8080"])
def test_a_name_that_was_asked_for_is_good_for_others(host: str) -> None:
    """It reached us, so it will reach us again."""
    assert HOME.page(asked(host), "pair.html") == f"http://{host}/pair.html"
    name = host.removesuffix(":8080")
    assert HOME.sound(asked(host), "/p/k/x.mp3") == f"http://{name}:8081/p/k/x.mp3"


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
def test_this_machines_own_names_are_not(host: str) -> None:
    assert HOME.page(asked(host), "pair.html") == "http://192.168.7.7:8080/pair.html"
    assert HOME.sound(asked(host), "/x.mp3") == "http://192.168.7.7:8081/x.mp3"


def test_nor_is_home_assistants() -> None:
    """Behind ingress everything has another path, and asks for a login."""
    request = asked("homeassistant.local:8123", Trust.INGRESS)
    assert HOME.page(request, "pair.html") == "http://192.168.7.7:8080/pair.html"
    assert HOME.sound(request, "/x.mp3") == "http://192.168.7.7:8081/x.mp3"


def test_a_machine_without_a_network_has_its_own_name() -> None:
    alone = HomeAddress(8080, 8081, list)
    assert alone.page(asked("localhost"), "") == "http://localhost:8080/"


def test_a_proxy_tells_of_its_line() -> None:
    """Others cannot: a cookie that is sent over https alone would be lost."""
    proxies = HomeNetwork(proxies=networks_of(["127.0.0.1"], "trusted_proxies"))
    behind = HomeAddress(8080, 8081, list, proxies)
    request = asked("earshot.home", **{"X-Forwarded-Proto": "https"})
    request._transport_peername = ("127.0.0.1", 1)
    assert behind.is_https(request)
    assert behind.page(request, "x") == "https://earshot.home/x"
    assert not HOME.is_https(request)
