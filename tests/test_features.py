"""The names of what is measured are for people, columns and queries alike."""

import re

from relay.features import FEATURE_NAMES, FEATURES


def test_features_have_names_of_their_own_that_are_columns() -> None:
    """A name is a column of a database and a word in an address."""
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert all(re.fullmatch(r"[a-z][a-z_]{2,29}", name) for name in FEATURE_NAMES)


def test_every_feature_says_what_it_is() -> None:
    """A number without a meaning is not worth keeping."""
    assert all(feature.meaning for feature in FEATURES)
