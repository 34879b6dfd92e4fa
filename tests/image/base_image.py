"""A Debian to build on, made of its packages: a stand-in for what a registry would give."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

DAY_S = 86_400.0
FRESH_S = 14 * DAY_S
"""An older one would be upgraded by every build."""
MACHINE = os.uname().machine


def base_archive(suite: str) -> Path:
    """
    Return a tar of Debian's smallest system; made once in a fortnight, outside of the tree.

    Raises `LookupError` if apt knows no mirror of Debian.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "earshot")
    archive = cache / f"{suite}-{MACHINE}.tar"
    if archive.exists() and time.time() - archive.stat().st_mtime < FRESH_S:
        return archive
    cache.mkdir(parents=True, exist_ok=True)
    root, partial = cache / f"{suite}.root", archive.with_suffix(".partial")
    shutil.rmtree(root, ignore_errors=True)
    bootstrap = ["debootstrap", "--variant=minbase", suite, str(root), mirror()]
    subprocess.run(bootstrap, check=True, stdout=subprocess.DEVNULL)
    left_out = ("proc/*", "sys/*", "dev/*", "var/cache/apt/*.bin")
    left_out += ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*")
    subprocess.run(
        [
            *("tar", "-C", str(root)),
            *(f"--exclude=./{pattern}" for pattern in left_out),
            *("-cf", str(partial), "."),
        ],
        check=True,
    )
    shutil.rmtree(root)
    partial.replace(archive)
    return archive


def mirror() -> str:
    """Return the mirror of Debian that apt uses already. Raises `LookupError`."""
    sites = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE)", "Component: main"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    for site in sites:
        if re.search(r"/debian/?$", site):
            return site
    raise LookupError("apt's sources name no mirror of Debian")
