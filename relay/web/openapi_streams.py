"""The description of the streams that are on the air, and of how they are heard."""

from relay.hub.stream import StreamState
from relay.web.openapi_operation import (
    AMOUNT,
    COUNT,
    FLAG,
    INSTANT,
    NUMBER_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    Fields,
    in_json,
    list_of,
    object_of,
    operation,
    ref,
)
from relay.webrtc.line import Line
from relay.webrtc.outbound import Form


def paths() -> Fields:
    return {
        "/api/streams": {
            "get": operation("Streams that are on the air", in_json("Streams"))
        }
    }


def schemas() -> Fields:
    hearing = {
        **dict.fromkeys(("good", "weak", "bad"), COUNT),
        "worst_loss_percent": AMOUNT,
    }
    reception = {
        "loss_percent": AMOUNT,
        "packets_lost": {"type": "integer"},
        "jitter_ms": AMOUNT,
        "round_trip_ms": NUMBER_OR_NULL,
        "form": {"enum": [form.value for form in Form]},
    }
    stream = {
        "stream_id": TEXT,
        "name": TEXT_OR_NULL,
        "slug": TEXT_OR_NULL,
        "state": {"enum": [state.value for state in StreamState]},
        "muted": FLAG,
        "receivers": COUNT,
        "listeners": COUNT,
        "started_at": INSTANT,
        "hearing": object_of(hearing),
        "muted_by_house": FLAG,
        "gated": FLAG,
        "line": {"enum": [*(line.value for line in Line), None]},
        "lookback_s": COUNT,
        "recorded": FLAG,
        "reception": list_of(ref("Reception")),
    }
    return {
        "Streams": object_of({"streams": list_of(ref("Stream"))}),
        "Stream": object_of(stream),
        "Reception": object_of(reception),
    }
