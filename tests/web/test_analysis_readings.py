"""How the analysis is, for whoever asks."""

from relay.consumers.analysis_here import AnalysisHere
from relay.consumers.analysis_process import AnalysisProcess
from relay.web.analysis_readings import check_of, readings_of
from relay.web.feature_feed import FeatureFeeds
from tests.web.house import ENGINE, House
from tests.web.tables import check_table


async def test_all_numbers_can_be_read(house: House) -> None:
    process = AnalysisProcess({})
    process.frames["skipped"] = 3
    here = AnalysisHere(house.decoders, ENGINE)
    feeds = FeatureFeeds(house.media, house.roll)
    table = readings_of(house.analysis, here, process, feeds)
    check_table(table)
    frames = {r.name: r.read() for r in table}["voice_analysis_frames_total"]
    assert frames == {"full": 0, "silent": 0, "skipped": 3}


async def test_health_tells_of_the_process(house: House) -> None:
    """It is well while somebody looks after it, whether it is needed or not."""
    process = AnalysisProcess({})
    check = check_of(house.analysis, process)
    assert not check().alive
    async with process:
        state = check()
        assert state.alive
        assert state.details["process"] is None
        assert state.details["deaths"] == 0
