"""What is understood, kept and told of the sound, opened and put together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from relay.settings import Settings
from relay.web.alert_api import AlertApi
from relay.web.alert_readings import of_alerts
from relay.web.analysis_api import AnalysisApi
from relay.web.metrics import Reading
from relay.web.roll import Roll
from relay.wiring.alerts import Alerting, open_alerts
from relay.wiring.analysis import Understanding, open_analysis
from relay.wiring.lookback import Kept, KeptApi, open_kept, readings_of_kept
from relay.wiring.sound import Sound


@dataclass(frozen=True, slots=True)
class Insight:
    """Clips and alerts ask for the analysis that they need."""

    understanding: Understanding
    kept: Kept
    alerting: Alerting

    def readings(self, analysis_api: AnalysisApi) -> list[Reading]:
        return [
            *self.understanding.readings(analysis_api),
            *readings_of_kept(self.kept),
            *of_alerts(self.alerting.alerts, self.alerting.webhooks),
        ]

    def apis(
        self, analysis_api: AnalysisApi
    ) -> tuple[AnalysisApi | KeptApi | AlertApi, ...]:
        """Return the addresses of each part."""
        return (analysis_api, *self.kept.apis, self.alerting.api)


async def open_insight(
    settings: Settings, sound: Sound, roll: Roll, stack: AsyncExitStack
) -> Insight:
    """Begin to understand, to keep and to tell, as far as that is wanted."""
    understanding = await open_analysis(settings, sound, stack)
    require = understanding.analysis.require
    kept = await open_kept(settings, sound, roll, stack, require)
    alerting = await open_alerts(settings, sound, roll, stack, require)
    return Insight(understanding, kept, alerting)
