"""The pages, read once and sent with what browsers need to be told."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from relay.web.pages import CONTENT_TYPES, Pages

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
WWW = Path(__file__).parents[2] / "www"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("home")
    (tmp_path / "listen.html").write_text("listen")
    (tmp_path / "icon.png").write_bytes(b"\x89PNG")
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "tone.js").write_text("export {};")
    return tmp_path


def get(pages: Pages, path: str, **headers: str) -> web.Response:
    request = make_mocked_request("GET", path, headers=headers)
    return pages.page(path.removeprefix("/")).response(request)


def test_table(folder: Path) -> None:
    """The table holds what pages are made of, with short names for pages, and nothing else."""
    assert set(Pages(folder)) == {
        "",
        "index.html",
        "listen",
        "listen.html",
        "icon.png",
        "notes/tone.js",
    }


def test_headers(folder: Path) -> None:
    """Every page says what it may do and that it must be asked for again."""
    response = get(Pages(folder), "/listen")
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["Permissions-Policy"] == "microphone=(self)"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.body == b"listen"


def test_a_dashboards_page_may_read_code_and_styles(folder: Path) -> None:
    """Its cards are made of them; what a page of this server asks for needs no permission."""
    (folder / "style.css").write_text("body {}")
    pages = Pages(folder)
    dashboard = "http://homeassistant.local:8123"
    for path, allowed in (
        ("/notes/tone.js", dashboard),
        ("/style.css", dashboard),
        ("/listen.html", None),
        ("/icon.png", None),
    ):
        answer = get(pages, path, Origin=dashboard)
        assert answer.headers.get("Access-Control-Allow-Origin") == allowed
        own = get(pages, path)
        assert "Access-Control-Allow-Origin" not in own.headers
        assert own.headers.get("Vary") == ("Origin" if allowed else None)
    tag = get(pages, "/style.css").headers["ETag"]
    again = get(pages, "/style.css", **{"If-None-Match": tag, "Origin": dashboard})
    assert again.status == 304
    assert again.headers["Access-Control-Allow-Origin"] == dashboard


def test_binary(folder: Path) -> None:
    """A picture has no character set."""
    assert get(Pages(folder), "/icon.png").headers["Content-Type"] == "image/png"


def test_etag(folder: Path) -> None:
    """A client that has the page is told so, and gets the new one after an update."""
    first = get(Pages(folder), "/")
    tag = first.headers["ETag"]
    again = get(Pages(folder), "/", **{"If-None-Match": tag})
    assert (again.status, again.body) == (304, None)
    assert again.headers["ETag"] == tag
    assert again.headers["Content-Security-Policy"] == POLICY
    (folder / "index.html").write_text("new home")
    updated = get(Pages(folder), "/", **{"If-None-Match": tag})
    assert (updated.status, updated.body) == (200, b"new home")


@pytest.mark.parametrize(
    "path", ["", "..", "../secret", "/etc/passwd", "notes", "notes/", "package.json"]
)
def test_not_in_the_table(tmp_path: Path, path: str) -> None:
    """Whatever is not in the table is not there."""
    with pytest.raises(web.HTTPNotFound):
        Pages(tmp_path).page(path)


def test_our_own_pages() -> None:
    """Everything in www/ that a page could ask for is served."""
    pages = Pages(WWW)
    for name in (
        *("index.html", "send.html", "listen.html", "talk.html", "style.css"),
        *("earshot-card.js", "card/card.js", "card/card.css"),
        *("history.html", "vendor/uPlot.esm.js", "vendor/uPlot.min.css"),
    ):
        assert name in pages
    unserved = {
        file.name
        for file in WWW.rglob("*")
        if file.is_file() and file.suffix not in CONTENT_TYPES
    }
    assert unserved <= {
        *("package.json", "tsconfig.json"),
        *("README.md", "uPlot.LICENSE.txt", "uPlot.esm.d.ts"),
    }
