"""One operation over HTTP, described: what it takes, its answer, and how it is refused."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from relay.features import SoundEventKind
from relay.web.history_wish import LAST_INSTANT, MAX_TEXT
from relay.web.json_request import MAX_BODY_BYTES

Fields = dict[str, Any]

FLAG = {"type": "boolean"}
TEXT = {"type": "string"}
TEXT_OR_NULL = {"type": ["string", "null"]}
NUMBER_OR_NULL = {"type": ["number", "null"]}
AMOUNT = {"type": "number", "minimum": 0}
COUNT = {"type": "integer", "minimum": 0}
INSTANT = {"type": "number", "minimum": 0, "maximum": LAST_INSTANT}
SOME_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
SOUND_EVENT_KIND = {"enum": [kind.value for kind in SoundEventKind]}
SLUG = SOME_TEXT | {"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}


def ref(schema: str) -> Fields:
    return {"$ref": f"#/components/schemas/{schema}"}


def in_json(schema: str) -> Fields:
    return {"application/json": {"schema": ref(schema)}}


ERROR = in_json("Error")
PLAIN = {"text/plain": {"schema": TEXT}}
"""How the doors speak."""


class Refusal(NamedTuple):
    """An answer that is none."""

    status: str
    meaning: str
    content: Fields = ERROR


REFUSALS = {
    "Wrong": Refusal("400", "Says what is wrong."),
    "Stranger": Refusal("401", "No device that was let in.", PLAIN),
    "Forbidden": Refusal("403", "The house does not allow it.", ERROR | PLAIN),
    "HistoryOff": Refusal("404", "No history is kept."),
    "NoStream": Refusal("404", "Nobody sends under that id or name."),
    "NotFollowed": Refusal("404", "No such stream, or its analysis is off."),
    "NotRecorded": Refusal("404", "No such stream, or nothing records it."),
    "NoClip": Refusal("404", "There is no such clip."),
    "TooLarge": Refusal("413", f"A body has at most {MAX_BODY_BYTES} bytes."),
    "OutOfRange": Refusal("416", "The file is shorter.", {}),
    "WrongHost": Refusal("421", "That is no name of this server.", PLAIN),
    "TooOften": Refusal("429", "Too many failed attempts.", PLAIN),
    "NotInstalled": Refusal("501", "A package is missing."),
    "Away": Refusal("503", "Not now; try again later."),
    "NoRoom": Refusal("503", "As many as there may be are there."),
    "NotWritten": Refusal("507", "The data folder cannot be written."),
}

AT_THE_DOOR = ("Stranger", "Forbidden", "WrongHost", "TooOften")
"""How everything is refused that is for those who were let in."""

TAKING_A_BODY = ("Wrong", "TooLarge")


def operation(
    summary: str,
    content: Fields,
    refusals: Iterable[str] = (),
    parameters: Iterable[Fields] = (),
    **more: Any,
) -> Fields:
    """``content`` is that of the answer, ``refusals`` are names in `REFUSALS`."""
    return {
        "summary": summary,
        "parameters": list(parameters),
        "responses": {
            "200": {"description": "As it is.", "content": content},
            **{
                REFUSALS[name].status: {"$ref": f"#/components/responses/{name}"}
                for name in (*AT_THE_DOOR, *refusals)
            },
        },
        **more,
    }


def body(schema: Fields) -> Fields:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def query(
    name: str, description: str, schema: Fields, required: bool = False
) -> Fields:
    return _parameter("query", name, description, schema, required)


def header(name: str, description: str, schema: Fields) -> Fields:
    return _parameter("header", name, description, schema, False)


def in_path(name: str, description: str, schema: Fields = SOME_TEXT) -> Fields:
    return _parameter("path", name, description, schema, True)


def _parameter(
    place: str, name: str, description: str, schema: Fields, required: bool
) -> Fields:
    return {
        "name": name,
        "in": place,
        "description": description,
        "required": required,
        "schema": schema,
    }


def responses() -> Fields:
    """Return the components that `REFUSALS` are."""
    return {
        name: {"description": refusal.meaning, "content": refusal.content}
        for name, refusal in REFUSALS.items()
    }


def object_of(properties: Fields, **more: Any) -> Fields:
    """All properties are required but those in ``optional``."""
    optional = more.pop("optional", ())
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, **more}


def list_of(schema: Fields) -> Fields:
    return {"type": "array", "items": schema}
