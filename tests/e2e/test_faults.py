"""Whatever clients do, nothing of them stays, and nobody else feels it."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.relay_process import RelayProcess
from tests.faults import http_listeners, mp3_crowd, slow_client
from tests.faults.churn import churn
from tests.faults.closing import interrupt_closes
from tests.faults.half_open import no_dtls
from tests.faults.join_leave import join_and_leave
from tests.faults.restart import restart
from tests.faults.row import Row
from tests.faults.shutdown import end_while_streaming
from tests.faults.slowloris import slowloris
from tests.faults.storm import storm
from tests.faults.vanish import vanish

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="counts by Linux's /proc"),
]


# What says as much about the machine that the tests share as about the server.
NOISY = (
    "others told later by",
    "memory meanwhile",
    "health answers after",
    "another client waits longer by",
    "behind in MP3",
    "loop late by",
    "too few",
)


def broken(row: Row) -> list[str]:
    return [failure for failure in row.failures if not failure.startswith(NOISY)]


async def test_receivers_that_join_and_leave_leave_nothing(relay: RelayProcess):
    """In every way there is to leave; a thousand times: `make faults`."""
    assert not (await join_and_leave(relay, 60)).failures


async def test_players_that_come_and_go_leave_nothing(relay: RelayProcess):
    """Whether they close or reset; five hundred: `make faults`."""
    assert not (await http_listeners.come_and_go(relay, 100, watch_s=1)).failures


async def test_whoever_stops_to_read_is_dropped_and_nobody_else(relay: RelayProcess):
    """A player and a WebSocket client, both at the same time."""
    rows = await asyncio.gather(
        http_listeners.stop_reading(relay), slow_client.stop_reading(relay)
    )
    assert [broken(row) for row in rows] == [[], []]


async def test_half_requests_keep_nobody_out():
    """Nor do they stay; a thousand of them, for longer: `make faults`."""
    row = await slowloris(300, seconds=3)
    assert not broken(row)


async def test_a_crowd_of_players_costs_one_encoder(own_relay: RelayProcess):
    """And next to nothing for each of them."""
    assert not broken(await mp3_crowd.grow(own_relay, window_s=2))


async def test_receivers_that_vanish_are_gone_soon(relay: RelayProcess):
    """Two hundred of them: `make faults`."""
    assert not (await vanish(relay, 10)).failures


async def test_a_peer_that_gets_nowhere_is_given_up(relay: RelayProcess):
    """As sender and as receiver, and is told why."""
    assert not (await no_dtls(relay)).failures


async def test_whatever_interrupts_a_close_it_closes():
    """A thousand times: `make faults`."""
    assert not (await interrupt_closes(100)).failures


async def test_pages_hear_again_after_a_restart(own_relay: RelayProcess):
    """All by themselves; twenty of them: `make faults`."""
    assert not (await restart(own_relay, 3)).failures


async def test_a_crowd_at_random_leaves_nothing(own_relay: RelayProcess):
    """Ten minutes, and with clients that vanish without a word: `make churn`."""
    assert not (await churn(own_relay, seconds=6, seed=1)).failures


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_server_in_the_middle_of_everything(
    own_relay: RelayProcess, number: int
):
    """Within two seconds, with exit code 0, and everybody is told."""
    assert not (await end_while_streaming(own_relay, number)).failures


async def test_a_storm_of_one_address_is_felt_by_nobody_else(tmp_path: Path):
    """Two hundred a second; five hundred: `make faults`."""
    relay = await RelayProcess.start(tmp_path, "--trusted-proxies=127.0.0.1")
    try:
        row = await storm(relay, 200, seconds=3)
        failures = [f for f in row.failures if not f.startswith(NOISY)]
        assert not failures
        await relay.stop()
    finally:
        await relay.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a PID namespace")
async def test_a_signal_ends_it_as_the_first_process_too(
    tmp_path: Path, requires_program: Callable[[str], str]
):
    """In a container there is nobody to end a process that does not listen for signals."""
    relay = await RelayProcess.start(
        tmp_path, under=(requires_program("unshare"), "--pid", "--fork", "--kill-child")
    )
    try:
        assert pid_of_its_own(relay) == 1
        assert not (await end_while_streaming(relay, signal.SIGTERM)).failures
    finally:
        await relay.kill()


def pid_of_its_own(relay: RelayProcess) -> int:
    """Return the number that the process has in its own namespace."""
    status = Path(f"/proc/{relay.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("NSpid:")]
    return int(line.split()[-1])
