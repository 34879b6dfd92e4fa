"""What a person is told when the server has started: where to go."""

from collections.abc import Sequence

from relay import __version__


def greeting(
    *,
    signaling_port: int,
    audio_port: int,
    addresses: Sequence[str],
    demo: bool,
) -> str:
    """Return the lines for the terminal; ``addresses`` are this machine's, best first."""
    host = in_url(addresses[0] if addresses else "localhost")
    lines = [
        f"Earshot {__version__} is ready.",
        "",
        f"  On this computer         http://localhost:{signaling_port}/",
        f"  On phones and tablets    http://{host}:{signaling_port}/",
        f"  In players (MP3)         http://{host}:{audio_port}/stream/latest.mp3",
        f"  To speak                 http://localhost:{signaling_port}/send",
        "",
        "  Browsers give a page the microphone on this computer or over https only;",
        "  listening works everywhere.",
    ]
    if demo:
        lines[6:6] = [
            f"  The demo (MP3)           http://{host}:{audio_port}/stream/demo.mp3"
        ]
    return "\n".join(lines)


def in_url(address: str) -> str:
    """Return an address as it stands in a URL: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address
