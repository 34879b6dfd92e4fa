"""The server as under Home Assistant's Supervisor, whose ingress comes from this machine."""

import asyncio
import os
import sys

from relay import log
from relay.options import gather
from relay.settings import Settings
from relay.web.access import IngressDoor
from tests.e2e.relay_process import HOST
from webrtc_server_relay import serve


def main(ingress_port: str, *arguments: str) -> None:
    """Serve with the options of the arguments, which are those of the server itself."""
    options = gather(list(arguments), os.environ)
    settings = Settings.from_options(options.values, supervised=True)
    log.configure(settings.log)
    door = IngressDoor(HOST, int(ingress_port), frozenset({HOST}))
    asyncio.run(serve(settings, options.report(), door))


if __name__ == "__main__":
    main(*sys.argv[1:])
