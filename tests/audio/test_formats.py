"""What the formats are called."""

import pytest

from relay.audio.formats import FORMATS, AudioFormat

each_format = pytest.mark.parametrize("audio", FORMATS.values(), ids=FORMATS)


def test_mp3_is_liked_best() -> None:
    """There is no player without it."""
    assert next(iter(FORMATS)) == "mp3"


@each_format
def test_a_type_is_bare(audio: AudioFormat) -> None:
    """No parameter and no capital: some players compare it as a whole."""
    for name in (audio.content_type, *audio.other_types):
        assert name == name.lower().strip()
        assert ";" not in name


def test_no_type_means_two_formats() -> None:
    """So that ``Accept`` decides."""
    names = [n for f in FORMATS.values() for n in (f.content_type, *f.other_types)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("extension", ["ogg", "flac", "wav"])
def test_titles_are_only_where_decoders_find_back(extension: str) -> None:
    """In a container foreign bytes are damage."""
    assert not FORMATS[extension].carries_titles
