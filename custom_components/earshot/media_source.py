"""The rooms in the media browser, and as media for every player."""

from dataclasses import dataclass

from homeassistant.components.media_player import BrowseError, MediaClass
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from . import EarshotConfigEntry
from .client import EarshotError
from .const import DOMAIN, SOUND_PATH

ON_AIR = "\N{LARGE RED CIRCLE}"
ARTWORK = f"/api/brands/integration/{DOMAIN}/icon.png"


@dataclass(frozen=True, slots=True)
class Form:
    """How a player gets the sound."""

    extension: str
    mime_type: str
    query: str = ""
    scheme: str = "http"


MP3 = Form("mp3", "audio/mpeg")
"""Every player knows it; browsers of all makers, too, by way of Home Assistant."""
OGG = Form("ogg", "audio/ogg")
"""The sender's own sound, not encoded again."""
FLAC = Form("flac", "audio/flac")

FORMS = {
    # Plays an endless MP3 as what it is only if it is told that it is a radio.
    "sonos": Form("mp3", "audio/mpeg", scheme="x-rincon-mp3radio"),
    # Reads some hundred kilobytes before it plays, which are sooner there.
    "cast": Form("mp3", "audio/mpeg", query="bitrate=320"),
    # These encode it themselves: once is enough.
    "music_assistant": FLAC,
    "squeezebox": FLAC,
    "vlc": OGG,
    "vlc_telnet": OGG,
    "mpd": OGG,
}
"""By the integration of the player; everybody else gets MP3."""


async def async_get_media_source(hass: HomeAssistant) -> "EarshotMediaSource":
    return EarshotMediaSource(hass)


class EarshotMediaSource(MediaSource):
    """
    ``media-source://earshot/nursery``, or ``.../<config entry>/nursery``.

    The short form is the first Earshot's that knows the room; it lasts as long as the name.
    """

    name = "Earshot"

    def __init__(self, hass: HomeAssistant) -> None:
        super().__init__(DOMAIN)
        self.hass = hass

    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        entries = self._entries
        if not entries:
            raise BrowseError(translation_domain=DOMAIN, translation_key="not_loaded")
        if item.identifier:
            chosen = [e for e in entries if e.entry_id == item.identifier]
            if not chosen:
                raise BrowseError(
                    translation_domain=DOMAIN,
                    translation_key="unknown_room",
                    translation_placeholders={"room": item.identifier},
                )
            return _folder(
                item.identifier, chosen[0].title, _rooms(chosen[0], item.identifier)
            )
        if len(entries) == 1:
            return _folder(None, "Earshot", _rooms(entries[0]))
        servers = [_folder(entry.entry_id, entry.title) for entry in entries]
        return _folder(None, "Earshot", servers)

    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        entry, slug = self._find(item.identifier)
        if item.target_media_player is None:
            # A browser is perhaps not at home, and plays nothing without https in a page that has it.
            path = f"{SOUND_PATH}/{entry.entry_id}/{slug}.{MP3.extension}"
            return PlayMedia(path, MP3.mime_type)
        form = self._form(item.target_media_player)
        try:
            url = await entry.runtime_data.client.sound_url(slug, form.extension)
        except EarshotError as error:
            raise Unresolvable(
                translation_domain=DOMAIN,
                translation_key="no_address",
                translation_placeholders={"error": str(error)},
            ) from error
        if form.query:
            url = f"{url}?{form.query}"
        return PlayMedia(url.replace("http", form.scheme, 1), form.mime_type)

    @property
    def _entries(self) -> list[EarshotConfigEntry]:
        return self.hass.config_entries.async_loaded_entries(DOMAIN)

    def _find(self, identifier: str) -> tuple[EarshotConfigEntry, str]:
        """Return the server and the slug of a room."""
        entry_id, _, slug = identifier.rpartition("/")
        for entry in self._entries:
            if entry_id in ("", entry.entry_id) and slug in entry.runtime_data.rooms:
                return entry, slug
        raise Unresolvable(
            translation_domain=DOMAIN,
            translation_key="unknown_room",
            translation_placeholders={"room": identifier},
        )

    def _form(self, player: str) -> Form:
        known = er.async_get(self.hass).async_get(player)
        return FORMS.get(known.platform, MP3) if known else MP3


def _folder(
    identifier: str | None,
    title: str,
    children: list[BrowseMediaSource] | None = None,
) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=MediaClass.DIRECTORY,
        media_content_type="",
        title=title,
        can_play=False,
        can_expand=True,
        thumbnail=ARTWORK,
        children=children,
        children_media_class=MediaClass.CHANNEL,
    )


def _rooms(
    entry: EarshotConfigEntry, prefix: str | None = None
) -> list[BrowseMediaSource]:
    """Those on the air first."""
    rooms = entry.runtime_data.rooms.values()
    return [
        BrowseMediaSource(
            domain=DOMAIN,
            identifier=f"{prefix}/{room.slug}" if prefix else room.slug,
            media_class=MediaClass.CHANNEL,
            media_content_type=MP3.mime_type,
            title=f"{ON_AIR} {room.name}" if room.on_air else room.name,
            can_play=True,
            can_expand=False,
            thumbnail=ARTWORK,
        )
        for room in sorted(rooms, key=lambda r: (not r.on_air, r.name.casefold()))
    ]
