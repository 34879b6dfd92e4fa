"""Addresses: what is allowed, and what is shown of it."""

import pytest

from relay.errors import BadAddress
from relay.sources.address import Scheme, SourceAddress


@pytest.mark.parametrize(
    ("text", "scheme", "target"),
    [
        ("http://radio.example/live.mp3", Scheme.HTTP, "http://radio.example/live.mp3"),
        (" HTTPS://radio.example ", Scheme.HTTPS, "https://radio.example"),
        ("rtsp://a:b@192.168.1.9:554/s", Scheme.RTSP, "rtsp://a:b@192.168.1.9:554/s"),
        ("file:rain.mp3", Scheme.FILE, "rain.mp3"),
        ("file:///music/My rain.mp3", Scheme.FILE, "/music/My rain.mp3"),
        ("microphone:", Scheme.MICROPHONE, "default"),
        ("microphone:default", Scheme.MICROPHONE, "default"),
        (
            "microphone:plughw:CARD=USB,DEV=0",
            Scheme.MICROPHONE,
            "plughw:CARD=USB,DEV=0",
        ),
    ],
)
def test_what_is_on_the_list_is_taken(text: str, scheme: Scheme, target: str) -> None:
    """Five schemes, in any case of letters."""
    address = SourceAddress.parse(text)
    assert (address.scheme, address.target) == (scheme, target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "radio.example",
        "ftp://host/a.mp3",
        "concat:a|b",
        "tcp://host:1",
        "subfile,,start,0,end,9,,:/etc/passwd",
        "pipe:0",
        "exec:reboot",
        "http:",
        "http:///path",
        "http://host:99999/",
        "http://[::1/",
        "http://host/a b",
        "http://host/\r\nX-Evil: 1",
        "http://127.0.0.1\\@evil.example/",
        "file:",
        "file:a\nb",
        "http://host/" + "x" * 2048,
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    """Other schemes of the library, and what could be read as more than an address."""
    with pytest.raises(BadAddress):
        SourceAddress.parse(text)


@pytest.mark.parametrize(
    "device",
    [
        "file:'|touch /tmp/x'",
        "|reboot",
        "hw:0;id",
        "plug:{ type file }",
        "/dev/dsp",
        "a",
    ],
)
def test_a_microphone_is_a_plain_name(device: str) -> None:
    """ALSA's language for devices can write files and start programs."""
    with pytest.raises(BadAddress):
        SourceAddress.parse(f"microphone:{device}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://me:secret@host:8000/a?token=secret#secret", "http://host:8000/a?..."),
        ("rtsp://secret@[fd00::9]/s", "rtsp://[fd00::9]/s"),
        ("rtsp://cam/user=a_password=secret.sdp", "rtsp://cam/..."),
        ("file:a/b.mp3", "file:a/b.mp3"),
        ("microphone:", "microphone:default"),
    ],
)
def test_what_is_shown_has_no_secret(text: str, shown: str) -> None:
    """Neither does the address's own representation."""
    address = SourceAddress.parse(text)
    assert address.shown == shown
    assert "secret" not in repr(address)


def test_a_refusal_does_not_repeat_the_address() -> None:
    """The message goes to logs and clients."""
    with pytest.raises(BadAddress) as refusal:
        SourceAddress.parse("http://me:secret@:99999/")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True),
        ("192.168.1.9", True),
        ("10.1.2.3", True),
        ("[::1]", True),
        ("[fd00::1]", True),
        ("8.8.8.8", False),
        ("[2001:4860:4860::8888]", False),
        ("[::ffff:8.8.8.8]", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("2130706433", False),
        ("127.0.0.1@8.8.8.8", False),
        ("localhost", False),
        ("camera.local", False),
    ],
)
def test_private_is_what_is_written_as_a_private_address(
    host: str, private: bool
) -> None:
    """A name is not: it may lead anywhere, and elsewhere the next time."""
    assert SourceAddress.parse(f"http://{host}/a").is_private is private


def test_what_is_not_on_the_network_is_not_private_there() -> None:
    """Files and microphones have rules of their own."""
    assert not SourceAddress.parse("file:a.mp3").is_private
    assert not SourceAddress.parse("microphone:").over_the_network
