"""What stands in the address of a question to the history."""

from typing import Any

import pytest

from relay.errors import BadRequest
from relay.features import FEATURE_NAMES
from relay.web.history_wish import DAY, HOUR, MAX_POINTS, Form, HistoryWish

NOW = 1_800_000_000.0


def wish(accept: str = "*/*", **parameters: str) -> HistoryWish:
    named = {name.rstrip("_"): value for name, value in parameters.items()}
    return HistoryWish.read(named, accept, NOW)


def test_without_a_wish_it_is_the_last_hour():
    """Of all streams, with all numbers, for a page."""
    query = wish().query(streams=1)
    assert (query.since, query.until, query.step_s) == (NOW - HOUR, NOW, 2)
    assert query.features == FEATURE_NAMES
    assert (query.stream, query.session) == (None, None)
    assert wish().form is Form.JSON


@pytest.mark.parametrize(
    "text",
    ["1795000000", "1795000000.0", "2026-11-18T11:06:40Z", "2026-11-18T13:06:40+02:00"],
)
def test_times_are_seconds_or_iso_8601(text: str):
    assert wish(from_=text).since == 1_795_000_000


@pytest.mark.parametrize("span", [1, 60, HOUR, DAY, 7 * DAY, 400 * DAY, 20_000 * DAY])
@pytest.mark.parametrize("streams", [1, 3, 100])
def test_the_server_chooses_a_step_that_fits_a_screen(span: int, streams: int):
    """Of all streams together; the span is in it as a whole."""
    query = wish(from_=str(NOW - span), to=str(NOW + 0.5)).query(streams)
    points = (query.until - query.since) / query.step_s * streams
    assert points <= MAX_POINTS
    assert query.since <= NOW - span < query.since + query.step_s
    assert query.until - query.step_s < NOW + 0.5 <= query.until


def test_a_step_of_ones_own_is_kept():
    """As long as the answer is not too much at once; files have no such limit."""
    assert wish(step="7").query(1).step_s == 7
    day = {"from_": str(NOW - DAY), "step": "1"}
    with pytest.raises(BadRequest, match="format=csv"):
        wish(**day).query(1)
    assert wish(**day, format="csv").query(1).step_s == 1


def test_features_are_named_one_after_the_other():
    """Each once, in the order in which they were asked for."""
    chosen = wish(features="pitch_hz, level_dbfs,pitch_hz").features
    assert chosen == ("pitch_hz", "level_dbfs")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/csv", Form.CSV),
        ("text/html, text/csv;q=0.9, */*;q=0.8", Form.CSV),
        ("application/vnd.apache.parquet", Form.PARQUET),
        ("application/vnd.apache.arrow.stream", Form.ARROW),
        ("text/html, */*", Form.JSON),
        ("", Form.JSON),
    ],
)
def test_a_program_may_say_what_it_reads(accept: str, form: Form):
    """The address counts more."""
    assert wish(accept).form is form
    assert wish(accept, format="json").form is Form.JSON


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"from_": "yesterday"}, "from"),
        ({"from_": "nan"}, "from"),
        ({"from_": "-1"}, "from"),
        ({"to": "1e99"}, "to"),
        ({"to": ""}, "to"),
        ({"from_": "10", "to": "10"}, "from"),
        ({"step": "0"}, "step"),
        ({"step": "1.5"}, "step"),
        ({"step": "99999999"}, "step"),
        ({"step": "\u0661"}, "step"),
        ({"features": "loudness"}, "loudness"),
        ({"features": ""}, "feature"),
        ({"format": "xml"}, "format"),
        ({"stream": ""}, "stream"),
        ({"session": "x" * 81}, "session"),
    ],
)
def test_what_is_wrong_is_named(parameters: dict[str, Any], named: str):
    with pytest.raises(BadRequest, match=named):
        wish(**parameters)
