"""What others have written is served as they have released it."""

from hashlib import sha256
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "www" / "vendor"

RELEASED = {
    "uPlot.LICENSE.txt": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uPlot.esm.d.ts": "af44374f6e808be4f7f3fa5888b9c7574dca9f8a15a66d54b6763535802c8080",
    "uPlot.esm.js": "5dd9b3281aa64b461b42d9945f6adb2649d346502b12281a9ae0d46599a80eba",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
"""By the files of uplot-1.6.32.tgz as npm has it."""


def test_is_unchanged():
    """Another version is taken with its hashes, and by nobody's accident."""
    files = {path.name: path for path in VENDOR.iterdir() if path.name != "README.md"}
    found = {
        name: sha256(path.read_bytes()).hexdigest() for name, path in files.items()
    }
    assert found == RELEASED


def test_says_whose_it_is():
    """Its licence lies beside it, its version is told."""
    readme = (VENDOR / "README.md").read_text()
    assert "1.6.32" in readme
    assert "v1.6.32" in (VENDOR / "uPlot.esm.js").read_text()[:400]
    assert "MIT License" in (VENDOR / "uPlot.LICENSE.txt").read_text()
