"""The commands of `humorrank tournament`: output, exit codes and invalid input."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys

import polars as pl
import pytest
from support.fields import LOG, rows, write_files
from support.signals import interrupt, skip_latency, until

import humorrank
from humorrank.errors import StoreError

HUMORRANK = [sys.executable, "-c", "from humorrank.cli import main; main()"]
SIMULATED = '[judge]\nbackend = "simulated"\n'
NO_JUDGE = (
    "no judge is specified. Add the table [judge] to the spec, for example\n  [judge]\n"
    '  backend = "vllm"\n'
)


def test_the_smallest_spec_plays_and_is_rated(run, spec):
    code, out, err = run("run", spec, "--store", "T.sqlite")
    assert (code, out) == (0, "")
    assert "40 judgments committed; stopped because the budget is spent" in err
    assert "judge.ratings does not name 'model-01' and 3 more: simulated at 1000" in err
    assert sorted(p.name for p in spec.parent.iterdir()) == [
        "T.sqlite",
        "T.sqlite-lock",
        "jokes.csv",
        "prompts.csv",
        "spec.toml",
    ], "nothing else is left behind"
    for name in ("log.parquet", "log.csv", "log.jsonl"):
        assert run("export", "T.sqlite", "-o", name)[0] == 0
        board = humorrank.rate(spec.parent / name, prior=0.1)
        assert board.counts["rated"] == 40
        assert len(board.rows) == 5


def test_status_in_every_format(run, store):
    found = json.loads(run("status", store, "--format", "json")[1])
    assert (found["budget"], found["comparisons"], found["judgments"]) == (40, 40, 40)
    assert (found["waiting"], found["failures"], found["ended"]) == (0, 0, "the budget is spent")
    assert "comparisons" in run("status", store)[1]
    assert run("status", store, "--format", "markdown")[1].startswith("| what | value |")
    header, row = run("status", store, "--format", "csv")[1].splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["rounds"] == str(
        found["rounds"]
    )


def test_options_stand_above_the_spec(run, spec):
    arguments = ["--budget", 12, "--seed", 7, "--schedule", "random", "--position", "both"]
    assert (
        run("run", spec, "--store", "T.sqlite", *arguments, "--set", "judge.tie_rate=0.5")[0] == 0
    )
    found = json.loads(run("status", "T.sqlite", "--format", "json")[1])
    assert (found["budget"], found["seed"], found["schedule"]) == (12, 7, "random")
    assert found["judgments"] == 24


def test_the_same_spec_goes_on_and_another_is_refused(run, spec, store):
    before = store.read_bytes()
    assert run("run", spec, "--store", store)[0] == 0
    for arguments, says in (
        (["--seed", 3], "seed (stored 0, given 3)"),
        (["--budget", 50], "budget (stored 40, given 50)"),
        (["--set", "judge.tie_rate=0.2"], "judge.tie_rate (stored 0.1, given 0.2)"),
        (["--set", "lag=2"], "lag (stored 1, given 2)"),
        (["--position", "both"], 'position (stored "random", given "both")'),
        (["--schedule", "random"], 'schedule.kind (stored "swiss", given "random")'),
    ):
        code, _, err = run("run", spec, "--store", store, *arguments)
        assert code == 2
        assert says in err
        assert err.count("\n") == 1
    jokes = spec.parent / "jokes.csv"
    jokes.write_text(jokes.read_text().replace("joke 3 on 2", "another joke"))
    code, _, err = run("run", spec, "--store", store)
    assert code == 2
    assert "candidates (the texts differ)" in err
    assert store.read_bytes() == before


def test_a_store_grows_by_budget_prompts_and_candidates(run, spec, store):
    before = rows(store, LOG)
    assert run("extend", store, "--budget", 50)[0] == 0
    assert run("resume", store)[0] == 0
    assert len(rows(store, LOG)) == 50
    assert rows(store, LOG)[:40] == before

    pl.DataFrame({"prompt_id": ["p9"], "prompt": ["one more"]}).write_csv(spec.parent / "more.csv")
    texts = [f"joke {m} on 9" for m in range(5)]
    names = [f"model-{m:02}" for m in range(5)]
    pl.DataFrame({"prompt_id": ["p9"] * 5, "model": names, "joke": texts}).write_csv("nine.csv")
    newcomer = [f"p{i}" for i in (0, 1, 2, 3, 4, 5, 9)]
    pl.DataFrame({"id": newcomer, "text": [f"new on {i}" for i in newcomer]}).write_csv("a-new.csv")
    code, _, err = run("extend", store, "--candidates", "newcomer=a-new.csv")
    assert code == 2
    assert "this joke of 'newcomer' has an unknown prompt, 'p9'" in err
    arguments = ["--prompts", "more.csv", "--candidates", "nine.csv", "--candidates", "a-new.csv"]
    assert run("extend", store, *arguments, "--budget", 105)[0] == 0
    assert run("resume", store)[0] == 0
    found = json.loads(run("status", store, "--format", "json")[1])
    assert (found["models"], found["prompts"], found["judgments"]) == (6, 7, 105)
    assert rows(store, LOG)[:40] == before
    history = rows(store, "SELECT kind, models, prompts, budget FROM changes")
    assert history == [("start", 5, 6, 40), ("extend", 5, 6, 50), ("extend", 6, 7, 105)]
    assert len({text for (text,) in rows(store, "SELECT fingerprint FROM changes")}) == 3


def test_failures_are_told_and_asked_again(run, spec):
    arguments = ["--set", "judge.failure_rate=0.6", "--set", "judge.retries=0"]
    code, _, err = run("run", spec, "--store", "T.sqlite", *arguments)
    assert code == 0
    first = rows(spec.parent / "T.sqlite", LOG)
    failed = 40 - len(first)
    assert 10 < failed < 35
    assert f"{failed} failed" in err
    assert run("export", "T.sqlite", "-o", "log.csv")[0] == 0
    assert pl.read_csv("log.csv").height == len(first), "a failure is in no log"
    run("export", "T.sqlite", "--decisions", "-o", "decisions.jsonl")
    decisions = pl.read_ndjson("decisions.jsonl")
    assert decisions["failure"].is_not_null().sum() == failed
    assert decisions.filter(pl.col("failure").is_not_null())["winner"].is_null().all()

    elo = decisions["elo_change_a"].drop_nulls().to_list()
    for _ in range(30):
        assert run("resume", "T.sqlite", "--retry-failures")[0] == 0
    found = json.loads(run("status", "T.sqlite", "--format", "json")[1])
    assert (found["comparisons"], found["judgments"], found["failures"]) == (40, 40, 0)
    again = rows(spec.parent / "T.sqlite", LOG)
    assert set(first) <= set(again)
    run("export", "T.sqlite", "--decisions", "-o", "decisions.jsonl")
    late = pl.read_ndjson("decisions.jsonl")
    assert late["elo_change_a"].drop_nulls().to_list() == elo, "a late verdict moves no Elo"
    assert late["elo_change_a"].is_null().sum() == failed


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_cleanly_and_says_how_to_go_on(number, code, run, spec, monkeypatch):
    skip_latency(monkeypatch)
    quick = [*HUMORRANK, "tournament", "run", str(spec), "--store", "quick.sqlite"]
    slow = [*HUMORRANK, "tournament", "run", str(spec), "--store", "slow.sqlite"]
    latency = ["--set", "judge.latency=1.0"]
    subprocess.run([*quick, "--set", "judge.latency=0.0"], check=True, capture_output=True)
    process = subprocess.Popen([*slow, *latency], stderr=subprocess.PIPE, text=True)
    until(lambda: count(spec.parent / "slow.sqlite", "judgments") > 3, process)
    _, err, _ = interrupt(process, number)
    assert process.returncode == code
    assert "run `humorrank tournament resume slow.sqlite` to continue" in err
    found = json.loads(run("status", "slow.sqlite", "--format", "json")[1])
    assert 3 < found["judgments"] < 40
    assert found["ended"] is None
    assert run("resume", "slow.sqlite")[0] == 0
    assert rows(spec.parent / "slow.sqlite", LOG) == rows(spec.parent / "quick.sqlite", LOG)


def count(store, table):
    """Returns the number of rows of a table in a store that may not be complete yet."""
    try:
        return rows(store, f"SELECT COUNT(*) FROM {table}")[0][0] if store.exists() else 0
    except (sqlite3.Error, StoreError):
        return 0


def test_a_second_writer_is_refused_and_readers_are_not(run, spec, monkeypatch):
    skip_latency(monkeypatch)
    command = [*HUMORRANK, "tournament", "run", str(spec), "--store", "T.sqlite"]
    process = subprocess.Popen([*command, "--set", "judge.latency=600"], stderr=subprocess.DEVNULL)
    try:
        # During the first comparisons, the command waits for the judge until it is killed.
        until(lambda: count(spec.parent / "T.sqlite", "comparisons"), process)
        for arguments in (["resume", "T.sqlite"], ["extend", "T.sqlite", "--budget", 50]):
            code, _, err = run(*arguments)
            assert code == 2
            assert "another process is writing to it" in err
        assert run("status", "T.sqlite")[0] == 0
        assert run("next", "T.sqlite")[0] == 0
    finally:
        process.kill()
        process.wait()
    assert run("resume", "T.sqlite")[0] == 0, "a killed writer holds no lock"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"spec": "budgte = 3\n"}, "there is no key 'budgte'; did you mean 'budget'?"),
        ({"spec": "budget = 0\n"}, "budget must be a whole number, 1 or more, not 0"),
        ({"spec": "budget = 61\n"}, "budget: 61 exceeds the 60 possible comparisons"),
        ({"spec": f"{SIMULATED}tie_rat = 1\n"}, "judge: there is no key 'tie_rat'; did you mean"),
        ({"spec": f"{SIMULATED}tie_rate = 2\n"}, "judge.tie_rate must lie between 0 and 1, not 2"),
        (
            {"spec": '[judge]\nbackend = "simulate"\n'},
            "no backend 'simulate'; did you mean 'simulated'",
        ),
        (
            {"spec": f'{SIMULATED}[judge.ratings]\n"model-1" = 3\n'},
            "'model-1' is not a candidate; did you mean",
        ),
        ({"spec": '[schedule]\nkind = "swis"\n'}, "schedule.kind must be one of swiss"),
        ({"spec": 'position = "left"\n'}, "position must be one of random, both, fixed"),
        ({"spec": "seed = -1\n"}, "seed must be a whole number"),
        ({"spec": "lag = 1.5\n"}, "lag must be a whole number"),
        ({"spec": "[nonsense\n"}, "is not a TOML file"),
        ({"jokes": ("p1,model-02,joke 2 on 1\n", "")}, "'model-02' has no joke for prompt 'p1'"),
        (
            {"jokes": ("joke 2 on 1\n", "\n")},
            "row 8, column 'joke': the joke of 'model-02' for prompt 'p1' is empty",
        ),
        (
            {"jokes": ("p1,model-02", "p0,model-02")},
            "row 8: 'model-02' already has a joke for prompt 'p0'",
        ),
        (
            {"jokes": ("p1,model-02", "q1,model-02")},
            "row 8: this joke of 'model-02' has an unknown prompt, 'q1'",
        ),
        ({"jokes": ("p1,model-02", "p1,")}, "row 8, column 'model': is empty"),
        ({"jokes": ("joke\n", "jest\n")}, "has no column joke"),
        ({"prompts": ("p1,", "p0,")}, "row 3: prompt 'p0' occurs twice"),
        ({"prompts": ("headline 1", "-")}, "prompt 'p1' has neither a prompt, nor a headline"),
        ({"prompts": ("p5,headline 5\n", "p5,headline 5\np6,x\n")}, "prompt 'p6' has no jokes"),
        ({"spec": 'missing = "leave"\n'}, "missing must be one of fail, drop, skip"),
        ({"spec": 'quoting = "some"\n'}, "quoting must be one of"),
        (
            {"spec": '[judge]\nbackend = "antropic"\n'},
            "judge.backend: there is no backend 'antropic'; did you mean 'anthropic'? (known: ",
        ),
        (
            {"prompts": ("headline\n", "title\n")},
            "has no column prompt, headline, or word1 and word2",
        ),
    ],
)
def test_bad_input_gets_one_clear_error(run, tmp_path, change, says):
    lines = change.get("spec", "")
    lines += "" if "[judge" in lines else SIMULATED
    spec = write_files(tmp_path, 4, 10 if "budget" in change else 6, lines)
    if says.startswith("budget: 61"):
        spec = write_files(tmp_path, 5, 6, lines)
    for name, (old, new) in ((k, v) for k, v in change.items() if k != "spec"):
        path = tmp_path / f"{name}.csv"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
    code, out, err = run("run", spec, "--store", "T.sqlite")
    assert (code, out) == (2, "")
    assert says in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "T.sqlite").exists()


def test_simulate_compares_with_the_truth(run):
    arguments = ["8", "--prompts", 20, "--budget", 400, "--runs", 3, "--steps", 4, "--seed", 1]
    code, out, _ = run("simulate", *arguments, "--format", "json")
    assert code == 0
    table = json.loads(out)
    assert [row["comparisons"] for row in table] == [100, 200, 300, 400]
    assert table[-1]["tau"] > table[0]["tau"] - 0.1
    assert table[-1]["tau"] > 0.7
    assert table[-1]["error"] < table[0]["error"]


def test_recorded_verdicts_are_repeated(run, spec, store):
    run("export", store, "-o", "log.csv")
    spec.write_text(
        spec.read_text().split("[judge]")[0] + '[judge]\nbackend = "recorded"\npath = "log.csv"\n'
    )
    assert run("run", spec, "--store", "again.sqlite")[0] == 0
    run("export", "again.sqlite", "-o", "again.csv")
    columns = ["model_a", "model_b", "winner", "question_id"]
    assert pl.read_csv("again.csv").select(columns).equals(pl.read_csv("log.csv").select(columns))
    shutil.copy("log.csv", "kept.csv")
    pl.read_csv("log.csv").head(30).write_csv("log.csv")
    code, _, err = run("resume", "again.sqlite")
    assert code == 2
    assert "judge.digest (the texts differ)" in err


@pytest.mark.parametrize("lines", ["", "[judge]\n", "[judge]\ntie_rate = 0.1\n"])
def test_a_spec_without_a_judge_is_refused(run, tmp_path, lines):
    spec = write_files(tmp_path, 4, 6, lines)
    code, out, err = run("run", spec, "--store", "T.sqlite")
    assert (code, out) == (2, "")
    assert NO_JUDGE in err and "--judge PROVIDER/MODEL" in err
    assert not (tmp_path / "T.sqlite").exists()
    assert run("run", spec, "--store", "T.sqlite", "--judge", "simulated")[0] == 0
    assert run("resume", "T.sqlite")[0] == 0


def test_a_store_of_simulated_verdicts_says_so_on_boards_and_pages(run, store, tmp_path):
    notice = "the verdicts of judge 'simulated' are simulated"
    assert f"warning: {notice}" in run("export", store, "-o", "log.csv")[2]
    for source in (store, tmp_path / "log.csv"):
        board = humorrank.rate(source, prior=0.1, bootstrap=0)
        assert board.warnings.count(notice) == 1
        page = humorrank.report.make_page(source, prior=0.1, bootstrap=0, pictures=False)
        assert notice in page.data["warnings"] and notice in page.html
    assert notice in humorrank.rate(store, prior=0.1, bootstrap=0, by="judge").warnings
