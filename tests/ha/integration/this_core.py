"""What the test plugin, which was cut from the Core before, does not find in this one."""

# Before anything imports httpx, as this Core insists.
import homeassistant.components.logger as logger
from homeassistant.components.logger.helpers import _clear_logger_overwrites

logger._clear_logger_overwrites = _clear_logger_overwrites
