"""A whole tournament whose judge is an endpoint that fails in every possible way."""

import itertools
import json
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from support.fields import rows
from support.signals import interrupt_twice, until

from humorrank.cli import main

pytest.importorskip("aiohttp")

PASSING = (
    *("rate", "broken", "hang", "drip", "cut", "truncated", "no_json", "schema", "deep"),
    *("empty", "null", "length", "wrong", "doubled", "half_error", "half_text"),
)
LASTING = ("refusal", "filtered", "half_refusal")
MODELS = ("x", "y", "z")
HUMORRANK = [sys.executable, "-c", "from humorrank.cli import main; main()"]


@pytest.fixture
def play(monkeypatch, capsys, endpoint):
    """Plays every pair on each of the given prompts; returns (exit code, errors)."""
    verdict = {"reasoning": "", "decision": "B", "winner_humor_features": ["irony"]}
    verdict |= {"winner_delivery_features": ["timing"], "loser_features": ["cliché"]}
    endpoint.write = lambda _: json.dumps(verdict)

    def play(prompts, *more):
        written(prompts)
        monkeypatch.setattr(sys, "argv", ["humorrank", "tournament", *more])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        return code, capsys.readouterr().err

    return play


def written(prompts):
    """Writes the spec and the texts of a tournament."""
    # Only faults that last until the client gives up need a short timeout.
    timeout = 1.5 if any(text.startswith(("hang", "drip")) for text in prompts) else 600.0
    asked = [{"prompt_id": f"p{i:03}", "headline": text} for i, text in enumerate(prompts)]
    pl.DataFrame(asked).write_csv("prompts.csv")
    jokes = itertools.product(range(len(prompts)), MODELS)
    texts = [
        {"prompt_id": f"p{i:03}", "model": model, "joke": f"{model} on {i}"} for i, model in jokes
    ]
    pl.DataFrame(texts).write_csv("jokes.csv")
    Path("spec.toml").write_text(
        'prompts = "prompts.csv"\ncandidates = "jokes.csv"\nschedule.kind = "round_robin"\n'
        f'[judge]\nbackend = "openai"\nmodel = "m"\ntimeout = {timeout}\nretries = 1\n'
    )


RUN = ("run", "spec.toml", "--store", "T.sqlite")


def outcomes():
    """Returns all judgments (comparison, position, score) and failures (comparison, position)."""
    judged = rows(Path("T.sqlite"), "SELECT comparison, position, score FROM judgments")
    failed = rows(Path("T.sqlite"), "SELECT comparison, position FROM failures")
    return judged, failed


@pytest.mark.slow
def test_each_comparison_ends_as_one_verdict_or_one_stored_failure(play, endpoint):
    # Of the three comparisons on a prompt, some succeed and some fail.
    prompts = ["rate 0 x", *(f"{fault} 3 x" for fault in PASSING), *(f"{f} 99 x" for f in LASTING)]
    expected = len(prompts) * 3
    code, err = play(prompts, *RUN)
    assert code == 0 and "matches/s" in err, err
    judged, failed = outcomes()
    slots = [row[:2] for row in judged] + list(failed)
    assert len(slots) == len(set(slots)) == expected
    assert len(failed) >= 3 * len(LASTING)
    exported = play(prompts, "export", "T.sqlite", "--decisions", "-o", "d.jsonl")
    assert exported[0] == 0
    decided = pl.read_ndjson("d.jsonl", infer_schema_length=None)
    assert len(decided) == expected and set(decided["score"]) == {0.0, None}
    assert decided["failure"].is_not_null().sum() == len(failed)

    # Several attempts are needed, because a busy machine may answer late in each of them.
    for _ in range(50):
        assert play(prompts, "resume", "T.sqlite", "--retry-failures")[0] == 0
        again, _ = outcomes()
        assert set(judged) <= set(again)
        if len(again) >= expected - 3 * len(LASTING):
            break
    assert len(again) == len({row[:2] for row in again}) == expected - 3 * len(LASTING)


@pytest.mark.parametrize("fault", ["unauthorized", "no_model", "no_credit", "no_quota"])
def test_what_no_retry_mends_ends_the_run_and_it_goes_on_later(play, endpoint, fault):
    prompts = [*(f"rate 0 {i}" for i in range(10)), f"{fault} 1 x"]
    code, err = play(prompts, *RUN, "--in-flight", "1")
    assert code == 2 and err.count("error: ") == 1 and "Traceback" not in err
    assert endpoint.asked[f"{fault} 1 x"] == 1 and not outcomes()[1]
    assert play(prompts, "resume", "T.sqlite")[0] == 0
    judged, failed = outcomes()
    assert len(judged) == len({row[:2] for row in judged}) == 33 and not failed


def test_the_second_ctrl_c_waits_for_no_endpoint(endpoint):
    written(["hang 99 x", "hang 99 y"])
    command = [*HUMORRANK, "tournament", *RUN, "--set", "judge.timeout=600"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until(lambda: endpoint.asked, process)
    err = interrupt_twice(process, lambda: process.send_signal(signal.SIGINT))
    assert process.returncode == 130, err
    assert "press Ctrl-C again to abandon them" in err
    assert "run `humorrank tournament resume T.sqlite` to continue" in err
    assert outcomes() == ([], [])
