"""What the API over HTTP understands and answers, for programs: OpenAPI 3.1."""

from typing import Any

from aiohttp import web

from relay import __version__
from relay.features import FEATURES, SoundEventKind
from relay.web.history_wish import LAST_INSTANT, MAX_STEP_S, MAX_TEXT, Form
from relay.web.json_request import answer_json
from relay.web.trust import Need, needs

PATH = "/api/openapi.json"

Fields = dict[str, Any]

NUMBER_OR_NULL = {"type": ["number", "null"]}
TEXT = {"type": "string"}
INSTANT = {"type": "number", "minimum": 0, "maximum": LAST_INSTANT}
INSTANT_OR_ISO = {"anyOf": [INSTANT, {"type": "string", "format": "date-time"}]}


def add_openapi_route(app: web.Application) -> None:
    app.router.add_get(PATH, _answer)


@needs(Need.NOTHING)
async def _answer(_: web.Request) -> web.Response:
    """The same in every house."""
    return answer_json(description())


def description() -> Fields:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Earshot",
            "version": __version__,
            "description": "What was measured of the streams, and which there are.",
        },
        "paths": {
            "/api/history": {"get": _table(), "delete": _deletion()},
            "/api/history/streams": {
                "get": _operation("Streams of which there is history", "KnownStreams")
            },
            "/api/history/latest": {
                "get": _operation("The newest second of each stream", "Latest")
            },
            "/api/streams": {
                "get": _operation("Streams that are on the air", "Streams", off=False)
            },
        },
        "components": {
            "schemas": _schemas(),
            "responses": _refusals(),
            "securitySchemes": {"device": {"type": "http", "scheme": "bearer"}},
        },
        # With `access: lan` everybody at home may ask; otherwise a device's token is shown.
        "security": [{}, {"device": []}],
    }


def _table() -> Fields:
    operation = _operation("Numbers over time, and what was noticed", "Table")
    files = [form.media_type for form in Form if form is not Form.JSON]
    content = operation["responses"]["200"]["content"]
    for media_type in files:
        content[media_type] = {"schema": {"type": "string", "format": "binary"}}
    operation["responses"]["501"] = {"$ref": "#/components/responses/NotInstalled"}
    names = [feature.name for feature in FEATURES]
    operation["parameters"] = [
        _parameter(
            "stream", "The slug of its name, or its id; all without it.", _text()
        ),
        _parameter("session", "The id of one time that it was on the air.", _text()),
        _parameter("from", "An hour before the end if missing.", INSTANT_OR_ISO),
        _parameter("to", "Not included; now if missing.", INSTANT_OR_ISO),
        _parameter(
            "step",
            "Seconds for each point; without it the server chooses for at most 2000"
            " points, and one second for files.",
            {"type": "integer", "minimum": 1, "maximum": MAX_STEP_S},
        ),
        _parameter(
            "features",
            "Which numbers; all without it.",
            {"type": "array", "items": {"enum": names}, "minItems": 1},
        )
        | {"style": "form", "explode": False},
        _parameter(
            "format",
            "The header Accept says it as well.",
            {"enum": [form.suffix for form in Form]},
        ),
    ]
    return operation


def _deletion() -> Fields:
    operation = _operation("Forget what is known of a stream and a time", "Deleted")
    operation["description"] = "For admins. It is noted in the audit log."
    operation["parameters"] = [
        _parameter("stream", "The slug of its name, or its id.", _text(), True),
        _parameter("from", "The first instant.", INSTANT_OR_ISO, True),
        _parameter("to", "Not included.", INSTANT_OR_ISO, True),
    ]
    return operation


def _text() -> Fields:
    return {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}


def _operation(summary: str, schema: str, *, off: bool = True) -> Fields:
    """``off``: whether there is nothing of it while no history is kept."""
    content = {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    }
    refusals = {"400": "Wrong", "401": "Stranger", "403": "Forbidden"}
    if off:
        refusals |= {"404": "Off", "503": "Away"}
    return {
        "summary": summary,
        "responses": {
            "200": {"description": "As it is.", "content": content},
            **{
                status: {"$ref": f"#/components/responses/{name}"}
                for status, name in refusals.items()
            },
        },
    }


def _parameter(
    name: str, description: str, schema: Fields, required: bool = False
) -> Fields:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "required": required,
        "schema": schema,
    }


def _refusals() -> Fields:
    """Return the answers that are none; the doors speak in plain text."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    plain = {"text/plain": {"schema": TEXT}}
    return {
        "Wrong": {"description": "Says what is wrong.", "content": error},
        "Stranger": {"description": "No device that was let in.", "content": plain},
        "Forbidden": {
            "description": "The house does not allow it.",
            "content": error | plain,
        },
        "Off": {"description": "No history is kept.", "content": error},
        "NotInstalled": {"description": "A package is missing.", "content": error},
        "Away": {"description": "Not now; try again later.", "content": error},
    }


def _object(properties: Fields, **more: Any) -> Fields:
    optional = more.pop("optional", ())
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, **more}


def _list_of(schema: Fields) -> Fields:
    return {"type": "array", "items": schema}


def _schemas() -> Fields:
    columns = {
        "type": "object",
        "additionalProperties": _list_of(NUMBER_OR_NULL),
        "description": "For each feature an item per time, null where nothing is known.",
    }
    numbers = {
        feature.name: NUMBER_OR_NULL
        | {"description": f"{feature.meaning}{feature.unit and f' ({feature.unit})'}"}
        for feature in FEATURES
    }
    event = _object(
        {
            "id": TEXT,
            "kind": {"enum": [kind.value for kind in SoundEventKind]},
            "stream": TEXT,
            "session": TEXT,
            "began_at": INSTANT,
            "ended_at": NUMBER_OR_NULL,
            "level_dbfs": NUMBER_OR_NULL,
        }
    )
    table = _object(
        {
            "stream": {"type": ["string", "null"]},
            "session": {"type": ["string", "null"]},
            "from": INSTANT,
            "to": {"type": "number", "minimum": 0},
            "step": {"type": "integer", "minimum": 1},
            "features": _list_of(TEXT),
            "times": _list_of(INSTANT),
            "streams": _list_of(TEXT),
            **dict.fromkeys(("mean", "minimum", "maximum"), columns),
            "events": _list_of(event),
        },
        optional=("streams",),
    )
    known = _object(
        {
            "stream": TEXT,
            "name": {"type": ["string", "null"]},
            "since": INSTANT,
            "until": INSTANT,
            "sessions": {"type": "integer"},
            "live": {"type": "boolean"},
        }
    )
    row = _object({"stream": TEXT, "session": TEXT, "captured_at": INSTANT, **numbers})
    stream = {"type": "object", "properties": {"stream_id": TEXT}}
    return {
        "Error": _object({"code": TEXT, "message": TEXT}),
        "Table": table,
        "KnownStreams": _object({"streams": _list_of(known)}),
        "Latest": _object({"rows": _list_of(row)}),
        "Deleted": _object({"deleted": {"type": "integer", "minimum": 0}}),
        "Streams": _object({"streams": _list_of(stream)}),
    }
