"""
Starts a server whose certificates live by another calendar, and are looked after every second.

    python -m tests.faults.calendar_of_file FILE python webrtc_server_relay.py --ssl=true

The file holds by how many days that calendar is ahead; it may change at any time.
"""

import datetime
import runpy
import sys
from pathlib import Path

from relay.tls.certificates import Certificates, utc_now

INTERVAL_S = 1.0


def main() -> None:
    file, *command = sys.argv[1:]
    days = Path(file)
    defaults = Certificates.__init__.__kwdefaults__
    defaults["now"] = lambda: utc_now() + datetime.timedelta(float(days.read_text()))
    defaults["interval_s"] = INTERVAL_S
    script = next(part for part in command if part.endswith(".py"))
    sys.argv = command[command.index(script) :]
    sys.path[0] = str(Path(script).resolve().parent)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
