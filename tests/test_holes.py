"""
The holes of the add-on that went before, each with the tests that prove it closed here.

The tests are named, not run: what is checked here is that none of them got lost. The ids
are those of the study of that add-on, and of the rows of its fault list.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ACCESS, DOORS = "tests/web/test_access.py", "tests/web/test_doors.py"
AUDIO = "tests/test_audio_stream_server.py"
PEER, INPUT = "tests/webrtc/test_peer.py", "tests/web/test_bad_input.py"
SERVER, RULES = "tests/test_webrtc_server_relay.py", "tests/web/test_own_audience.py"
THIRD = "tests/webrtc/test_third_hosts.py"

HOLES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "B1": (
        "any web page hears the house",
        {
            ACCESS: (
                "test_a_foreign_page_opens_no_socket",
                "test_a_name_that_is_not_ours_is_misdirected",
                "test_a_foreign_page_reads_nothing",
            ),
            DOORS: ("test_a_page_of_the_web_gets_nothing_of_the_house",),
        },
    ),
    "B2": (
        "the ingress port is open to everybody on the LAN",
        {
            ACCESS: ("test_ingress_is_for_the_supervisor_alone",),
            DOORS: (
                "test_the_ingress_port_is_closed_to_everybody_else",
                "test_nobody_becomes_a_user_of_home_assistant_by_saying_so",
            ),
            SERVER: ("test_ingress",),
        },
    ),
    "B3": (
        "a player that has left leaks for as long as the sender lives",
        {
            AUDIO: (
                "test_a_player_that_leaves_is_gone",
                "test_a_player_that_resets_is_gone",
                "test_500_listeners_come_and_go",
            ),
        },
    ),
    "B4": (
        "a player that does not read fills the memory",
        {AUDIO: ("test_a_player_that_does_not_read_costs_nobody_else_anything",)},
    ),
    "B5": (
        "an encoder for each player",
        {
            "tests/consumers/test_http_broadcast.py": (
                "test_all_listeners_get_the_same_bytes_objects",
                "test_formats_of_one_address_share_the_decoder",
            ),
        },
    ),
    "B13": (
        "peers that are closed or out of reach stay in the table",
        {
            PEER: (
                "test_a_receiver_that_says_goodbye_is_gone_at_once",
                "test_a_client_that_vanishes_loses_its_consent",
            ),
            "tests/e2e/test_faults.py": ("test_receivers_that_vanish_are_gone_soon",),
        },
    ),
    "B14": (
        "a negotiation has no end",
        {
            PEER: (
                "test_a_client_that_never_comes_is_given_up",
                "test_a_client_without_a_way_is_given_up_before_one_without_media",
            ),
            "tests/e2e/test_faults.py": ("test_a_peer_that_gets_nowhere_is_given_up",),
        },
    ),
    "B15": (
        "a traceback for each malformed message, and no answer",
        {INPUT: ("test_bad_message", "test_every_message_in_every_state")},
    ),
    "B16": (
        "messages of 4 MiB, and thousands of candidates",
        {
            INPUT: ("test_beyond_every_limit",),
            "tests/signaling/test_client_messages.py": (
                "test_a_bad_message_is_an_error_with_a_code",
            ),
        },
    ),
    "B17": (
        "bytes that are no HTTP fill the log",
        {"tests/web/test_http_server.py": ("test_what_is_no_http",)},
    ),
    "B21": (
        "a key that others may read",
        {"tests/webrtc/test_certificate.py": ("test_the_certificate_is_kept",)},
    ),
    "B22": (
        "either the panel or the LAN is served, never both",
        {SERVER: ("test_ingress",)},
    ),
    "B23": (
        "an event loop before there is one",
        {SERVER: ("test_start",)},
    ),
    "S2": (
        "routes that a page of the web can use",
        {
            ACCESS: ("test_every_route_declares_what_it_needs",),
            DOORS: (
                "test_the_list_of_routes_is_that_of_the_server",
                "test_a_page_of_the_web_gets_nothing_of_the_house",
            ),
        },
    ),
    "S3": (
        "headers that anybody can write are believed",
        {DOORS: ("test_only_proxies_say_from_whom_a_request_is",)},
    ),
    "S6": (
        "a page of ours in a stranger's frame; markup from names",
        {
            "tests/e2e/test_page_policy.py": (
                "test_a_page_of_another_machine_shows_none_of_ours_inside",
                "test_no_page_makes_markup_of_text",
            ),
        },
    ),
    "S7": (
        "a description aims the server at other hosts",
        {
            THIRD: (
                "test_a_description_aims_nothing_at_others",
                "test_sound_goes_to_who_asked_and_not_where_the_description_says",
            ),
        },
    ),
    "F18": (
        "one address takes the whole server",
        {
            RULES: (
                "test_a_storm_from_one_address",
                "test_one_address_does_not_take_all_sockets",
                "test_one_address_has_so_many_peers",
            ),
            "tests/e2e/test_faults.py": (
                "test_a_storm_of_one_address_is_felt_by_nobody_else",
            ),
        },
    ),
}
"""Id, what was wrong, and the tests by their files."""


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text())
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_has_tests_that_prove_it_closed(hole: str) -> None:
    """Whoever renames or removes one of them comes by here."""
    what, proofs = HOLES[hole]
    assert what
    assert proofs
    for file, names in proofs.items():
        assert names
        assert set(names) <= names_in(file), f"{hole}, {what}: {file}"
