"""Two links meet at a server, and each is bad on its own."""

import subprocess
from collections.abc import Iterator

import pytest

from bench.impaired_link import ImpairedLink, Impairment, available
from bench.two_legs import TwoLegs, roam

pytestmark = pytest.mark.skipif(available() is not None, reason=str(available()))

ANSWER = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
    here.bind(("0.0.0.0", 9000))
    print("ready", flush=True)
    while True:
        data, address = here.recvfrom(100)
        here.sendto(address[0].encode(), address)
"""
ASK = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
    here.settimeout(0.2)
    for _ in range(5):
        here.sendto(b"?", (sys.argv[1], 9000))
        try:
            print(here.recv(100).decode())
            break
        except TimeoutError:
            pass
"""


@pytest.fixture(scope="module")
def legs() -> Iterator[TwoLegs]:
    with TwoLegs(first_net=246) as legs:
        yield legs


@pytest.fixture
def answering(legs: TwoLegs) -> Iterator[None]:
    """In the middle and at the listener's, somebody says who asked."""
    commands = (legs.server_command, legs.listener.far.command)
    processes = [
        subprocess.Popen(
            command(["python3", "-c", ANSWER]), stdout=subprocess.PIPE, text=True
        )
        for command in commands
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    yield
    for process in processes:
        process.kill()
        process.communicate()


def ask(leg: ImpairedLink, address: str) -> str:
    """Return as whom somebody at a leg's far end is seen; empty: no answer came."""
    command = leg.far.command(["python3", "-c", ASK, address])
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.usefixtures("answering")
def test_both_reach_the_server_and_each_other(legs: TwoLegs):
    """The server by an address on either leg, the listener by way of both."""
    on_speakers, on_listeners = legs.server_addresses
    assert ask(legs.speaker, on_speakers) == legs.speaker.far.address
    assert ask(legs.listener, on_listeners) == legs.listener.far.address
    assert ask(legs.speaker, legs.listener.far.address) == legs.speaker.far.address


@pytest.mark.usefixtures("answering")
def test_a_leg_that_is_cut_leaves_the_other_alone(legs: TwoLegs):
    """Without the server nothing goes from end to end then."""
    on_speakers, on_listeners = legs.server_addresses
    legs.listener.change(Impairment(cut=True))
    try:
        assert ask(legs.listener, on_listeners) == ""
        assert ask(legs.speaker, legs.listener.far.address) == ""
        assert ask(legs.speaker, on_speakers) == legs.speaker.far.address
    finally:
        legs.change(Impairment())


@pytest.mark.usefixtures("answering")
def test_who_roams_is_seen_under_another_address(legs: TwoLegs):
    """And the old one is gone."""
    address = legs.speaker.far.address
    roam(legs.speaker, "10.246.0.9")
    try:
        assert ask(legs.speaker, legs.server_addresses[0]) == "10.246.0.9"
        assert ask(legs.listener, address) == ""
    finally:
        roam(legs.speaker, address)
