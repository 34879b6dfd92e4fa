"""How the analysis is, for whoever asks: its health, and its numbers."""

from relay.consumers.analysis import Analysis
from relay.consumers.analysis_here import AnalysisHere
from relay.consumers.analysis_process import AnalysisProcess
from relay.web.feature_feed import FeatureFeeds
from relay.web.health import Check, PartState
from relay.web.metrics import Reading


def check_of(analysis: Analysis, process: AnalysisProcess) -> Check:
    """A process that died is started again, and no reason to call the server unwell."""

    def check() -> PartState:
        return PartState(
            process.alive,
            {
                "streams": analysis.analysed,
                "process": process.pid,
                "streams_in_process": process.streams,
                "streams_refused": process.streams_refused,
                "starts": process.starts,
                "deaths": process.deaths,
                "packets_waiting": process.waiting,
                "packets_dropped": process.packets_dropped,
                "frames_skipped": process.frames["skipped"],
            },
        )

    return check


def readings_of(
    analysis: Analysis,
    here: AnalysisHere,
    process: AnalysisProcess,
    feeds: FeatureFeeds,
) -> list[Reading]:
    return [
        Reading(
            "voice_analysed_streams",
            "Streams that are being analysed",
            lambda: analysis.analysed,
        ),
        Reading(
            "voice_vad_speech_ratio",
            "The share of the newest second in which somebody speaks, over all analysed streams",
            lambda: analysis.speech_ratio,
        ),
        Reading(
            "voice_analysis_frames_total",
            "Pieces of 20 ms for the analysis, by what became of them",
            lambda: {
                "full": here.frames["full"] + process.frames["full"],
                "silent": here.frames["silent"] + process.frames["silent"],
                "skipped": process.frames["skipped"],
            },
            label="fate",
        ),
        Reading(
            "voice_analysis_packets_dropped_total",
            "Packets that the process of the analysis could not take in time",
            lambda: process.packets_dropped,
        ),
        Reading(
            "voice_analysis_process_starts_total",
            "How often the process of the analysis was started",
            lambda: process.starts,
        ),
        Reading(
            "voice_analysis_process_deaths_total",
            "How often it ended although nobody asked for that",
            lambda: process.deaths,
        ),
        Reading(
            "voice_feature_feeds",
            "Programs that follow features as server-sent events",
            lambda: len(feeds),
        ),
        Reading(
            "voice_feature_events_dropped_total",
            "Events that such programs were too slow for",
            lambda: feeds.dropped,
        ),
    ]
