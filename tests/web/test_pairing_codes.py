"""Codes by which somebody who is trusted lets a device in."""

import pytest

from relay.errors import CapacityExceeded, WrongCode
from relay.web.pairing_codes import LIFETIME_S, MAX_OPEN, TRIES, PairingCodes
from relay.web.trust import AT_HOME, EVERYTHING
from tests.web.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def codes(clock: FakeClock) -> PairingCodes:
    return PairingCodes(clock)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_code_is_good_once(codes: PairingCodes) -> None:
    """However it is grouped."""
    code = codes.issue("admin", AT_HOME).code
    assert len(code) == 6
    assert code.isdecimal()
    assert codes.is_open("admin")
    assert codes.redeem(f" {code[:3]} {code[3:]} ") == AT_HOME
    assert not codes.is_open("admin")
    with pytest.raises(WrongCode):
        codes.redeem(code)


def test_a_code_expires(codes: PairingCodes, clock: FakeClock) -> None:
    code = codes.issue("admin", AT_HOME).code
    clock.advance(LIFETIME_S)
    assert not codes.is_open("admin")
    with pytest.raises(WrongCode):
        codes.redeem(code)


def test_five_wrong_ones_make_it_void(codes: PairingCodes) -> None:
    """S5: of a million codes five can be tried in its 120 s, from however many addresses."""
    code = codes.issue("admin", AT_HOME).code
    for _ in range(TRIES):
        assert codes.is_open("admin")
        with pytest.raises(WrongCode):
            codes.redeem(wrong(code))
    assert not codes.is_open("admin")
    with pytest.raises(WrongCode):
        codes.redeem(code)


def test_wrong_ones_count_against_all_that_are_open(codes: PairingCodes) -> None:
    """Else five open codes would give twenty-five tries."""
    open_codes = [codes.issue(str(number), AT_HOME).code for number in range(MAX_OPEN)]
    candidate = next(f"{n:06}" for n in range(99) if f"{n:06}" not in open_codes)
    for _ in range(TRIES):
        with pytest.raises(WrongCode):
            codes.redeem(candidate)
    for code in open_codes:
        with pytest.raises(WrongCode):
            codes.redeem(code)


def test_each_issuer_has_one(codes: PairingCodes, clock: FakeClock) -> None:
    """And together they have five; what is expired does not count."""
    first = codes.issue("admin", AT_HOME).code
    second = codes.issue("admin", EVERYTHING).code
    if first != second:
        with pytest.raises(WrongCode):
            codes.redeem(first)
    for number in range(MAX_OPEN - 1):
        codes.issue(str(number), AT_HOME)
    with pytest.raises(CapacityExceeded):
        codes.issue("one too many", AT_HOME)
    codes.issue("admin", AT_HOME)
    clock.advance(LIFETIME_S)
    codes.issue("one too many", AT_HOME)


def test_the_first_code_makes_an_admin(codes: PairingCodes, clock: FakeClock) -> None:
    """It waits for its owner, and no wrong ones make it void."""
    first = codes.issue_first()
    assert len(first) >= 22
    for _ in range(TRIES + 1):
        for guess in ("000000", first[:-1], first.lower() + "x", "ü", ""):
            with pytest.raises(WrongCode):
                codes.redeem(guess)
    clock.advance(10 * LIFETIME_S)
    assert codes.redeem(first) == EVERYTHING
    with pytest.raises(WrongCode):
        codes.redeem(first)


def test_what_is_no_code_costs_the_open_ones_nothing(codes: PairingCodes) -> None:
    code = codes.issue("admin", AT_HOME).code
    for guess in (
        "",
        "12345",
        "1234567",
        "abcdef",
        "\u0661\u0662\u0663\u0664\u0665\u0666",
    ):
        with pytest.raises(WrongCode):
            codes.redeem(guess)
    assert codes.redeem(code) == AT_HOME
