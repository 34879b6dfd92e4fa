"""Names that people give, and the addresses that come of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BadName
from relay.hub.identity import StreamName, new_stream_id, slug_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Nursery", "nursery"),
        ("  Anna's   phone ", "anna-s-phone"),
        ("Küche & Flur", "kuche-flur"),
        ("Straße", "strasse"),
        ("--a__b--", "a-b"),
    ],
)
def test_a_name_becomes_an_address(name: str, slug: str) -> None:
    """The slug is lower case, and everything else becomes single hyphens."""
    assert StreamName.parse(name).slug == slug


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 41, "latest", "Status", "stream_1", "Stream_x", "🎉", "a\x07b"],
)
def test_a_name_that_breaks_a_rule_is_refused(name: str) -> None:
    """Empty, long, reserved, unprintable and unaddressable names are refused."""
    with pytest.raises(BadName):
        StreamName.parse(name)


@given(st.text(max_size=60))
def test_every_slug_is_safe_in_an_address(name: str) -> None:
    """Whatever the name is, its slug holds letters, digits and inner hyphens only."""
    slug = slug_of(name)
    assert all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in slug)
    assert not slug.startswith("-")
    assert not slug.endswith("-")


def test_ids_are_never_used_twice() -> None:
    """Every media session gets an id of its own, in the form that clients know."""
    ids = {new_stream_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(i.startswith("stream_") for i in ids)
