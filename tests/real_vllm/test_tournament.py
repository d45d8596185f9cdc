"""A tournament from the command line with a real vLLM: interrupted, resumed and rated."""

import importlib.util
import os
import re
import signal
import time

import polars as pl
import pytest
from support.fields import rows, write_files
from support.signals import interrupt_twice
from support.vllm_commands import others_of, run, start

if importlib.util.find_spec("vllm") is None:
    pytest.skip("needs vLLM, which `make test-vllm` installs", allow_module_level=True)

BUDGET = 200
SPEC = """
budget = {budget}
[schedule]
prompts_per_pairing = 10
[judge]
backend = "vllm"
model = "{model}"
temperature = 1.0
dtype = "float32"
max_model_len = 2048
enforce_eager = true
max_num_seqs = 8
"""
JUDGED = "SELECT count(*) FROM judgments"


@pytest.mark.slow
def test_a_tournament_is_interrupted_goes_on_and_is_rated(tiny_llama, tmp_path):
    spec = write_files(tmp_path, 5, 40, SPEC.format(budget=BUDGET, model=tiny_llama))
    store = tmp_path / "T.sqlite"
    process = start("tournament", "run", spec, "--store", store)
    deadline = time.monotonic() + 600
    while not (store.exists() and rows(store, JUDGED)[0][0] >= 20):
        assert process.poll() is None, process.communicate()[1][-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # Like Ctrl-C in a terminal, this signals every process of the group, including the engine.
    os.killpg(process.pid, signal.SIGINT)
    pressed = time.monotonic()
    _, told = process.communicate(timeout=600)
    assert process.returncode == 130, told[-3000:]
    # The comparisons in flight at the interrupt were judged and stored.
    in_flight = int(re.search(r"finishing (\d+) judgments in flight", told)[1])
    judged = rows(store, JUDGED)[0][0]
    failed = rows(store, "SELECT count(*) FROM failures")[0][0]
    assert in_flight > 0
    assert f"{judged:,} judgments committed" in told
    assert judged + failed < BUDGET
    asked = rows(store, "SELECT count(*) FROM comparisons")[0][0]
    assert judged + failed == asked
    print(f"\nCtrl-C with {in_flight} in flight: ended after {time.monotonic() - pressed:.1f} s")
    assert not others_of(process.pid)

    _, told = run("tournament", "resume", store)
    report = next(line for line in told.splitlines() if "matches/s" in line)
    print(report)
    cached = float(re.search(r"([\d.]+)% of the prompt tokens from the cache", report)[1])
    assert cached > 50
    judged = rows(store, JUDGED)[0][0]
    failed = rows(store, "SELECT count(*) FROM failures")[0][0]
    assert judged + failed == BUDGET
    assert failed <= 0.02 * BUDGET
    decisions = tmp_path / "decisions.parquet"
    run("tournament", "export", store, "--decisions", "-o", decisions)
    found = pl.read_parquet(decisions).filter(pl.col("failure").is_null())
    assert set(found["judge"]) == {f"vllm/{tiny_llama}"}
    assert found["winner_humor_features"].str.json_decode(pl.List(pl.String)).list.len().min() >= 1
    assert found["prompt_tokens"].min() > 100
    log = tmp_path / "log.parquet"
    run("tournament", "export", store, "-o", log)
    out, _ = run("rate", log, "--prior", "0.1")
    assert "model-04" in out


@pytest.mark.slow
def test_a_second_ctrl_c_gives_up_at_once_and_leaves_nothing_behind(tiny_llama, tmp_path):
    text = SPEC.format(budget=BUDGET, model=tiny_llama)
    spec = write_files(tmp_path, 5, 40, text.replace("max_num_seqs = 8", "max_num_seqs = 1"))
    store = tmp_path / "T.sqlite"
    process = start("tournament", "run", spec, "--store", store)
    deadline = time.monotonic() + 600
    while not (store.exists() and rows(store, JUDGED)[0][0] >= 3):
        assert process.poll() is None, process.communicate()[1][-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    told = interrupt_twice(process, lambda: os.killpg(process.pid, signal.SIGINT))
    process.stdout.close()
    assert process.returncode == 130, told[-3000:]
    # One comparison at a time is judged, so some of those in flight were abandoned.
    done = rows(store, JUDGED)[0][0] + rows(store, "SELECT count(*) FROM failures")[0][0]
    assert done < rows(store, "SELECT count(*) FROM comparisons")[0][0]
    assert not others_of(process.pid)
