"""The commands of the README run in order, each on the files that the earlier ones wrote."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from support.endpoint import Endpoint, answer, endpoint
from support.snippets import Page

import humorrank

README = Path(__file__).resolve().parents[2] / "README.md"

__all__ = ["endpoint"]

RATINGS = {"gpt-5": 1150, "kimi-k2": 1100, "llama-3": 950, "qwen-3": 800}

NOT_RUN = ("make ", "pip ", "vllm/")
"""Commands that are not run, because they build the package or need vLLM and a GPU."""

SPEC = """
candidates = "candidates.csv"

[judge]
backend = "simulated"
tie_rate = 0.3

[judge.ratings]
"""


class Obliging(Endpoint):
    """Answers every request with a joke, or with a verdict if one is asked for."""

    def do_POST(self):  # noqa: N802 - named by the base class
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        verdict = json.dumps({"reasoning": "It is short.", "decision": "A"})
        self.reply(200, answer(verdict if "response_format" in body else "A cat walks in."))


@pytest.fixture
def files(folder, endpoint):
    """Writes the files that the commands of the README read but do not write."""
    endpoint.RequestHandlerClass = Obliging
    log = humorrank.simulate(RATINGS, 600, ties=0.2, seed=1).with_row_index("row")
    log = log.with_columns(
        question_id=pl.format("p{}", pl.col("row") // 6),
        judge=pl.concat_str(pl.lit("judge "), pl.col("row") % 2),
        language=pl.lit("en"),
    ).drop("row")
    log.write_csv("votes.csv")
    Path("votes.csv.gz").write_bytes(gzip.compress(Path("votes.csv").read_bytes()))
    for name in ("votes-may", "votes-june", "votes", "friday"):
        log.write_parquet(f"{name}.parquet")
    log.head(400).write_parquet("monday.parquet")
    for name, seed in (("llama", 2), ("qwen", 3)):
        again = humorrank.simulate(RATINGS, 600, seed=seed)
        again.with_columns(log["question_id"], judge=pl.lit(name)).write_parquet(f"{name}.parquet")
    columns = {"model_a": "left", "model_b": "right", "winner": "label"}
    log.rename(columns).write_csv("results.csv")
    log.head(100).write_csv("today.csv")
    humorrank.tally(log).write("year.parquet")
    prompts = [f"Cat {i} is mayor" for i in range(30)]
    pl.DataFrame(
        [(f"p{i}", text, model, f"{model} laughs at {text}")
         for i, text in enumerate(prompts) for model in RATINGS],
        schema=["prompt_id", "prompt", "model", "joke"], orient="row",
    ).write_csv("candidates.csv")  # fmt: skip
    Path("spec.toml").write_text(
        SPEC + "".join(f"{model} = {rating}\n" for model, rating in RATINGS.items())
    )
    Path("prompts.tsv").write_text("id\theadline\n1\tCat elected mayor\n2\tBus arrives on time\n")
    Path("jokes.txt").write_text("It came.\nIt went.\nIt was late.\n")
    Path("pairs.csv").write_text("prompt,joke_a,joke_b\nA bus.,It came.,It went.\n")
    words = ["model_a", "model_b", "modle_a"]
    typo = [f"pun,irony,{word}" for word in words]
    Path("typo.csv").write_text("\n".join(["model_a,model_b,winner", *typo, ""]))
    cycle = ["pun,irony", "irony,satire", "satire,pun"]
    lost = ["pun,slapstick", "irony,slapstick", "satire,slapstick"] * 4
    Path("young.csv").write_text("\n".join(["winner,loser", *cycle, *lost, ""]))
    return folder


@pytest.mark.slow
def test_the_commands_of_the_readme_run_one_after_the_other(files):
    before = set(files.iterdir())
    page = Page(README, NOT_RUN)
    page.run()
    assert page.ran >= 30
    written = {path.name for path in set(files.iterdir()) - before}
    assert {"leaderboard.png", "board.json", "t.sqlite", "log.parquet", "report.html"} <= written
