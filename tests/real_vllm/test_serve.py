"""The same tournament through `vllm serve` and the backend for endpoints."""

import importlib.util

import polars as pl
import pytest
from support.fields import rows, write_files
from support.vllm_commands import run
from support.vllm_server import served

from humorrank.judge import TAXONOMY

if importlib.util.find_spec("vllm") is None:
    pytest.skip("needs vLLM, which `make test-vllm` installs", allow_module_level=True)

BUDGET = 120
SPEC = """
budget = {budget}
[schedule]
prompts_per_pairing = 10
[judge]
backend = "openai"
model = "tiny"
base_url = "{url}"
temperature = 1.0
"""


def test_a_tournament_through_vllm_serve(tiny_llama, tmp_path):
    with served(tiny_llama, tmp_path / "serve.log") as url:
        spec = write_files(tmp_path, 5, 40, SPEC.format(budget=BUDGET, url=url))
        store = tmp_path / "T.sqlite"
        _, told = run("tournament", "run", spec, "--store", store)
    print(next((line for line in told.splitlines() if "matches/s" in line), told))
    judged = rows(store, "SELECT count(*) FROM judgments")[0][0]
    failed = rows(store, "SELECT count(*) FROM failures")[0][0]
    assert judged + failed == BUDGET
    assert failed <= 0.05 * BUDGET
    decisions = tmp_path / "decisions.parquet"
    run("tournament", "export", store, "--decisions", "-o", decisions)
    found = pl.read_parquet(decisions).filter(pl.col("failure").is_null())
    labels = found["winner_humor_features"].str.json_decode(pl.List(pl.String)).explode()
    assert set(labels) <= set(TAXONOMY.humor)
    assert found["output_tokens"].min() > 10
