"""The real Home Assistant Core, headless, and what a browser would say to it."""

import asyncio
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import aiohttp

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SYSTEM = Path(os.environ.get("EARSHOT_HA_ROOT", "/nonexistent"))

LAN = "192.168.77.1"
"""What `run.sh` gives this network beside the loopback."""

START_S = 120.0
STOP_S = 30.0
PATIENCE_S = 30.0
CLIENT_ID = "http://127.0.0.1/"

CONFIGURATION = """\
homeassistant:
  name: Test
  latitude: 0
  longitude: 0
  time_zone: UTC
  unit_system: metric
frontend:
automation: !include automations.yaml
config:
diagnostics:
media_source:
onboarding:
script:
zeroconf:
logger:
  default: warning
  logs:
    custom_components.earshot: debug
"""

Json = dict[str, Any]


class CoreProcess:
    """One Core with its integration from this checkout. Made by `start`, ended by `stop`."""

    def __init__(
        self, process: asyncio.subprocess.Process, port: int, log: Path
    ) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self._token = ""

    @classmethod
    async def start(cls, folder: Path, port: int = 18123) -> "CoreProcess":
        """Start it with a folder below /tmp, and log in as its owner."""
        (folder / "media").mkdir()
        (folder / "automations.yaml").write_text("[]")
        (folder / "configuration.yaml").write_text(CONFIGURATION)
        (folder / "custom_components").symlink_to(ROOT / "custom_components")
        # Core puts examples of its own beside ours, so it gets a copy.
        shutil.copytree(ROOT / "blueprints", folder / "blueprints")
        log = folder / "core.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                HERE / "inside.sh",
                str(SYSTEM),
                "env",
                f"SETUP_PORT={port}",
                "TZ=UTC",
                f"PYTHONPATH={HERE / 'stand_ins'}",
                "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
                *("/opt/ha/bin/hass", "--config", str(folder), "--skip-pip"),
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        core = cls(process, port, log)
        try:
            async with asyncio.timeout(START_S):
                await core._until_it_answers()
                await core._log_in()
        except BaseException:
            await core.stop()
            print(core.last_words())
            raise
        return core

    async def stop(self) -> None:
        """End it. Idempotent."""
        if self._token:
            await self.session.close()
        if self._process.returncode is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-60:])

    def complaints(self) -> list[str]:
        """Return what Core has to say against the integration."""
        lines = self.log.read_text(errors="replace").splitlines()
        marks = (" WARNING ", " ERROR ", "Traceback")
        return [
            line
            for line in lines
            if any(mark in line for mark in marks)
            and "earshot" in line
            and "has not been tested" not in line  # every custom integration's
        ]

    # --- what it is told and asked --------------------------------------------------------

    async def ask(self, type_: str, **fields: Any) -> Any:
        """Return the result of a command, over a WebSocket of its own."""
        async with (
            asyncio.timeout(PATIENCE_S),
            self.session.ws_connect("/api/websocket") as socket,
        ):
            assert (await socket.receive_json())["type"] == "auth_required"
            await socket.send_json({"type": "auth", "access_token": self._token})
            assert (await socket.receive_json())["type"] == "auth_ok"
            await socket.send_json({"id": 1, "type": type_, **fields})
            answer = await socket.receive_json()
        assert answer["success"], answer
        return answer["result"]

    async def post(self, path: str, body: Json) -> Json:
        async with self.session.post(path, json=body) as answer:
            assert answer.status < 400, await answer.text()
            return await answer.json()

    async def get(self, path: str) -> Any:
        async with self.session.get(path) as answer:
            assert answer.status < 400, await answer.text()
            return await answer.json()

    async def states(self) -> dict[str, str]:
        """Return the state of every entity."""
        return {s["entity_id"]: s["state"] for s in await self.get("/api/states")}

    async def until_state(self, entity: str, *wanted: str) -> str:
        """Wait until an entity has one of the states."""
        state = None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while (state := (await self.states()).get(entity)) not in wanted:  # noqa: ASYNC110 - it tells only who asks
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{entity} is {state}\n{self.last_words()}") from None
        return str(state)

    async def call(self, domain: str, service: str, **fields: Any) -> None:
        await self.post(f"/api/services/{domain}/{service}", fields)

    @property
    def login(self) -> str:
        """Return a script by which a browser's page finds itself logged in as the owner."""
        tokens = {
            "access_token": self._token,
            "refresh_token": "",
            "token_type": "Bearer",
            "expires_in": 1800,
            "expires": 4_102_444_800_000,
            "hassUrl": self.url,
            "clientId": f"{self.url}/",
        }
        return f"localStorage.hassTokens = {json.dumps(json.dumps(tokens))};"

    # --- its start ------------------------------------------------------------------------

    async def _until_it_answers(self) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                assert self._process.returncode is None, self.last_words()
                try:
                    async with session.get(f"{self.url}/api/onboarding") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.2)

    async def _log_in(self) -> None:
        owner = {
            "client_id": CLIENT_ID,
            "name": "Owner",
            "username": "owner",
            "password": "owner",
            "language": "en",
        }
        async with aiohttp.ClientSession(self.url) as session:
            async with session.post("/api/onboarding/users", json=owner) as answer:
                code = (await answer.json())["auth_code"]
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "client_id": CLIENT_ID,
            }
            async with session.post("/auth/token", data=form) as answer:
                self._token = (await answer.json())["access_token"]
        self.session = aiohttp.ClientSession(
            self.url, headers={"Authorization": f"Bearer {self._token}"}
        )
        # Without the rest of the welcome, its page shows nothing else.
        there = {"client_id": CLIENT_ID, "redirect_uri": CLIENT_ID}
        for step in ("core_config", "analytics", "integration"):
            await self.post(f"/api/onboarding/{step}", there)
