"""The description of sound that is kept: the last minutes, recordings and clips."""

from relay.consumers.sound_files import RECORDING
from relay.web import lookback_api, recording_api
from relay.web.openapi_operation import (
    AMOUNT,
    COUNT,
    FLAG,
    INSTANT,
    SOUND_EVENT_KIND,
    TAKING_A_BODY,
    TEXT,
    Fields,
    body,
    header,
    in_json,
    in_path,
    list_of,
    object_of,
    operation,
    query,
    ref,
)

STREAM = in_path("name", "An id, a name, a slug or `latest`.")
CLIP = in_path("id", "The id of a clip or a recording.")


def paths() -> Fields:
    return {
        lookback_api.PATH: _lookback(),
        recording_api.PATH: _recording(),
        "/api/clips": {"get": _clips()},
        "/api/clips/{id}": {"delete": _deletion()},
        "/clips/{id}.ogg": {"get": _sound()},
    }


def _lookback() -> Fields:
    return {
        "get": operation(
            "Whether the last minutes are kept, and how much there is",
            in_json("Lookback"),
            ("NoStream",),
            [STREAM],
        ),
        "put": operation(
            "Keep the last minutes, or forget them and keep nothing",
            in_json("Lookback"),
            (*TAKING_A_BODY, "NoStream"),
            [STREAM],
            requestBody=body(object_of({"enabled": FLAG})),
            description="For the device that sends the stream, and admins.",
        ),
    }


def _recording() -> Fields:
    return {
        "get": operation(
            "Whether a stream is recorded",
            in_json("Recording"),
            ("NoStream",),
            [STREAM],
        ),
        "post": operation(
            "Record a stream; a recording that goes on already goes on",
            in_json("Recording"),
            ("NoStream", "NoRoom", "NotWritten"),
            [STREAM],
        ),
        "delete": operation(
            "End a recording",
            in_json("Recorded"),
            ("NotRecorded",),
            [STREAM],
            description="For who may hear the stream, and the device that sends it.",
        ),
    }


def _clips() -> Fields:
    stream = query("stream", "A slug, or the id of a stream without a name.", TEXT)
    return operation(
        "Clips and recordings, the newest first", in_json("Clips"), (), [stream]
    )


def _deletion() -> Fields:
    return operation(
        "Delete a clip or a recording",
        in_json("Nothing"),
        ("NoClip", "NotWritten"),
        [CLIP],
        description="For admins. It is noted in the audit log.",
    )


def _sound() -> Fields:
    part = {"type": "string", "pattern": "^bytes=[0-9]{1,9}-$"}
    sound = {"audio/ogg": {"schema": TEXT | {"format": "binary"}}}
    described = operation(
        "The sound of a clip or a recording, Opus in Ogg",
        sound,
        ("NoClip", "OutOfRange"),
        [
            CLIP,
            query("download", "Makes it a file with a name.", {"const": ""}),
            header("Range", "A part of the file.", part),
        ],
    )
    described["responses"]["206"] = {"description": "A part of it.", "content": sound}
    return described


def schemas() -> Fields:
    kinds = [*SOUND_EVENT_KIND["enum"], RECORDING]
    clip = {
        "id": TEXT,
        "stream": TEXT,
        "kind": {"enum": kinds},
        "began_at": INSTANT,
        "duration_s": AMOUNT,
        "bytes": COUNT,
        "address": TEXT | {"description": "Of its sound, as seen from the front page."},
    }
    going = {"recording": FLAG, "began_at": INSTANT, "seconds": AMOUNT, "bytes": COUNT}
    clip_or_null = {"anyOf": [ref("Clip"), {"type": "null"}]}
    return {
        "Lookback": object_of({"enabled": FLAG, "seconds": COUNT, "kept_s": AMOUNT}),
        "Recording": object_of(going, optional=("began_at", "seconds", "bytes")),
        "Recorded": object_of({"clip": clip_or_null}),
        "Clip": object_of(clip),
        "Clips": object_of({"clips": list_of(ref("Clip"))}),
        "Nothing": object_of({}),
    }
