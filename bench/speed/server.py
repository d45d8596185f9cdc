"""An endpoint that answers every request immediately with the same verdict.

    python -m bench.speed.server

Prints its port, and ends when its standard input is closed. It takes a small part of the time of
any client, which the benchmarks measure.
"""

from __future__ import annotations

import asyncio
import json
import sys

VERDICT = {
    "reasoning": "Both jokes turn on the last word. " * 8,
    "decision": "A",
    "winner_humor_features": ["irony"],
    "winner_delivery_features": ["timing"],
    "loser_features": ["cliché"],
}
_BODY = json.dumps(
    {
        "id": "1",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": json.dumps(VERDICT)},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 500, "completion_tokens": 120, "total_tokens": 620},
    }
).encode()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            start = head.find(b"content-length:") + len(b"content-length:")
            size = int(head[start:].split(b"\r\n", 1)[0])
            if len(self._read) < end + 4 + size:
                return
            self._read = self._read[end + 4 + size :]
            self._transport.write(_ANSWER)  # type: ignore[attr-defined]


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
