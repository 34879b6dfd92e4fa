"""A PulseAudio whose only microphone hears a tone, and whose loudspeaker nobody hears."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HZ = 700
PATIENCE_S = 20.0


@contextmanager
def whistling_house(program: str, folder: Path) -> Iterator[dict[str, str]]:
    """Let it whistle for the length of the block; yield the variables that lead to it."""
    socket = folder / "microphone"
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    process = subprocess.Popen(
        [
            program,
            *("-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
            *("-L", f"module-native-protocol-unix socket={socket} auth-anonymous=1"),
            *("-L", f"module-sine-source rate=48000 frequency={HZ}"),
            *("-L", "module-null-sink rate=48000"),
        ],
        env={k: v for k, v in os.environ.items() if k != "PULSE_SERVER"} | home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not socket.exists():
            assert process.poll() is None, "pulseaudio did not start"
            assert time.monotonic() < deadline, "pulseaudio does not listen"
            time.sleep(0.05)
        yield home | {"PULSE_SERVER": f"unix:{socket}"}
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
