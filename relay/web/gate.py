"""Everything that is needed to let devices and players in by name, opened together."""

from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from relay.events import EventBus
from relay.hub.identity import slug_of
from relay.instance import instance_id
from relay.private_file import PrivateFile
from relay.web.about import About
from relay.web.access_mode import AccessMode, Mode
from relay.web.attempts import Attempts
from relay.web.credentials import DeviceCredentials
from relay.web.device_desk import DeviceDesk
from relay.web.devices import Devices
from relay.web.health import Check, PartState
from relay.web.home_address import HomeAddress
from relay.web.pairing_codes import PairingCodes
from relay.web.pairing_desk import PairingDesk
from relay.web.signed_address import SignedAddresses
from relay.web.standing_device import standing_token


class Gate:
    """An async context manager; its files are in the data folder."""

    def __init__(
        self,
        data_dir: Path,
        bus: EventBus,
        *,
        paired: bool = False,
        attempts: Attempts | None = None,
        codes: PairingCodes | None = None,
    ) -> None:
        """``paired`` is what the option says."""
        self.mode = AccessMode(
            Mode.PAIRED if paired else Mode.LAN,
            PrivateFile(data_dir / "access.json"),
            bus,
        )
        self.devices = Devices(PrivateFile(data_dir / "devices.json"), bus)
        self.addresses = SignedAddresses(
            PrivateFile(data_dir / "address_keys.json"), bus
        )
        self.codes = PairingCodes() if codes is None else codes
        self.attempts = Attempts() if attempts is None else attempts
        self.credentials = DeviceCredentials(
            self.devices, self.addresses, self.mode, self.attempts
        )
        self._folder = data_dir
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Gate":
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.devices)
            await stack.enter_async_context(self.addresses)
            self.instance = await instance_id(self._folder)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def first_code(self) -> str | None:
        """Return a code that makes the first admin, None if there is one."""
        return None if self.devices.have_admin else self.codes.issue_first()

    async def standing_token(self, name: str) -> str | None:
        """Let a program of this machine in, once; see `relay.web.standing_device`."""
        file = PrivateFile(self._folder / f"{slug_of(name)}.json")
        return await standing_token(self.devices, file, name)

    def add_routes(self, app: web.Application, home: HomeAddress, cards: str) -> None:
        PairingDesk(
            self.codes, self.devices, self.mode, self.attempts, home
        ).add_routes(app)
        About(self.instance, home, cards).add_routes(app)
        DeviceDesk(self.devices, self.codes, self.addresses, home).add_routes(app)

    def check(self) -> Check:
        """Tell the mode, and how many were let in."""
        return lambda: PartState(
            alive=True,
            details={"mode": self.mode.now.value, "let_in": len(self.devices)},
        )
