"""What a program on the LAN has to know of the server before it can use it."""

from dataclasses import dataclass

from aiohttp import web

from relay import __version__
from relay.web.home_address import HomeAddress
from relay.web.json_request import answer_json
from relay.web.trust import Need, needs


@dataclass(frozen=True, slots=True)
class About:
    """The handler."""

    id: str
    """Of this installation; see `relay.instance`."""
    home: HomeAddress
    cards: str
    """Of the files of cards; see `relay.web.pages.Pages.for_cards`."""

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/api/about", self.about)

    @needs(Need.NOTHING)
    async def about(self, request: web.Request) -> web.Response:
        """Answer who this is, and where players hear it. Nothing of the house."""
        return answer_json(
            {
                "id": self.id,
                "version": __version__,
                "sound": self.home.sound(request, ""),
                "cards": self.cards,
            }
        )
