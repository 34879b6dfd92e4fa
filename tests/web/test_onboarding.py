"""How a device comes to trust the server."""

import asyncio
import json
import plistlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from relay.tls.certificates import Certificates
from relay.tls.server_certificate import fingerprint
from relay.web.access import IngressDoor
from relay.web.onboarding import Onboarding
from relay.web.pages import Pages
from tests.tls.house_keys import DAY, Calendar, keeper, put_foreign
from tests.web.fakes import AllAdminister
from tests.web.house import House


@pytest.fixture
def www(tmp_path: Path) -> Path:
    folder = tmp_path / "www"
    folder.mkdir()
    for name in ("trust", "diagnose", "send"):
        (folder / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>")
    return folder


def onboarding_of(www: Path, certificates: Certificates | None = None) -> Onboarding:
    return Onboarding(Pages(www), certificates, 8080, 8443, lambda: ["192.0.2.7"])


class Nowhere(asyncio.Transport):
    """A connection of which nothing is known."""


def asked(path: str, **headers: str) -> web.Request:
    """Return a request under a name that need not be ours."""
    return make_mocked_request("GET", path, headers=headers, transport=Nowhere())


async def state_of(house: House) -> dict[str, Any]:
    async with house.session.get("/api/tls") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        state: dict[str, Any] = await answer.json()
        return state


async def test_the_authority_is_given_out_without_its_key(tmp_path: Path) -> None:
    """As a certificate, and as a profile for iOS."""
    async with keeper(tmp_path) as certificates, House(certificates=certificates) as h:
        assert certificates.authority is not None
        async with h.session.get("/ca.crt") as answer:
            assert answer.content_type == "application/x-x509-ca-cert"
            body = await answer.read()
        assert x509.load_pem_x509_certificates(body) == [
            certificates.authority.certificate
        ]
        assert b"PRIVATE" not in body
        async with h.session.get("/earshot.mobileconfig") as answer:
            assert answer.content_type == "application/x-apple-aspen-config"
            profile = plistlib.loads(await answer.read())
        assert profile["PayloadContent"][0]["PayloadType"] == "com.apple.security.root"


@pytest.mark.parametrize("path", ["/ca.crt", "/earshot.mobileconfig"])
async def test_nothing_to_install(tmp_path: Path, path: str) -> None:
    """With a certificate that devices trust already, and without https."""
    put_foreign(tmp_path, "earshot.example.org")
    async with (
        keeper(tmp_path) as certificates,
        House(certificates=certificates) as h,
        h.session.get(path) as answer,
    ):
        assert answer.status == 404
    async with House() as h, h.session.get(path) as answer:
        assert answer.status == 404


async def test_how_it_stands(tmp_path: Path) -> None:
    """Fingerprints, names, the end, and where it is."""
    async with keeper(tmp_path) as certificates, House(certificates=certificates) as h:
        state = await state_of(h)
    assert state["https"] is True
    assert state["https_port"] == 8443
    assert state["source"] == "own"
    assert state["host"] == "127.0.0.1"
    assert state["covered"] is True
    assert state["days_left"] == 89
    assert "192.168.1.5" in state["names"]
    assert state["fingerprint"] != state["authority_fingerprint"]
    assert state["problem"] is None
    assert state["pages"]["trust"] == "http://192.0.2.7:8080/trust.html"


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("192.168.1.5:8080", True),
        ("[fd00::5]:8080", True),
        ("PI.local", True),
        ("192.168.1.6:8080", False),
        ("evil.example", False),
        ("[::::", False),
    ],
)
async def test_whether_the_address_that_was_typed_is_covered(
    tmp_path: Path, host: str, covered: bool
) -> None:
    """By name and by address, and nonsense is not."""
    async with keeper(tmp_path) as certificates:
        onboarding = onboarding_of(tmp_path, certificates)
        answer = await onboarding.state(asked("/api/tls", Host=host))
    assert json.loads(answer.text or "")["covered"] is covered


async def test_a_problem_is_told(tmp_path: Path) -> None:
    calendar = Calendar()
    put_foreign(tmp_path, "earshot.example.org", until=calendar.now + DAY)
    async with (
        keeper(tmp_path, now=calendar) as certificates,
        House(certificates=certificates) as h,
    ):
        calendar.now += 2 * DAY
        certificates.look()
        state = await state_of(h)
    assert "has expired" in state["problem"]
    assert state["source"] == "own"


async def test_other_devices_are_led_to_an_address_of_the_certificate(
    tmp_path: Path,
) -> None:
    """Of several; what cannot be is taken as it is."""
    addresses = ["192.0.2.7", "192.168.1.5"]
    async with (
        keeper(tmp_path) as certificates,
        House(certificates=certificates, addresses=addresses) as h,
    ):
        state = await state_of(h)
    assert state["pages"]["send"] == "http://192.168.1.5:8080/send.html"


async def test_an_address_that_was_reached_is_the_one_to_show() -> None:
    """What one device reaches, another does too; an IPv6 address stands in brackets."""
    async with House(addresses=["fd00::5", "127.0.0.1"]) as h:
        state = await state_of(h)
    assert state["pages"]["send"] == "http://127.0.0.1:8080/send.html"
    async with House(addresses=["fd00::5"]) as h:
        state = await state_of(h)
    assert state["pages"]["send"] == "http://[fd00::5]:8080/send.html"


async def test_without_https(house: House) -> None:
    """The page can say so."""
    state = await state_of(house)
    assert state["https"] is False
    assert "fingerprint" not in state


@pytest.mark.parametrize(
    ("origin", "may_read"),
    [
        ("http://192.168.1.5:8080", True),
        ("https://192.168.1.5:8123", True),
        ("http://192.168.1.6:8080", False),
        ("https://evil.example", False),
        ("null", False),
        ("http://[", False),
    ],
)
async def test_the_ping_is_for_pages_of_the_same_host(
    tmp_path: Path, origin: str, may_read: bool
) -> None:
    """On whatever port they came from."""
    request = asked("/api/tls/ping", Host="192.168.1.5:8443", Origin=origin)
    answer = await onboarding_of(tmp_path).ping(request)
    assert json.loads(answer.text or "") == {"earshot": True}
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert allowed == (origin if may_read else None)
    assert answer.headers["Vary"] == "Origin"


async def test_a_qr_code_is_of_a_page_of_ours(house: House) -> None:
    async with house.session.get("/api/qr?page=trust") as answer:
        assert answer.content_type == "image/svg+xml"
        assert b"<svg" in await answer.read()


@pytest.mark.parametrize(
    "query", ["", "?page=", "?page=http://evil.example/", "?page=../../etc/passwd"]
)
async def test_a_qr_code_is_of_nothing_else(house: House, query: str) -> None:
    """Otherwise anybody could make this house show an address of theirs."""
    async with house.session.get(f"/api/qr{query}") as answer:
        assert answer.status == 400
        assert "evil" not in await answer.text()


@pytest.mark.parametrize("path", ["/trust", "/trust.html", "/diagnose.html"])
@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("192.168.1.5:8080", "https://192.168.1.5:8443"),
        ("pi.local", "https://pi.local:8443"),
        ("[fd00::5]:8080", "https://*:8443"),
        ("a;script-src:8080", "https://*:8443"),
    ],
)
async def test_pages_that_check_may_ask_the_https_port(
    www: Path, path: str, host: str, allowed: str
) -> None:
    """Of the host that they came from; whatever that is called, the policy keeps its form."""
    answer = await onboarding_of(www).checking_page(asked(path, Host=host))
    policy = answer.headers["Content-Security-Policy"]
    assert f"connect-src 'self' {allowed};" in policy
    assert policy.count("script-src") == 1


@pytest.mark.parametrize("path", ["/trust", "/trust.html", "/diagnose.html"])
async def test_they_are_found_at_their_addresses(www: Path, path: str) -> None:
    async with House(www=www) as house, house.session.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "https://127.0.0.1:8443" in policy


async def test_other_pages_may_not(www: Path) -> None:
    async with House(www=www) as house, house.session.get("/send.html") as answer:
        assert "8443" not in answer.headers["Content-Security-Policy"]


async def test_two_authorities_overlap(tmp_path: Path) -> None:
    """The next one can be trusted before it takes over; then the old one signs nothing more."""
    door = IngressDoor("127.0.0.1", 0, frozenset({"127.0.0.1"}), AllAdminister())
    async with (
        keeper(tmp_path) as certificates,
        House(certificates=certificates, ingress=door) as h,
    ):
        object.__setattr__(door, "port", h.server.port)
        assert (await state_of(h))["next_authority_fingerprint"] is None
        for method, path in (("GET", "/ca-next.crt"), ("PUT", "/api/tls/authority")):
            async with h.session.request(method, path) as answer:
                assert answer.status == 404
        old = certificates.authority
        async with h.session.post("/api/tls/authority") as answer:
            prepared = await answer.json()
        assert old is not None
        assert old.has_signed(certificates.current.certificate)
        async with h.session.get("/ca-next.crt") as answer:
            (after,) = x509.load_pem_x509_certificates(await answer.read())
        assert fingerprint(after) == prepared["next_authority_fingerprint"]
        async with h.session.get("/earshot-next.mobileconfig") as answer:
            profile = plistlib.loads(await answer.read())
        der = after.public_bytes(serialization.Encoding.DER)
        assert profile["PayloadContent"][0]["PayloadContent"] == der
        async with h.session.put("/api/tls/authority") as answer:
            switched = await answer.json()
        assert switched["authority_fingerprint"] == fingerprint(after)
        assert switched["next_authority_fingerprint"] is None
        assert not old.has_signed(certificates.current.certificate)


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_only_an_admin_changes_the_authority(tmp_path: Path, method: str) -> None:
    async with (
        keeper(tmp_path) as certificates,
        House(certificates=certificates) as h,
        h.session.request(method, "/api/tls/authority") as answer,
    ):
        assert answer.status == 403
        assert certificates.next_authority is None
