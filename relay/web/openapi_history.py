"""The description of what was measured of the streams."""

from relay.features import FEATURES
from relay.web.history_api import PATH
from relay.web.history_wish import MAX_STEP_S, Form
from relay.web.openapi_operation import (
    AMOUNT,
    COUNT,
    FLAG,
    INSTANT,
    NUMBER_OR_NULL,
    SOME_TEXT,
    SOUND_EVENT_KIND,
    TEXT,
    TEXT_OR_NULL,
    Fields,
    in_json,
    list_of,
    object_of,
    operation,
    query,
    ref,
)

INSTANT_OR_ISO = {"anyOf": [INSTANT, {"type": "string", "format": "date-time"}]}
KEPT = ("HistoryOff", "Away")
"""How it is refused while nothing is kept, or what keeps it is away."""

FORMAT = {"enum": [form.suffix for form in Form]}


def paths() -> Fields:
    return {
        PATH: {"get": _table(), "delete": _deletion()},
        PATH + "/streams": {
            "get": operation(
                "Streams of which there is history", in_json("KnownStreams"), KEPT
            )
        },
        PATH + "/latest": {
            "get": operation(
                "The newest second of each stream", in_json("Latest"), KEPT
            )
        },
    }


def _table() -> Fields:
    names = [feature.name for feature in FEATURES]
    content = in_json("Table")
    for form in Form:
        if form is not Form.JSON:
            content[form.media_type] = {"schema": TEXT | {"format": "binary"}}
    step = (
        "Seconds for each point; without it the server chooses for at most 2000"
        " points, and one second for files."
    )
    parameters = [
        query("stream", "The slug of its name, or its id; all without it.", SOME_TEXT),
        query("session", "The id of one time that it was on the air.", SOME_TEXT),
        query("from", "An hour before the end if missing.", INSTANT_OR_ISO),
        query("to", "Not included; now if missing.", INSTANT_OR_ISO),
        query("step", step, {"type": "integer", "minimum": 1, "maximum": MAX_STEP_S}),
        query(
            "features",
            "Which numbers; all without it.",
            {"type": "array", "items": {"enum": names}, "minItems": 1},
        )
        | {"style": "form", "explode": False},
        query(
            "format",
            "The header Accept says it as well.",
            FORMAT,
        ),
    ]
    return operation(
        "Numbers over time, and what was noticed",
        content,
        ("Wrong", *KEPT, "NotInstalled"),
        parameters,
    )


def _deletion() -> Fields:
    parameters = [
        query("stream", "The slug of its name, or its id.", SOME_TEXT, True),
        query("from", "The first instant.", INSTANT_OR_ISO, True),
        query("to", "Not included.", INSTANT_OR_ISO, True),
    ]
    return operation(
        "Forget what is known of a stream and a time",
        in_json("Deleted"),
        ("Wrong", *KEPT),
        parameters,
        description="For admins. It is noted in the audit log.",
    )


def schemas() -> Fields:
    columns = {
        "type": "object",
        "additionalProperties": list_of(NUMBER_OR_NULL),
        "description": "For each feature an item per time, null where nothing is known.",
    }
    numbers = {
        feature.name: NUMBER_OR_NULL
        | {"description": f"{feature.meaning}{feature.unit and f' ({feature.unit})'}"}
        for feature in FEATURES
    }
    event = {
        "id": TEXT,
        "kind": SOUND_EVENT_KIND,
        "stream": TEXT,
        "session": TEXT,
        "began_at": INSTANT,
        "ended_at": NUMBER_OR_NULL,
        "level_dbfs": NUMBER_OR_NULL,
    }
    table = {
        "stream": TEXT_OR_NULL,
        "session": TEXT_OR_NULL,
        "from": INSTANT,
        "to": AMOUNT,
        "step": {"type": "integer", "minimum": 1},
        "features": list_of(TEXT),
        "times": list_of(INSTANT),
        "streams": list_of(TEXT),
        **dict.fromkeys(("mean", "minimum", "maximum"), columns),
        "events": list_of(ref("SoundEvent")),
    }
    known = {
        "stream": TEXT,
        "name": TEXT_OR_NULL,
        "since": INSTANT,
        "until": INSTANT,
        "sessions": COUNT,
        "live": FLAG,
    }
    second = {"stream": TEXT, "session": TEXT, "captured_at": INSTANT, **numbers}
    return {
        "Table": object_of(table, optional=("streams",)),
        "KnownStreams": object_of(
            {"streams": list_of(object_of(known)), "formats": list_of(FORMAT)}
        ),
        "Latest": object_of({"rows": list_of(ref("Second"))}),
        "Deleted": object_of({"deleted": COUNT}),
        "Second": object_of(second),
        "SoundEvent": object_of(event),
    }
