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
FAULTS, MALICE = "tests/e2e/test_faults.py", "tests/e2e/test_malice.py"

STUDIED = {
    *("B1", "B2", "B3", "B4", "B5", "B13", "B14", "B15", "B16", "B17"),
    *("B21", "B22", "B23", "B24"),
}
"""Holes of the sound, of the doors and of the keys: none may be left out below."""

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
            FAULTS: ("test_players_that_come_and_go_leave_nothing",),
        },
    ),
    "B4": (
        "a player that does not read fills the memory",
        {
            AUDIO: ("test_a_player_that_does_not_read_costs_nobody_else_anything",),
            FAULTS: ("test_whoever_stops_to_read_is_dropped_and_nobody_else",),
        },
    ),
    "B5": (
        "an encoder for each player",
        {
            "tests/consumers/test_http_broadcast.py": (
                "test_all_listeners_get_the_same_bytes_objects",
                "test_formats_of_one_address_share_the_decoder",
            ),
            FAULTS: ("test_a_crowd_of_players_costs_one_encoder",),
        },
    ),
    "B13": (
        "peers that are closed or out of reach stay in the table",
        {
            PEER: (
                "test_a_receiver_that_says_goodbye_is_gone_at_once",
                "test_a_client_that_vanishes_loses_its_consent",
            ),
            FAULTS: ("test_receivers_that_vanish_are_gone_soon",),
        },
    ),
    "B14": (
        "a negotiation has no end",
        {
            PEER: (
                "test_a_client_that_never_comes_is_given_up",
                "test_a_client_without_a_way_is_given_up_before_one_without_media",
            ),
            FAULTS: ("test_a_peer_that_gets_nowhere_is_given_up",),
        },
    ),
    "B15": (
        "a traceback for each malformed message, and no answer",
        {
            INPUT: ("test_bad_message", "test_every_message_in_every_state"),
            MALICE: ("test_nonsense_delays_nobody",),
        },
    ),
    "B16": (
        "messages of 4 MiB, and thousands of candidates",
        {
            INPUT: ("test_beyond_every_limit",),
            MALICE: ("test_nonsense_delays_nobody",),
            "tests/signaling/test_client_messages.py": (
                "test_a_bad_message_is_an_error_with_a_code",
            ),
        },
    ),
    "B17": (
        "half requests take all descriptors, and what is no HTTP fills the log",
        {
            "tests/web/test_http_server.py": (
                "test_what_is_no_http",
                "test_who_asks_and_leaves_is_not_worth_a_line",
                "test_half_a_request_is_not_waited_for",
                "test_the_oldest_that_asks_for_nothing_makes_room",
            ),
            "tests/web/test_acceptor.py": (
                "test_it_does_not_try_as_often_as_it_could",
            ),
            FAULTS: ("test_half_requests_keep_nobody_out",),
            MALICE: ("test_without_descriptors_sound_goes_on",),
        },
    ),
    "B21": (
        "keys that others read, an authority for everything, an address that is missing",
        {
            "tests/webrtc/test_certificate.py": ("test_the_certificate_is_kept",),
            "tests/tls/test_secret_file.py": (
                "test_nobody_else_reads_it",
                "test_a_wrong_mode_is_put_right",
            ),
            "tests/tls/test_authority.py": (
                "test_nobody_believes_it_about_others",
                "test_there_is_no_authority_below_it",
            ),
            "tests/tls/test_own_certificate.py": (
                "test_it_is_for_all_names",
                "test_another_address_makes_another_certificate",
                "test_it_is_renewed_in_time",
            ),
            MALICE: ("test_certificates_change_under_streams",),
        },
    ),
    "B22": (
        "either the panel or the LAN is served, never both",
        {
            SERVER: ("test_ingress", "test_sound_over_https"),
            "tests/tls/test_certificates.py": (
                "test_a_foreign_certificate_comes_first",
            ),
            MALICE: ("test_somebody_new_needs_a_click",),
        },
    ),
    "B23": (
        "an event loop before there is one",
        {
            SERVER: ("test_start",),
            "tests/test_holes.py": ("test_nobody_asks_for_a_loop_that_may_not_run",),
        },
    ),
    "B24": (
        "the page of the authority never gives the authority out",
        {
            "tests/web/test_onboarding.py": (
                "test_the_authority_is_given_out_without_its_key",
            ),
            "tests/e2e/test_trust.py": (
                "test_a_device_that_does_not_trust_it_is_shown_how",
            ),
        },
    ),
    "S1": (
        "a page of a stranger opens a socket, by its name or ours",
        {MALICE: ("test_no_page_of_a_stranger_opens_a_socket",)},
    ),
    "S2": (
        "routes that a page of the web can use",
        {
            ACCESS: ("test_every_route_declares_what_it_needs",),
            DOORS: (
                "test_the_list_of_routes_is_that_of_the_server",
                "test_a_page_of_the_web_gets_nothing_of_the_house",
            ),
            MALICE: ("test_no_page_of_the_web_gets_anything_at_any_route",),
        },
    ),
    "S3": (
        "headers that anybody can write are believed",
        {
            DOORS: ("test_only_proxies_say_from_whom_a_request_is",),
            MALICE: ("test_home_assistants_door_is_for_the_supervisor_alone",),
        },
    ),
    "S4": (
        "an address that was taken back goes on",
        {
            "tests/web/test_signed_address.py": (
                "test_an_altered_one_is_not",
                "test_it_expires",
            ),
            MALICE: ("test_an_address_that_was_taken_back_is_silent_at_once",),
        },
    ),
    "S5": (
        "a pairing code can be guessed",
        {
            "tests/web/test_pairing_desk.py": (
                "test_a_code_cannot_be_guessed",
                "test_many_guesses_at_once_are_no_more",
            ),
            MALICE: ("test_a_pairing_code_cannot_be_guessed",),
        },
    ),
    "S6": (
        "a page of ours in a stranger's frame; markup from names",
        {
            "tests/e2e/test_page_policy.py": (
                "test_a_page_of_another_machine_shows_none_of_ours_inside",
                "test_no_page_makes_markup_of_text",
            ),
            MALICE: ("test_a_browser_shows_nothing_of_the_house_to_a_stranger",),
        },
    ),
    "S7": (
        "a description aims the server at other hosts",
        {
            THIRD: (
                "test_a_description_aims_nothing_at_others",
                "test_sound_goes_to_who_asked_and_not_where_the_description_says",
            ),
            MALICE: ("test_nothing_is_sent_to_hosts_that_did_not_ask",),
        },
    ),
    "S8": (
        "secrets are in logs, numbers and answers",
        {
            "tests/e2e/test_both_modes.py": ("test_secrets_stay_where_they_belong",),
            MALICE: ("test_secrets_are_nowhere_to_be_found",),
        },
    ),
    "S10": (
        "a container that is root, and may write what it likes",
        {
            "tests/test_privileges.py": ("test_root_becomes_the_user_for_good",),
            MALICE: ("test_in_a_container_it_may_write_its_data_and_nothing_else",),
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
            FAULTS: ("test_a_storm_of_one_address_is_felt_by_nobody_else",),
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


def test_no_hole_is_left_out() -> None:
    assert HOLES.keys() >= STUDIED


@pytest.mark.parametrize(
    "file",
    [*ROOT.glob("*.py"), *sorted((ROOT / "relay").rglob("*.py"))],
    ids=lambda file: file.relative_to(ROOT).as_posix(),
)
def test_nobody_asks_for_a_loop_that_may_not_run(file: Path) -> None:
    """Outside of a coroutine that is an error from Python 3.14 on."""
    names = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert not names & {"get_event_loop", "get_event_loop_policy"}
