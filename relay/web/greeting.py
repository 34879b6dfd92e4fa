"""What a person is told when the server has started: where to go."""

from collections.abc import Sequence

from relay import __version__


def greeting(
    *,
    signaling_port: int,
    https_port: int | None,
    audio_port: int,
    addresses: Sequence[str],
    demo: bool,
    first_code: str | None = None,
) -> str:
    """
    Return the lines for the terminal; ``addresses`` are this machine's, best first.

    ``first_code`` makes the browser that shows it an admin's. It stands behind the #,
    which browsers keep to themselves.
    """
    host = in_url(addresses[0] if addresses else "localhost")
    lines = [
        f"Earshot {__version__} is ready.",
        "",
        f"  On this computer         http://localhost:{signaling_port}/",
        f"  On phones and tablets    http://{host}:{signaling_port}/",
        f"  In players (MP3)         http://{host}:{audio_port}/stream/latest.mp3",
        *_to_speak(host, signaling_port, https_port),
    ]
    if demo:
        lines[5:5] = [
            f"  The demo (MP3)           http://{host}:{audio_port}/stream/demo.mp3"
        ]
    if first_code is not None:
        lines += [
            "",
            "  Who may listen is decided in your browser. This link makes it the one of an admin, once:",
            f"  http://{host}:{signaling_port}/pair.html#code={first_code}",
        ]
    return "\n".join(lines)


def _to_speak(host: str, signaling_port: int, https_port: int | None) -> list[str]:
    """Return where the microphone works: on this computer, and over https."""
    here = f"  To speak                 http://localhost:{signaling_port}/send"
    if https_port is None:
        return [
            here,
            "",
            "  Browsers give a page the microphone on this computer or over https only;",
            "  listening works everywhere.",
        ]
    return [
        here,
        f"    on other devices       https://{host}:{https_port}/send",
        "",
        "  Browsers give a page the microphone on this computer or over https only. How other",
        f"  devices come to trust this one:  http://{host}:{signaling_port}/trust",
    ]


def in_url(address: str) -> str:
    """Return an address as it stands in a URL: IPv6 in brackets."""
    return f"[{address}]" if ":" in address else address
