"""Whatever strangers do on purpose, the house stays closed and nobody notices; longer: `make faults`."""

import os
import sys
from collections.abc import Awaitable, Callable

import pytest

from bench.not_measured import NotMeasured
from tests.e2e.relay_process import RelayProcess
from tests.e2e.test_faults import broken
from tests.faults.bad_datagrams import bombard
from tests.faults.bad_messages import OPTIONS, nonsense
from tests.faults.canaries import tell_secrets
from tests.faults.catalogue import on_a_server
from tests.faults.certificate_changes import change
from tests.faults.code_guesses import guess
from tests.faults.container import contain
from tests.faults.cross_site import cross_site
from tests.faults.fd_exhaustion import exhaust
from tests.faults.hijack import hijack
from tests.faults.ingress import forge
from tests.faults.newcomer import arrive
from tests.faults.row import Row
from tests.faults.stale_address import replay
from tests.faults.stranger_page import intrude
from tests.faults.third_hosts import aim

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's namespaces"),
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root"),
]


async def assert_held(fault: Callable[[], Awaitable[Row]]) -> None:
    """Measure a row; skip what this machine has no program for."""
    try:
        row = await fault()
    except NotMeasured as missing:
        pytest.skip(str(missing))
    print(row)
    assert not broken(row)


async def test_no_page_of_a_stranger_opens_a_socket():
    await assert_held(hijack)


async def test_no_page_of_the_web_gets_anything_at_any_route():
    await assert_held(cross_site)


async def test_home_assistants_door_is_for_the_supervisor_alone():
    await assert_held(forge)


async def test_an_address_that_was_taken_back_is_silent_at_once():
    await assert_held(on_a_server(replay, "--access=paired"))


async def test_a_pairing_code_cannot_be_guessed():
    await assert_held(lambda: guess(2))


async def test_a_browser_shows_nothing_of_the_house_to_a_stranger():
    await assert_held(intrude)


async def test_nothing_is_sent_to_hosts_that_did_not_ask():
    await assert_held(aim)


async def test_secrets_are_nowhere_to_be_found():
    await assert_held(tell_secrets)


async def test_certificates_change_under_streams():
    await assert_held(change)


async def test_in_a_container_it_may_write_its_data_and_nothing_else():
    await assert_held(contain)


async def test_somebody_new_needs_a_click():
    await assert_held(arrive)


async def test_nonsense_delays_nobody():
    await assert_held(on_a_server(nonsense, *OPTIONS))


async def test_malformed_datagrams_cost_no_packet(own_relay: RelayProcess):
    await assert_held(lambda: bombard(own_relay, 5000))


async def test_without_descriptors_sound_goes_on(own_relay: RelayProcess):
    await assert_held(lambda: exhaust(own_relay, 2))
