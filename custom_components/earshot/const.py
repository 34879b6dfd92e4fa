"""Names and numbers that more than one file uses."""

from typing import Final

DOMAIN: Final = "earshot"
MANUFACTURER: Final = "Earshot"
DOCS: Final = "https://github.com/earshot-audio/earshot/blob/main/DOCS.md"
DEFAULT_PORT: Final = 8080
DEVICE_NAME: Final = "Home Assistant"
"""How Earshot lists this integration among the devices it let in."""

CARD_PATH: Final = "/api/earshot/card"
SOCKET_PATH: Final = "/api/earshot/ws"
SOUND_PATH: Final = "/api/earshot/sound"
"""Of Home Assistant's own address; cards know the second one too."""
