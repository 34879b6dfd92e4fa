"""What a person is told at the start."""

from relay.web.greeting import greeting, in_url


def lines(**changes: object) -> str:
    facts = {
        "signaling_port": 8080,
        "https_port": 8443,
        "audio_port": 8081,
        "addresses": ["192.0.2.7", "2001:db8::7"],
        "demo": False,
    } | changes
    return greeting(**facts)  # type: ignore[arg-type]


def test_four_addresses() -> None:
    """The page here and on the LAN, the sound for players, and where one can speak."""
    text = lines()
    assert "http://localhost:8080/\n" in text
    assert "http://192.0.2.7:8080/\n" in text
    assert "http://192.0.2.7:8081/stream/latest.mp3\n" in text
    assert "http://localhost:8080/send\n" in text
    assert "microphone" in text
    assert "demo" not in text


def test_the_microphone_on_other_devices() -> None:
    """Over https, and how devices come to trust that; without it that is said."""
    text = lines()
    assert "https://192.0.2.7:8443/send\n" in text
    assert text.endswith("http://192.0.2.7:8080/trust")
    text = lines(https_port=None)
    assert "https://" not in text
    assert "over https only" in text


def test_demo() -> None:
    """The demo's address is told when there is one."""
    assert "http://192.0.2.7:8081/stream/demo.mp3\n" in lines(demo=True)


def test_the_first_code() -> None:
    """It is behind the #, which browsers send nobody; without it nothing is said."""
    link = "http://192.0.2.7:8080/pair.html#code=abc"
    assert link in lines(first_code="abc").splitlines()[-1]
    assert "pair" not in lines()


def test_ipv6_only() -> None:
    """IPv6 addresses stand in brackets in a URL."""
    assert "http://[2001:db8::7]:8080/\n" in lines(addresses=["2001:db8::7"])
    assert in_url("192.0.2.7") == "192.0.2.7"
