"""The description of the analysis: when there is one, what it finds, and the alerts."""

from relay.analysis_settings import AnalysisMode
from relay.consumers.findings import WINDOWED
from relay.web import alert_api, analysis_api, feature_feed
from relay.web.openapi_operation import (
    AMOUNT,
    FLAG,
    INSTANT,
    NUMBER_OR_NULL,
    SLUG,
    SOUND_EVENT_KIND,
    TAKING_A_BODY,
    TEXT,
    TEXT_OR_NULL,
    Fields,
    body,
    in_json,
    in_path,
    list_of,
    object_of,
    operation,
)

MODES = [mode.value for mode in AnalysisMode]
NAME = in_path("name", "The slug of a name.", SLUG)

EVENTS = {
    "frame": "Frame",
    "second": "Second",
    "event": "SoundEvent",
    "end": "End",
}
"""Of server-sent events: the name, and the schema of its data."""


def paths() -> Fields:
    return {
        analysis_api.PATH: {
            "get": operation(
                "When streams of a name are analysed",
                in_json("Analysis"),
                parameters=[NAME],
            ),
            "put": _choice(),
        },
        feature_feed.PATH: {"get": _feed()},
        alert_api.PATH: {
            "get": operation("The last alerts, the newest first", in_json("Alerts"))
        },
    }


def _choice() -> Fields:
    return operation(
        "Choose when streams of a name are analysed",
        in_json("Analysis"),
        (*TAKING_A_BODY, "NoRoom", "NotWritten"),
        [NAME],
        requestBody=body(object_of({"mode": {"enum": [*MODES, None]}})),
        description="For admins, and kept over restarts. Null: what the options say.",
    )


def _feed() -> Fields:
    events = ", ".join(f"`{name}` ({schema})" for name, schema in EVENTS.items())
    return operation(
        "What is found in a stream, as it is found",
        {"text/event-stream": {"schema": TEXT}},
        ("NotFollowed", "NoRoom"),
        [in_path("id", "An id, a name, a slug or `latest`.")],
        description="Server-sent events until the stream ends. The data of each is an"
        f" object of the schemas here: {events}. Comments in between keep it alive.",
    )


def schemas() -> Fields:
    spread = dict.fromkeys(
        ("mean", "deviation", "minimum", "maximum", "range"), NUMBER_OR_NULL
    )
    window = {"seconds": AMOUNT, **dict.fromkeys(WINDOWED, object_of(spread))}
    frame = {
        "type": {"const": "features"},
        "stream_id": TEXT,
        "captured_at": INSTANT,
        "processing_ms": {"type": "number"},
        "level_dbfs": {"type": "number"},
        "energy": AMOUNT,
        "pitch_hz": NUMBER_OR_NULL,
        "pitch_confidence": NUMBER_OR_NULL,
        "voiced": FLAG,
        "is_speech": FLAG,
        "window": object_of(window),
    }
    alert = {
        "id": TEXT,
        "kind": SOUND_EVENT_KIND,
        "stream": TEXT,
        "name": TEXT_OR_NULL,
        "began_at": INSTANT,
        "level_dbfs": NUMBER_OR_NULL,
    }
    analysis = {
        "stream": TEXT,
        "mode": {"enum": MODES},
        "analysed": FLAG | {"description": "Whether one is, right now."},
    }
    return {
        "Analysis": object_of(analysis),
        "Frame": object_of(frame),
        "End": object_of({"stream_id": TEXT, "reason": TEXT}),
        "Alerts": object_of({"alerts": list_of(object_of(alert))}),
    }
