"""The client of endpoints, from the schedule to the disk, beside bare aiohttp.

The server answers immediately, in a process of its own. Only the processor time of the client is
counted.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.speed.judge import real_length_field
from bench.speed.racing import Peer, Race
from humorrank.judge import make_judge
from humorrank.store.store import Store
from humorrank.tournament.engine import play_rounds
from humorrank.tournament.fingerprint import tournament_fingerprint
from humorrank.tournament.spec import JudgeSpec, ScheduleSpec, Spec

JUDGMENTS = 4_000
ROOT = Path(__file__).parents[2]


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Runs the server and returns its address."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with subprocess.Popen(
        [sys.executable, "-m", "bench.speed.server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        server.stdin.close()


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("in_flight", [64, 512])
def test_judgments_of_an_endpoint(race: Race, tmp_path: Path, url: str, in_flight: int) -> None:
    """Client, parsing and commits; the peer only posts the same requests and parses the JSON."""
    aiohttp = pytest.importorskip("aiohttp")
    field = real_length_field()
    options = {"model": "m", "base_url": url}
    limits = {"in_flight": in_flight, "batch_size": in_flight}
    schedule = ScheduleSpec(kind="round_robin", prompts_per_pairing=50)
    spec = Spec(
        (), budget=JUDGMENTS, schedule=schedule, judge=JudgeSpec("openai", options, **limits)
    )
    turns = 0
    sent: dict[str, Any] = {}

    async def ours() -> int:
        nonlocal turns
        turns += 1
        judge = make_judge("openai", options, field, seed=0, folder=tmp_path, limits=limits)
        assert judge is not None
        sent.update(messages="x" * 3_000, model="m", **judge.fields())  # type: ignore[attr-defined]
        path = tmp_path / f"{turns}.sqlite"
        given = tournament_fingerprint(spec, field, JUDGMENTS, judge)
        with Store.create(path, spec.content(), field, JUDGMENTS, given) as store:
            ending = await play_rounds(store, spec, field, judge)
        return ending.judged

    async def bare() -> int:
        connector = aiohttp.TCPConnector(limit=in_flight)
        async with aiohttp.ClientSession(connector=connector) as session:
            todo = iter(range(JUDGMENTS))
            answered = 0

            async def worker() -> None:
                nonlocal answered
                for _ in todo:
                    async with session.post(f"{url}/chat/completions", json=sent) as response:
                        answered += "choices" in json.loads(await response.read())

            await asyncio.gather(*(worker() for _ in range(in_flight)))
        return answered

    def same(mine: int, theirs: int) -> None:
        assert mine == theirs == JUDGMENTS

    race(
        f"Judgments of an endpoint, {in_flight} in flight (processor time)",
        lambda: asyncio.run(ours()),
        [
            Peer(
                "aiohttp: post and parse",
                lambda: asyncio.run(bare()),
                same,
                per=JUDGMENTS,
                target=0.5,
            )
        ],
        per=JUDGMENTS,
        rounds=5,
    )
