"""F22: the server is told to end while everybody is there."""

from contextlib import AsyncExitStack

from tests.e2e.relay_process import RelayProcess
from tests.e2e.wire_client import wire_client
from tests.faults.http_player import player
from tests.faults.row import Figure, Row

EXIT_WITHIN_S = 2.0
STRETCH_S = 1.0
GOING_AWAY = 1001
SOUND_BYTES = 2000


async def end_while_streaming(relay: RelayProcess, number: int) -> Row:
    """Send a signal while one speaks, two receive, one watches and one listens."""
    async with AsyncExitStack() as stack:
        sender, watcher, *receivers = clients = [
            await stack.enter_async_context(wire_client(relay.websocket_url))
            for _ in range(4)
        ]
        stream_id = await sender.send("Nursery")
        for receiver in receivers:
            await receiver.receive(stream_id=stream_id)
        await watcher.say("subscribe_visualization", stream_id=stream_id)
        await watcher.hear("audio_data")
        listener = await stack.enter_async_context(player(relay, "nursery"))
        await listener.hear(SOUND_BYTES)

        exit_s = await relay.stop(number)
        codes = [await client.closed() for client in clients]
        await listener.hear_the_end()
        lost = [r for r in receivers if r.peer is not None and r.peer.lost.is_set()]
    return Row(
        "F22",
        "a signal ends the server while it streams",
        (
            Figure("exit after", exit_s, "s", EXIT_WITHIN_S, STRETCH_S),
            Figure(
                "sockets closed with another code than 1001", untold(codes), limit=0
            ),
            Figure("receivers not told by DTLS", len(receivers) - len(lost), limit=0),
        ),
    )


def untold(codes: list[int | None]) -> int:
    return sum(code != GOING_AWAY for code in codes)
