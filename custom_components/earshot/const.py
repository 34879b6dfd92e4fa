"""Names and numbers that more than one file uses."""

from typing import Final

DOMAIN: Final = "earshot"
MANUFACTURER: Final = "Earshot"
DEFAULT_PORT: Final = 8080
DEVICE_NAME: Final = "Home Assistant"
"""How Earshot lists this integration among the devices it let in."""
