"""Debian's nginx as a child of the tests, with the example's configuration."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.relay_process import RelayProcess, free_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "nginx.conf"
START_S = 10.0

AROUND = """
daemon off;
master_process off;
pid {prefix}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    {example}
}}
"""


@asynccontextmanager
async def nginx(program: str, prefix: Path, relay: RelayProcess) -> AsyncIterator[str]:
    """Run it in front of a server; yield the authority (host and port) under which it answers."""
    port = free_port()
    configuration = prefix / "nginx.conf"
    example = _fitted(EXAMPLE.read_text(), prefix, relay, port)
    configuration.write_text(AROUND.format(prefix=prefix, example=example))
    _make_certificate(prefix)
    process = await asyncio.create_subprocess_exec(
        *(program, "-p", str(prefix), "-c", str(configuration)),
        *("-e", str(prefix / "error.log")),
    )
    try:
        await _until_it_listens(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _fitted(example: str, prefix: Path, relay: RelayProcess, port: int) -> str:
    """Return the example with this test's ports and files, and nothing else changed."""
    changes = {
        r"127\.0\.0\.1:8080": f"127.0.0.1:{relay.ports['signaling']}",
        r"127\.0\.0\.1:8081": f"127.0.0.1:{relay.ports['audio']}",
        r"listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        r"/etc/ssl/earshot": str(prefix),
    }
    for old, new in changes.items():
        example, count = re.subn(
            rf"^([^#\n]*){old}", rf"\g<1>{new}", example, flags=re.M
        )
        assert count, f"the example has no {old}"
    return example


def _make_certificate(prefix: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "1"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=earshot.home"),
            *("-keyout", prefix / "key.pem", "-out", prefix / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )


async def _until_it_listens(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_S):
        while True:
            assert process.returncode is None, (
                "nginx did not start; its words are above"
            )
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
