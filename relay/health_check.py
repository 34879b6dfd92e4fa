"""
The container's health check: ask the running server how it is, with its own options.

``python -m relay.health_check`` ends with status 0 if ``/health`` answers 200. It reads
what the server reads except the server's command line, so ports belong in the options
or the environment of a container.
"""

import http.client
import os
import sys

from relay.errors import SettingsError
from relay.options import gather
from relay.settings import Settings

TIMEOUT_S = 4.0
"""Below the time that the Dockerfile gives the check."""


def ask(port: int, timeout_s: float = TIMEOUT_S) -> str | None:
    """Return what is wrong with the server on this machine's ``port``; None: nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port}: {error}"
    finally:
        connection.close()
    return None if response.status == 200 else text


def main() -> str | None:
    """Return the fault for ``sys.exit``, which prints it and ends with status 1."""
    try:
        options = gather([], os.environ)
        settings = Settings.from_options(options.values, supervised=options.supervised)
    except SettingsError as error:
        return str(error)
    return ask(settings.signaling.port)


if __name__ == "__main__":
    sys.exit(main())
