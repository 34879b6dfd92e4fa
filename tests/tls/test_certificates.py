"""The keeper of the certificate in use."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from relay.errors import SettingsError
from relay.tls.certificates import Certificates
from relay.tls.names import Names
from relay.tls.server_certificate import Source
from tests.tcp_server import tcp_server
from tests.tls.house_keys import (
    DAY,
    HOUSE,
    Calendar,
    keeper,
    put_foreign,
    shown_at,
    trusting,
)

PATIENCE_S = 10.0


@asynccontextmanager
async def echo(context: ssl.SSLContext) -> AsyncIterator[int]:
    """Run a server that says back what it hears; yield its port."""

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async with tcp_server(answer, certificate=context) as port:
        yield port


def der(certificates: Certificates) -> bytes:
    return certificates.current.certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "pi.local"])
async def test_who_trusts_the_authority_trusts_the_server(
    tmp_path: Path, host: str
) -> None:
    """By name and by address, with which clients tell no name."""
    async with keeper(tmp_path) as certificates, echo(certificates.context) as port:
        assert certificates.authority is not None
        shown = await shown_at(port, host, trusting(certificates.authority))
        assert shown == der(certificates)
        state = certificates.state()
        assert certificates.alive
        assert state.source is Source.OWN
        assert state.days_left == 89
        assert "192.168.1.5" in state.names
        assert state.problem is None
    assert not certificates.alive


async def test_who_does_not_trust_it_is_not_fooled(tmp_path: Path) -> None:
    async with keeper(tmp_path) as certificates, echo(certificates.context) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await shown_at(port, "localhost", ssl.create_default_context())


async def test_a_new_certificate_disturbs_nobody(tmp_path: Path) -> None:
    """An open connection goes on; the next one is shown the new certificate."""
    names = HOUSE
    async with (
        keeper(tmp_path, lambda: names) as certificates,
        echo(certificates.context) as port,
    ):
        assert certificates.authority is not None
        client = trusting(certificates.authority)
        before = der(certificates)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname="localhost"
        )
        names = Names.of(["192.168.77.7"], "pi")
        await asyncio.to_thread(certificates.look)
        assert der(certificates) != before
        writer.write(b"still here\n")
        assert await reader.readline() == b"still here\n"
        assert await shown_at(port, "192.168.77.7", client) == der(certificates)
        writer.transport.abort()


async def test_it_looks_by_itself(tmp_path: Path) -> None:
    """Nobody has to restart the server when the router gave it another address."""
    names = HOUSE
    async with keeper(tmp_path, lambda: names, interval_s=0.01) as certificates:
        names = Names.of(["192.168.77.7"], "pi")
        await _until_covered(certificates, "192.168.77.7")


async def _until_covered(certificates: Certificates, host: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not certificates.current.covers(host):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_a_look_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    """As on a full disk: what is in use stays, and the next look may go well."""
    names = HOUSE
    async with keeper(tmp_path, lambda: names, interval_s=0.01) as certificates:
        before = certificates.current
        blocked = tmp_path / "data" / "tls" / "server.partial"
        (blocked / "in the way").mkdir(parents=True)
        names = Names.of(["192.168.77.7"], "pi")
        async with asyncio.timeout(PATIENCE_S):
            while certificates.state().problem is None:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.01)
        assert certificates.current is before
        assert certificates.alive
        (blocked / "in the way").rmdir()
        blocked.rmdir()
        await _until_covered(certificates, "192.168.77.7")


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """At the start that is an error in words."""
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(SettingsError, match="no certificate can be kept"):
        async with keeper(tmp_path):
            pass


async def test_a_foreign_certificate_comes_first(tmp_path: Path) -> None:
    """Devices trust it already; then there is no authority to offer."""
    put_foreign(tmp_path, "earshot.example.org")
    async with keeper(tmp_path) as certificates:
        assert certificates.state().source is Source.FOREIGN
        assert certificates.authority is None
        assert not (tmp_path / "data").exists()


async def test_the_own_one_steps_in_when_the_foreign_one_expires(
    tmp_path: Path,
) -> None:
    """And steps back when that was renewed."""
    calendar = Calendar()
    put_foreign(tmp_path, "earshot.example.org")
    async with keeper(tmp_path, now=calendar) as certificates:
        calendar.now += 61 * DAY
        assert not certificates.alive
        certificates.look()
        state = certificates.state()
        assert state.source is Source.OWN
        assert certificates.alive
        assert state.problem is not None
        assert "has expired" in state.problem
        put_foreign(tmp_path, "earshot.example.org", until=calendar.now + 60 * DAY)
        certificates.look()
        assert certificates.state().source is Source.FOREIGN
        assert certificates.state().problem is None


def test_a_key_of_roots_is_read_before_root_is_given_up(tmp_path: Path) -> None:
    """What was read then is used, though nobody may read it afterwards."""
    put_foreign(tmp_path, "earshot.example.org")
    certificates = keeper(tmp_path)
    certificates.read_foreign()
    key = tmp_path / "house.key"
    key.unlink()
    key.mkdir()
    certificates.look()
    assert certificates.state().source is Source.FOREIGN
    assert certificates.state().problem is not None


def test_a_problem_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not every minute."""
    put_foreign(tmp_path, "somebody.example")
    certificates = keeper(tmp_path)
    for _ in range(3):
        certificates.look()
    assert caplog.text.count("does not name this machine") == 1
