"""Images without a Docker engine: buildah, with a storage that nobody else uses."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

BUILD_S = 900.0

# What this machine's pip goes by to reach the packages; the build needs the same.
PIP_KEYS = ("index-url", "extra-index-url", "trusted-host")


class Builder:
    """Builds below a folder, and runs what it built."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.environment = os.environ | {
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "TMPDIR": str(folder),
        }
        for driver in ("overlay", "vfs"):  # the latter works everywhere, and copies
            self._use(driver)
            if self._buildah("info", check=False).returncode == 0:
                break

    def _use(self, driver: str) -> None:
        (self._folder / "storage.conf").write_text(
            f'[storage]\ndriver = "{driver}"\n'
            f'runroot = "{self._folder / driver}/run"\n'
            f'graphroot = "{self._folder / driver}/graph"\n'
        )

    def _buildah(
        self, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["buildah", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_S,
        )
        assert not check or done.returncode == 0, done.stdout[-5000:]
        return done

    def import_base(self, archive: Path, name: str) -> None:
        """Make an image of a tar, under the name by which a Dockerfile asks for it."""
        container = self.container("scratch")
        self._buildah("add", "--quiet", container, str(archive), "/")
        self._buildah("commit", "--quiet", "--rm", container, name)

    def build(self, context: Path, name: str, **arguments: str) -> None:
        """Build the Dockerfile of a folder as it is, with nothing but the base from here."""
        given = [f"--build-arg={key}={value}" for key, value in arguments.items()]
        self._buildah(
            *("bud", "--format=docker", "--isolation=chroot", "--network=host"),
            *("--pull-never", *self._pip_settings(), *given, "--tag", name),
            str(context),
        )

    def _pip_settings(self) -> list[str]:
        """Return the mounts with which pip inside goes the way it goes outside."""
        pip = [sys.executable, "-m", "pip", "config", "list"]
        text = subprocess.run(pip, check=True, capture_output=True, text=True).stdout
        found = dict(re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", text, re.M))
        lines = [f"{key} = {found[key]}" for key in PIP_KEYS if key in found]
        mounts = []
        if "cert" in found:
            lines.append("cert = /tmp/trusted.crt")
            mounts.append(f"--volume={found['cert']}:/tmp/trusted.crt:ro")
        file = self._folder / "pip.conf"
        file.write_text("\n".join(["[global]", *lines, ""]))
        return [*mounts, f"--volume={file}:/etc/pip.conf:ro"]

    def container(self, image: str) -> str:
        """Make a container; return its name."""
        return self._buildah("from", "--pull-never", image).stdout.split()[-1]

    def described(self, image: str) -> dict[str, Any]:
        """Return what an image says of itself, as Docker reads it."""
        text = self._buildah("inspect", "--type=image", image).stdout
        config: dict[str, Any] = json.loads(text)["Docker"]["config"]
        return config

    def size(self, image: str) -> str:
        """Return how large it is, unpacked, in words."""
        return self._buildah("images", "--format={{.Size}}", image).stdout.strip()

    def command(self, container: str, *command: str, **mounts: Path) -> list[str]:
        """Return what runs a program in a container; a mount is a folder by its name there."""
        volumes = [f"--volume={path}:/{name}" for name, path in mounts.items()]
        return [
            *("buildah", "run", "--isolation=chroot", "--network=host", *volumes),
            *("--env=SUPERVISOR_TOKEN=a-test", container, "--", *command),
        ]

    def close(self) -> None:
        """Remove all that was built; its mounts would outlive the folder."""
        self._buildah("rm", "--all")
        self._buildah("rmi", "--all", "--force")
