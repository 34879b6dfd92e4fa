"""What the server was told of analysis."""

from relay.analysis_settings import AnalysisMode, AnalysisSettings
from relay.options import MANIFEST, read_file

DEFAULTS = read_file(MANIFEST)["options"]


def test_without_options_streams_are_analysed_on_demand() -> None:
    """So nobody pays for what nobody wants; the class and the manifest agree."""
    assert AnalysisSettings.from_options(DEFAULTS) == AnalysisSettings()
    assert AnalysisSettings().mode is AnalysisMode.ON_DEMAND


def test_single_names_have_modes_of_their_own() -> None:
    streams = [{"name": "Nursery", "mode": "always"}, {"name": "Attic", "mode": "off"}]
    settings = AnalysisSettings.from_options(DEFAULTS | {"analysis_streams": streams})
    assert settings.streams == (
        ("Nursery", AnalysisMode.ALWAYS),
        ("Attic", AnalysisMode.OFF),
    )
