"""What the API over HTTP understands and answers, for programs: OpenAPI 3.1."""

from aiohttp import web

from relay import __version__
from relay.web import (
    openapi_analysis,
    openapi_history,
    openapi_sound,
    openapi_streams,
)
from relay.web.json_request import answer_json
from relay.web.openapi_operation import TEXT, Fields, object_of, responses
from relay.web.trust import Need, needs

PATH = "/api/openapi.json"


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
            "description": "Which streams there are, what is measured of them and told"
            " about them, and which of their sound is kept.",
        },
        "paths": {
            **openapi_streams.paths(),
            **openapi_history.paths(),
            **openapi_analysis.paths(),
            **openapi_sound.paths(),
        },
        "components": {
            "schemas": {
                "Error": object_of({"code": TEXT, "message": TEXT}),
                **openapi_streams.schemas(),
                **openapi_history.schemas(),
                **openapi_analysis.schemas(),
                **openapi_sound.schemas(),
            },
            "responses": responses(),
            "securitySchemes": {"device": {"type": "http", "scheme": "bearer"}},
        },
        # With `access: lan` everybody at home may ask; otherwise a device's token is shown.
        "security": [{}, {"device": []}],
    }
