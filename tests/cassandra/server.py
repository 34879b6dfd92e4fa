"""A real Cassandra of the tests: one node, a plain Java process on loopback."""

import asyncio
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from bench.free_port import free_port
from tests.cassandra.keystore import HOST, PASSWORD, make_keystore

PREPARE = Path(__file__).parent / "prepare.sh"
START_S = 120.0
ANSWER_S = 5.0
STOP_S = 30.0

# What jvm17-server.options of Cassandra opens to itself; Java 11 has all of these as well.
EXPORTS = (
    "java.base/java.lang.ref",
    "java.base/jdk.internal.misc",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
    "jdk.unsupported/sun.misc",
)
OPENS = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "jdk.management/com.sun.management.internal",
)
PROPERTIES = (
    "jdk.attach.allowAttachSelf=true",
    "cassandra-foreground=yes",
    "cassandra.ring_delay_ms=100",
    "cassandra.skip_wait_for_gossip_to_settle=0",
    "cassandra.superuser_setup_delay_ms=0",
    "java.net.preferIPv4Stack=true",
)

# What is not here is as Cassandra has it; above all, the commit log reaches the disk every ten
# seconds, and the operating system's memory before a write is acknowledged.
CONFIGURATION = """\
cluster_name: earshot tests
num_tokens: 1
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{{seeds: "{host}:{storage_port}"}}]
listen_address: {host}
rpc_address: {host}
storage_port: {storage_port}
ssl_storage_port: {ssl_storage_port}
native_transport_port: {port}
data_file_directories: [{folder}/data]
commitlog_directory: {folder}/commitlog
saved_caches_directory: {folder}/saved_caches
hints_directory: {folder}/hints
cdc_raw_directory: {folder}/cdc
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_segment_size: 8MiB
concurrent_reads: 8
concurrent_writes: 8
authenticator: {authenticator}Authenticator
client_encryption_options:
  enabled: {tls}
  optional: false
  keystore: {folder}/keystore
  keystore_password: {keystore_password}
  store_type: PKCS12
"""
LOGBACK = """\
<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
"""
# The request OPTIONS of CQL's binary protocol, version 4, and the code of its answer.
OPTIONS = bytes((4, 0, 0, 0, 5, 0, 0, 0, 0))
SUPPORTED = 6


class CassandraMissing(Exception):
    """Java or what is to be fetched is not there; the text says what to do."""


def jars() -> Path:
    """Return the folder of Cassandra's archives, fetched if need be. Raises `CassandraMissing`."""
    run = subprocess.run([PREPARE], capture_output=True, text=True, check=False)
    if run.returncode:
        said = run.stderr.strip().splitlines()[-3:]
        raise CassandraMissing("Cassandra cannot be had: " + " ".join(said))
    return Path(run.stdout.strip())


class CassandraServer:
    """
    One node with its data in a folder; it can end, and begin again on the same ports.

    If it is ``guarded``, clients have to say who they are (``cassandra`` and
    ``cassandra``), and to encrypt.
    """

    def __init__(self, folder: Path, *, guarded: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "cassandra.log"
        self._jars = jars()
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "logback.xml").write_text(LOGBACK)
        (folder / "cassandra.yaml").write_text(
            CONFIGURATION.format(
                host=HOST,
                port=self.port,
                storage_port=free_port(),
                ssl_storage_port=free_port(),
                folder=folder,
                authenticator="Password" if guarded else "AllowAll",
                tls=str(guarded).lower(),
                keystore_password=PASSWORD,
            )
        )
        self.certificate = make_keystore(folder) if guarded else None

    async def start(self) -> None:
        """Start, and wait until it answers."""
        self.begin()
        await self.until_it_answers()

    def begin(self) -> None:
        """Start without waiting for anything."""
        assert self._process is None, "it runs already"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _command(self) -> list[str]:
        java = shutil.which("java")
        assert java is not None, "prepare.sh looked for it"
        folder = self.folder
        return [
            java,
            *(
                "-Xms256m",
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:MaxDirectMemorySize=128m",
            ),
            "-Xss256k",
            *(f"--add-exports={name}=ALL-UNNAMED" for name in EXPORTS),
            *(f"--add-opens={name}=ALL-UNNAMED" for name in OPENS),
            *(f"-D{name}" for name in PROPERTIES),
            f"-Dcassandra.config=file://{folder}/cassandra.yaml",
            f"-Dcassandra.storagedir={folder}",
            f"-Dcassandra.logdir={folder}",
            f"-Dlogback.configurationFile={folder}/logback.xml",
            f"-Djava.io.tmpdir={folder}",
            *(f"-javaagent:{jar}" for jar in self._jars.glob("jamm-*.jar")),
            *("-cp", f"{self._jars}/*"),
            "org.apache.cassandra.service.CassandraDaemon",
        ]

    async def until_it_answers(self) -> None:
        deadline = time.monotonic() + START_S
        while not await self._answers():
            assert self._process is not None, "it was not started"
            assert self._process.poll() is None, self.last_words()
            assert time.monotonic() < deadline, self.last_words()
            await asyncio.sleep(0.1)

    async def _answers(self) -> bool:
        encrypted = self.certificate and ssl.create_default_context(
            cafile=self.certificate
        )
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection(
                    HOST, self.port, ssl=encrypted
                )
                with closing(writer):
                    writer.write(OPTIONS)
                    return (await reader.readexactly(9))[4] == SUPPORTED
        except (OSError, asyncio.IncompleteReadError):  # a timeout is one of the former
            return False

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    def pause(self) -> None:
        """Stop it as it stands: connections stay, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    async def kill(self) -> None:
        """End it within no time, as a crash does."""
        self._signal(signal.SIGKILL)
        await self._ended(STOP_S)

    async def stop(self) -> None:
        """End it in order, or else without. Idempotent."""
        if self._process is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        try:
            await self._ended(STOP_S)
        except TimeoutError:
            await self.kill()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "it does not run"
        self._process.send_signal(number)

    async def _ended(self, within_s: float) -> None:
        assert self._process is not None, "it does not run"
        async with asyncio.timeout(within_s):
            while self._process.poll() is None:  # noqa: ASYNC110 - it tells only who asks
                await asyncio.sleep(0.05)
        self._process = None


@asynccontextmanager
async def cassandra_server(
    folder: Path, *, guarded: bool = False
) -> AsyncIterator[CassandraServer]:
    """Have a server for the length of a ``with`` block. Raises `CassandraMissing`."""
    server = CassandraServer(folder, guarded=guarded)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()
