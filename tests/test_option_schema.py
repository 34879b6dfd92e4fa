"""The schema language of config.json."""

from typing import Any

import pytest

from relay.errors import SettingsError
from relay.option_schema import check, is_optional, is_secret


def checked(type_: Any, value: Any) -> Any:
    return check({"key": type_}, {"key": value})[0]["key"]


def fault(type_: Any, value: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        check({"key": type_}, {"key": value})
    return str(caught.value)


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("str", "text", "text"),
        ("str", 1234, "1234"),
        ("str(2,4)", "four", "four"),
        ("bool", True, True),
        ("bool", "false", False),
        ("bool", "On", True),
        ("bool", "0", False),
        ("int", 5, 5),
        ("int", "8081", 8081),
        ("int", 5.0, 5),
        ("int(1,10)", 1, 1),
        ("int(1,10)", "10", 10),
        ("int(,10)", -3, -3),
        ("float", "2.5", 2.5),
        ("float(0.5,)", 0.5, 0.5),
        ("email", "anna@example.org", "anna@example.org"),
        ("url", "http://example.org/x", "http://example.org/x"),
        ("password", "long enough", "long enough"),
        ("port", 1, 1),
        ("port", "65535", 65535),
        (r"match(^\w+-\d+$)", "room-7", "room-7"),
        ("list(64|96)", "96", "96"),
        ("list(64|96)", 96, "96"),
        (["int(1,3)"], ["1", 2], [1, 2]),
        ([], [], []),
        ({"inner": "int"}, {"inner": "7"}, {"inner": 7}),
        ([{"host": "str", "port": "port?"}], [{"host": "a"}], [{"host": "a"}]),
        ({"deep": ["str"]}, {"deep": ["x"]}, {"deep": ["x"]}),
    ],
)
def test_a_value_within_its_type_is_returned_as_the_type_wants_it(
    type_: Any, value: Any, expected: Any
):
    """Text becomes a number or a truth value where one is wanted."""
    type_ = type_ or ["str"]
    result = checked(type_, value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("type_", "value", "allowed"),
    [
        ("str", ["a"], "is not text"),
        ("str", True, "is not text"),
        ("str(2,4)", "a", "2 characters at least"),
        ("str(2,4)", "abcde", "4 characters at most"),
        ("bool", "perhaps", "neither true nor false"),
        ("int", "8o81", "not a whole number"),
        ("int", 1.5, "not a whole number"),
        ("int", True, "not a whole number"),
        ("int(1,10)", "many", "1 to 10"),
        ("int(1,10)", 0, "out of range, 1 to 10"),
        ("int(1,10)", 11, "out of range, 1 to 10"),
        ("int(1,)", 0, "1 or more"),
        ("int(,86400)", 86401, "86400 or less"),
        ("float", "nan", "not a number"),
        ("float", "inf", "not a number"),
        ("float", [], "not a number"),
        ("float(0.5,1.5)", 1.6, "0.5 to 1.5"),
        ("email", "anna", "not an e-mail address"),
        ("url", "example.org", "not a URL"),
        ("port", 0, "1 to 65535"),
        ("port", 65536, "1 to 65535"),
        ("port", "http", "1 to 65535"),
        ("match(^a+$)", "b", "does not match ^a+$"),
        ("list(text|json)", "xml", "text, json"),
        (["str"], "a", "is not a list"),
        ({"inner": "str"}, "a", "is not an object"),
    ],
)
def test_a_value_outside_its_type_is_refused(type_: Any, value: Any, allowed: str):
    """The error names the key, the value and what is allowed."""
    text = fault(type_, value)
    assert text.startswith("key: ")
    assert repr(value) in text
    assert allowed in text


def test_a_fault_inside_is_named_by_its_path():
    """Whoever reads the error finds the place."""
    assert fault([{"port": "port"}], [{"port": 1}, {"port": 0}]).startswith(
        "key[1].port: 0 "
    )


def test_a_missing_option_is_named():
    """What is neither optional nor given stops the start; null counts as not given."""
    with pytest.raises(SettingsError, match=r"^a: is missing$"):
        check({"a": "str"}, {})
    with pytest.raises(SettingsError, match=r"^a\.b: is missing$"):
        check({"a": {"b": "int"}}, {"a": {"b": None}})


@pytest.mark.parametrize("type_", ["str?", "int(1,2)?", ["str?"], "list(a|b)?"])
def test_an_optional_option_may_be_absent(type_: Any):
    """The question mark says so; in a list it stands behind the elements' type."""
    assert is_optional(type_)
    assert check({"a": type_}, {"a": None}) == ({}, [])


def test_unknown_keys_are_left_out_and_reported():
    """Nobody loses a start over an option of another version, and nobody a typo."""
    values, unknown = check(
        {"a": "int", "b": {"c": "int"}}, {"a": 1, "x": 2, "b": {"c": 3, "y": 4}}
    )
    assert values == {"a": 1, "b": {"c": 3}}
    assert unknown == ["x", "b.y"]


@pytest.mark.parametrize("type_", ["password(8,)", ["password"], {"inner": "password"}])
def test_a_secret_is_never_shown(type_: Any):
    """Not even in the error about it."""
    assert is_secret(type_)
    secret = {"inner": "hush"} if isinstance(type_, dict) else "hush"
    value = {"inner": [secret]} if isinstance(type_, dict) else secret
    assert "hush" not in fault(type_, value)


@pytest.mark.parametrize("type_", ["device", "strr", "int(1", ""])
def test_an_unknown_type_is_an_error_of_the_schema(type_: str):
    """A slip in config.json is not mistaken for a slip of its user."""
    assert "unknown type" in fault(type_, "x")
