"""
The schema language of Home Assistant's ``config.json``, so that every way to set an
option is checked by the same rules and answers with the same words.

A type is one of ``str[(min,max)]``, ``password[(min,max)]``, ``bool``,
``int[(min,max)]``, ``float[(min,max)]``, ``email``, ``url``, ``port``,
``match(REGEX)`` or ``list(a|b)``; a ``?`` behind it means that the option may be
absent. A list of one type and an object of types nest.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from relay.errors import SettingsError

Schema = Mapping[str, Any]
"""Option name to type; a type is text, a list with one type, or another `Schema`."""

_TYPE = re.compile(r"(?P<kind>[a-z]+)(?:\((?P<argument>.*)\))?(?P<optional>\?)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_TRUE = frozenset({"1", "true", "yes", "on", "enable"})
_FALSE = frozenset({"0", "false", "no", "off", "disable"})
_LAST_PORT = 65535


def check(
    schema: Schema, options: Mapping[str, Any], path: str = ""
) -> tuple[dict[str, Any], list[str]]:
    """
    Return the options as their types want them, and the keys nobody knows.

    Numbers may be given as text (``"8081"``), as Home Assistant allows. Raises
    `SettingsError` naming the key, what is wrong with its value and what is allowed.
    """
    checked: dict[str, Any] = {}
    unknown = [path + key for key in options if key not in schema]
    for key, type_ in schema.items():
        value = options.get(key)
        if value is None:
            if not is_optional(type_):
                raise SettingsError(f"{path}{key}: is missing")
            continue
        checked[key] = _check_value(type_, value, path + key, unknown)
    return checked, unknown


def is_optional(type_: Any) -> bool:
    """Whether an option may be absent; of a list, its elements' type says so."""
    if isinstance(type_, list):
        return is_optional(type_[0])
    return isinstance(type_, str) and type_.endswith("?")


def is_secret(type_: Any) -> bool:
    """Whether the value, or anything inside it, must not be shown anywhere."""
    if isinstance(type_, list):
        return is_secret(type_[0])
    if isinstance(type_, Mapping):
        return any(is_secret(inner) for inner in type_.values())
    return isinstance(type_, str) and type_.startswith("password")


def _check_value(type_: Any, value: Any, path: str, unknown: list[str]) -> Any:
    if isinstance(type_, list):
        if not isinstance(value, list):
            raise SettingsError(f"{path}: {_shown(type_, value)} is not a list")
        return [
            _check_value(type_[0], element, f"{path}[{index}]", unknown)
            for index, element in enumerate(value)
        ]
    if isinstance(type_, Mapping):
        if not isinstance(value, Mapping):
            raise SettingsError(f"{path}: {_shown(type_, value)} is not an object")
        checked, more_unknown = check(type_, value, f"{path}.")
        unknown += more_unknown
        return checked
    return _check_single(type_, value, path)


def _check_single(type_: str, value: Any, path: str) -> Any:
    parsed = _TYPE.fullmatch(type_)
    if parsed is None or parsed["kind"] not in _KINDS:
        raise SettingsError(f"{path}: the schema has an unknown type {type_!r}")
    try:
        return _KINDS[parsed["kind"]](value, parsed["argument"] or "")
    except ValueError as fault:
        raise SettingsError(f"{path}: {_shown(type_, value)} {fault}") from None


def _shown(type_: Any, value: Any) -> str:
    return "the value" if is_secret(type_) else repr(value)


# Each check returns the value, or raises a ValueError that completes the sentence
# "signaling_port: 0 ...".


def _text(value: Any, argument: str) -> str:
    text = _plain(value)
    low, high = _limits(argument)
    if low is not None and len(text) < low:
        raise ValueError(f"is too short: {low:g} characters at least")
    if high is not None and len(text) > high:
        raise ValueError(f"is too long: {high:g} characters at most")
    return text


def _integer(value: Any, argument: str) -> int:
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError(f"is not a whole number{_range_text(argument)}")
    _check_range(number, argument)
    return number


def _decimal(value: Any, argument: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"is not a number{_range_text(argument)}")
    _check_range(number, argument)
    return number


def _flag(value: Any, _: str) -> bool:
    word = str(value).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("is neither true nor false")
    return word in _TRUE


def _email(value: Any, _: str) -> str:
    if not isinstance(value, str) or not _EMAIL.fullmatch(value):
        raise ValueError("is not an e-mail address")
    return value


def _url(value: Any, _: str) -> str:
    parts = urlsplit(value if isinstance(value, str) else "")
    if not parts.scheme or not parts.netloc:
        raise ValueError("is not a URL such as http://host/path")
    return str(value)


def _port(value: Any, _: str) -> int:
    try:
        return _integer(value, f"1,{_LAST_PORT}")
    except ValueError:
        raise ValueError(f"is not a port number, 1 to {_LAST_PORT}") from None


def _match(value: Any, pattern: str) -> str:
    text = _plain(value)
    if not re.match(pattern, text):
        raise ValueError(f"does not match {pattern}")
    return text


def _choice(value: Any, argument: str) -> str:
    choices = argument.split("|")
    if str(value) not in choices:
        raise ValueError(f"is not one of {', '.join(choices)}")
    return str(value)


_KINDS: dict[str, Callable[[Any, str], Any]] = {
    "str": _text,
    "password": _text,
    "int": _integer,
    "float": _decimal,
    "bool": _flag,
    "email": _email,
    "url": _url,
    "port": _port,
    "match": _match,
    "list": _choice,
}


def _plain(value: Any) -> str:
    """Return text, or a number as text: YAML reads an unquoted 1234 as a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("is not text")
    return str(value)


def _limits(argument: str) -> tuple[float | None, float | None]:
    low, _, high = argument.partition(",")
    return float(low) if low else None, float(high) if high else None


def _check_range(number: float, argument: str) -> None:
    low, high = _limits(argument)
    if (low is not None and number < low) or (high is not None and number > high):
        raise ValueError(f"is out of range{_range_text(argument)}")


def _range_text(argument: str) -> str:
    low, high = _limits(argument)
    if low is not None and high is not None:
        return f", {low:.15g} to {high:.15g}"
    if low is not None:
        return f", {low:.15g} or more"
    if high is not None:
        return f", {high:.15g} or less"
    return ""
