"""When a name's streams are analysed, asked and changed over HTTP."""

from dataclasses import dataclass

from aiohttp import web

from relay.analysis_settings import AnalysisMode
from relay.consumers.analysis import Analysis
from relay.errors import MalformedMessage
from relay.signaling.fields import Json
from relay.web.feature_feed import FeatureFeeds
from relay.web.json_request import answer_json, in_json, read_fields
from relay.web.trust import Need, needs

PATH = "/api/streams/{name}/analysis"


@dataclass(frozen=True, slots=True)
class AnalysisApi:
    """The handlers."""

    analysis: Analysis
    feeds: FeatureFeeds

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH, self.mode)
        app.router.add_put(PATH, self.choose)
        self.feeds.add_routes(app)

    @needs(Need.LISTEN)
    @in_json
    async def mode(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request.match_info["name"])

    @needs(Need.ADMIN)
    @in_json
    async def choose(self, request: web.Request) -> web.StreamResponse:
        """Take ``{"mode": "always"}``, or null for what the options say."""
        slug = request.match_info["name"]
        await self.analysis.choose(slug, read_mode(await read_fields(request)))
        return self._answer(slug)

    def _answer(self, slug: str) -> web.StreamResponse:
        return answer_json(
            {
                "stream": slug,
                "mode": self.analysis.mode_of(slug).value,
                "analysed": self.analysis.is_analysed(slug),
            }
        )


def read_mode(fields: Json) -> AnalysisMode | None:
    """Raises `MalformedMessage`."""
    mode = fields.get("mode", "")
    try:
        return None if mode is None else AnalysisMode(mode)
    except ValueError:
        modes = ", ".join(mode.value for mode in AnalysisMode)
        raise MalformedMessage(f"'mode' is one of {modes}, or null") from None
