"""The parts that understand what is heard, opened and put together."""

from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass

from relay.consumers.analysis import Analysis
from relay.consumers.analysis_engine import EngineSettings
from relay.consumers.analysis_here import AnalysisHere
from relay.consumers.analysis_modes import AnalysisModes
from relay.consumers.analysis_process import AnalysisProcess
from relay.settings import Settings
from relay.web.analysis_api import AnalysisApi
from relay.web.analysis_readings import check_of, readings_of
from relay.web.feature_feed import FeatureFeeds
from relay.web.health import Check
from relay.web.media import Media
from relay.web.metrics import Reading
from relay.web.roll import Roll
from relay.wiring.sound import Sound

MAX_STREAMS = 256
"""Room in the process; what comes beyond it is not analysed."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """The analysis, and the two places in which it goes on."""

    analysis: Analysis
    here: AnalysisHere
    process: AnalysisProcess

    def api(self, media: Media, roll: Roll) -> AnalysisApi:
        return AnalysisApi(self.analysis, FeatureFeeds(media, roll))

    def check(self) -> Check:
        return check_of(self.analysis, self.process)

    def readings(self, api: AnalysisApi) -> list[Reading]:
        return readings_of(self.analysis, self.here, self.process, api.feeds)


async def open_analysis(
    settings: Settings, sound: Sound, stack: AsyncExitStack
) -> Understanding:
    """Begin to analyse what is to be analysed always."""
    wanted = settings.analysis
    engine = EngineSettings(
        detector=wanted.detector,
        threshold_dbfs=wanted.threshold_dbfs,
        in_silence=wanted.in_silence,
        capacity=MAX_STREAMS,
        traced=wanted.otlp_endpoint is not None,
        noise_dbfs=wanted.noise_dbfs,
        silence_after_s=wanted.silence_after_s,
    )
    here = AnalysisHere(sound.decoders, engine)
    process = await stack.enter_async_context(AnalysisProcess(asdict(engine)))
    modes = AnalysisModes(wanted, settings.data_dir)
    if wanted.otlp_endpoint is not None:
        from relay.adapters.otlp import Traces

        traces = Traces(wanted.otlp_endpoint, sound.relay.events)
        await stack.enter_async_context(traces)
    analysis = Analysis(sound.relay, modes, here, process)
    await stack.enter_async_context(analysis)
    return Understanding(analysis, here, process)
