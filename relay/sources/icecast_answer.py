"""What an Icecast source client is answered."""

from http import HTTPStatus

AUTHENTICATE = ("WWW-Authenticate", 'Basic realm="Earshot"')

CONTINUE = b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n"

# Without a length: what may follow is said at the end of the connection.
WELCOME = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"

METADATA_TAKEN = (
    '<?xml version="1.0"?>\n<iceresponse><message>Metadata update successful</message>'
    "<return>1</return></iceresponse>\n"
)


class Refusal(Exception):
    """A request that is not served; ``str()`` tells the client why."""

    def __init__(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


def unauthorized(text: str) -> Refusal:
    return Refusal(401, text, AUTHENTICATE)


def answer(
    status: int,
    text: str,
    *headers: tuple[str, str],
    content_type: str = "text/plain; charset=utf-8",
    keep_alive: bool = False,
) -> bytes:
    """Return a whole answer. Clients without a password yet ask again on one connection."""
    body = text.encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
