"""The container's health check, as the container runs it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


class Health(BaseHTTPRequestHandler):
    """A server that answers /health with the status it was given."""

    def do_GET(self) -> None:
        status = self.server.status if self.path == "/health" else 404  # type: ignore[attr-defined]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"the media worker is dead" if status == 503 else b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def checked(port: int | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "relay.health_check"],
        env={**os.environ, "RELAY_SIGNALING_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_healthy_server_is_status_0(server: HTTPServer):
    """On the port that the options name."""
    server.status = 200  # type: ignore[attr-defined]
    result = checked(server.server_port)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_sick_server_is_status_1(server: HTTPServer):
    """What it says of itself is passed on, for who inspects the container."""
    server.status = 503  # type: ignore[attr-defined]
    result = checked(server.server_port)
    assert (result.returncode, result.stderr) == (1, "the media worker is dead\n")


def test_a_dead_server_is_status_1():
    """The port is named."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        result = checked(port)
    assert result.returncode == 1
    assert f"no answer on port {port}" in result.stderr


def test_options_that_are_wrong_are_status_1():
    """A server with these would not have started either."""
    result = checked("http")
    assert result.returncode == 1
    assert result.stderr.startswith("signaling_port: 'http' is not a port number")
