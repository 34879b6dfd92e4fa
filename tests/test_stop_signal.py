"""How the process is told to end."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 20.0


def in_a_script(body: str) -> subprocess.Popen[str]:
    """Run the signal handling alone, with something else to wait for."""
    script = (
        "import asyncio; from relay import stop_signal as server\n"
        "async def main():\n"
        "    told_to_stop = server.stop_signal()\n"
        "    print('ready', flush=True)\n"
        "    await told_to_stop.wait()\n"
        "    print('stopping', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        f"{body}\n"
        "asyncio.run(main())\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_second_signal() -> None:
    """Whoever asks twice does not wait for an orderly end."""
    with in_a_script("") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT_S) == 1


def test_shutdown_that_hangs() -> None:
    """An end that takes too long is made short by the watchdog."""
    with in_a_script("server.WATCHDOG_S = 0.1") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 1
