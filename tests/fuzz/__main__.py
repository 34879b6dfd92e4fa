"""`make fuzz`: every target for a minute, beginning with the corpus and what it grew to."""

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

# The names are known without importing the targets: the fuzzer instruments imports, which
# takes a while, so that each target imports no more than it needs.
PARSERS = ("rtp", "rtcp", "red", "sdp", "message", "datagram", "icecast", "headers")
HANDLERS = ("player", "api", "talk")
TARGETS = PARSERS + HANDLERS

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
GROWN = HERE.parent.parent / "build" / "fuzz"


INSIDE = "--inside"


def main() -> int:
    if sys.argv[1:2] == [INSIDE]:
        return fuzz(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"some of: {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    results = {
        name: run(name, arguments.seconds) for name in arguments.targets or TARGETS
    }
    for name, code in results.items():
        print(
            f"{name}: {'nothing found' if code == 0 else 'FOUND SOMETHING, see above'}"
        )
    return max(results.values())


def run(name: str, seconds: int) -> int:
    """Fuzz one target in a process of its own, because libFuzzer never returns."""
    grown = GROWN / name
    grown.mkdir(parents=True, exist_ok=True)
    print(f"{name}: {seconds} s", flush=True)
    command = [sys.executable, "-m", "tests.fuzz", INSIDE, name]
    options = [
        f"-max_total_time={seconds}",
        "-timeout=5",
        "-verbosity=0",
        "-print_final_stats=1",
        f"-artifact_prefix={grown}/find-",
        str(grown),
        str(CORPUS / name),
    ]
    return subprocess.run([*command, *options], check=False).returncode


def fuzz(name: str, options: list[str]) -> int:
    import atheris

    with atheris.instrument_imports(
        include=["relay", "audio_stream_server", "aiortc.sdp"]
    ):
        module = "house_targets" if name in HANDLERS else "targets"
        targets = importlib.import_module(f"tests.fuzz.{module}").TARGETS

    atheris.Setup([sys.argv[0], *options], targets[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
