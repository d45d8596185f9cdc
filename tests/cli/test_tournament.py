"""The commands `humorrank tournament`: output, exit codes, and bad input."""

import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from functools import partial

import polars as pl
import pytest
from support.fields import LOG, field, rows, write_files
from support.signals import interrupt, skip_latency, until

import humorrank
from humorrank.errors import StoreError
from humorrank.store import schema

HUMORRANK = [sys.executable, "-c", "from humorrank.cli import main; main()"]
BUDGET = "budget = 40\n"
SIMULATED = '[judge]\nbackend = "simulated"\n'
JUDGE = f'{SIMULATED}tie_rate = 0.1\n[judge.ratings]\n"model-00" = 1307.5\n'


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    """Runs a command in its own folder, and returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    return partial(run, "tournament")


@pytest.fixture
def spec(tmp_path):
    return write_files(tmp_path, 5, 6, BUDGET + JUDGE)


@pytest.fixture
def store(run, spec):
    assert run("run", spec, "--store", "T.sqlite")[0] == 0
    return spec.parent / "T.sqlite"


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


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(run, spec, monkeypatch):
    skip_latency(monkeypatch)
    quick = [*HUMORRANK, "tournament", "run", str(spec), "--store", "quick.sqlite"]
    slow = [*HUMORRANK, "tournament", "run", str(spec), "--store", "slow.sqlite"]
    latency = ["--set", "judge.latency=1.0"]
    subprocess.run([*quick, "--set", "judge.latency=0.0"], check=True, capture_output=True)
    process = subprocess.Popen([*slow, *latency], stderr=subprocess.PIPE, text=True)
    until(lambda: count(spec.parent / "slow.sqlite", "judgments") > 3, process)
    _, err, _ = interrupt(process)
    assert process.returncode == 130
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
        # With the first comparisons, it waits for the judge until it is killed.
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
            {"spec": '[judge]\nbackend = "anthropic"\n'},
            "judge.backend: there is no backend 'anthropic'; its endpoint has OpenAI's API, so "
            "write openai/MODEL and the setting base_url = 'https://api.anthropic.com/v1'",
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


def _damage(path):
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 8] = os.urandom(4096 * 5)
    path.write_bytes(content)


def _newer(path):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_damage, "is damaged"),
        (_newer, "has schema version 3"),
        (lambda path: path.write_text("a,b\n1,2\n"), "is not a tournament"),
        (lambda path: path.write_bytes(b""), "is not a tournament"),
        (lambda path: path.unlink(), "there is no such store"),
    ],
)
def test_a_store_that_cannot_be_used_is_left_as_it_is(run, store, spoil, says):
    spoil(store)
    before = store.read_bytes() if store.exists() else None
    for arguments in (["resume"], ["extend", "--budget", 50], ["import", "votes.csv"]):
        command, *rest = arguments
        code, _, err = run(command, store, *rest)
        assert code == 2
        assert says in err
        assert err.count("\n") == 1
    assert (store.read_bytes() if store.exists() else None) == before
    assert {p.name for p in store.parent.iterdir()} <= {
        "T.sqlite", "T.sqlite-lock", "jokes.csv", "prompts.csv", "spec.toml"
    }  # fmt: skip


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_no_place_to_write_but_one_to_read(run, spec, store):
    store.parent.chmod(0o500)
    try:
        for arguments in (["run", spec, "--store", "new.sqlite"], ["resume", store]):
            code, _, err = run(*arguments)
            assert code == 2
            assert "cannot be written" in err
        assert run("status", store)[0] == 0
    finally:
        store.parent.chmod(0o700)


def test_a_full_disk_is_told_and_what_is_committed_stays(run, spec, tmp_path):
    """Simulates a full disk by a limit of the file size, at which SQLite fails in the same way."""
    texts = write_files(tmp_path, 20, 60, f"budget = 11000\n{SIMULATED}")
    command = [*HUMORRANK, "tournament", "run", str(texts), "--store", "T.sqlite"]
    script = f"ulimit -f 700; trap '' XFSZ; exec {' '.join(map(repr, command))}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "everything committed is safe" in errors[0]
    before = set(rows(tmp_path / "T.sqlite", LOG))
    assert before
    assert run("resume", "T.sqlite")[0] == 0
    after = rows(tmp_path / "T.sqlite", LOG)
    assert before <= set(after)
    assert len(after) == 11_000


def test_people_judge_what_next_prints(run, spec):
    spec.write_text(spec.read_text().split("[judge]")[0] + '[judge]\nbackend = "people"\n')
    code, _, err = run("run", spec, "--store", "T.sqlite")
    assert code == 0
    assert "humorrank tournament next T.sqlite" in err
    seen = []
    for day in range(5):
        assert run("next", "T.sqlite", "-n", 7, "-o", "todo.csv")[0] == 0
        todo = pl.read_csv("todo.csv")
        assert todo.height == 7
        voted = todo.with_columns(winner=pl.lit("model_a"), judge=pl.lit("ann"))
        voted.write_csv("votes.csv")
        code, _, err = run("import", "T.sqlite", "votes.csv")
        assert code == 0
        assert "7 votes imported by ann; 7 new comparisons" in err
        seen += todo.select("question_id", "model_a", "model_b").rows()
        code, _, err = run("import", "T.sqlite", "votes.csv")
        assert code == 0
        assert "0 votes imported; 0 new comparisons; 7 votes were already in the store" in err
        assert len(seen) == 7 * (day + 1)
    assert len({(q, *sorted((a, b))) for q, a, b in seen}) == 35, "nothing is asked twice"
    run("next", "T.sqlite", "-n", 50, "-o", "todo.csv")
    assert pl.read_csv("todo.csv").height == 5, "no more than the budget"


def test_votes_that_cannot_be_taken_are_refused_together(run, spec, store):
    good = "question_id,model_a,model_b,winner,judge\np0,model-00,model-01,model_a,ann\n"
    before = rows(store, LOG)
    for line, says in (
        ("p0,model-00,model-9,model_a,ann\n", "'model-9' is not in the tournament"),
        ("p77,model-00,model-01,model_a,ann\n", "prompt 'p77' is not in the tournament"),
        ("p0,model-00,model-01,model_b,ann\n", "occurs twice, with different outcomes"),
        ("p1,model-00,model-01,model_b,\n", "has no judge"),
        ("p1,model-00,model-01,model_b,simulated\n", "is the tournament's own judge"),
    ):
        (spec.parent / "votes.csv").write_text(good + line)
        code, _, err = run("import", store, "votes.csv")
        assert code == 2
        assert says in err
        assert rows(store, LOG) == before
    asked = rows(
        store,
        "SELECT p.id, m.name, n.name FROM comparisons c JOIN prompts p USING (prompt) "
        "JOIN models m ON m.model = c.low JOIN models n ON n.model = c.high",
    )
    lines = "".join(f"{q},{b},{a},tie,bob\n" for q, a, b in asked)
    (spec.parent / "votes.csv").write_text(good.splitlines()[0] + "\n" + lines)
    code, _, err = run("import", store, "votes.csv")
    assert code == 0
    assert "40 votes imported by bob; 0 new comparisons" in err
    every = {(q, a, b) for q in range(6) for a in range(5) for b in range(a + 1, 5)}
    new = sorted(every - {(int(q[1:]), int(a[-2:]), int(b[-2:])) for q, a, b in asked})[0]
    line = f"p{new[0]},model-{new[1]:02},model-{new[2]:02},tie,bob\n"
    (spec.parent / "votes.csv").write_text(good.splitlines()[0] + "\n" + line)
    code, _, err = run("import", store, "votes.csv")
    assert code == 2
    assert "1 of its comparisons are new to the tournament, but only 0 are left" in err
    assert run("resume", store)[0] == 0
    run("export", store, "-o", "log.csv")
    assert dict(pl.read_csv("log.csv")["judge"].value_counts().rows()) == {
        "simulated": 40,
        "bob": 40,
    }


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


def test_files_of_one_system_each(run, tmp_path):
    """Reads submissions of MWAHAHA (TSV without quoting) and outputs of AlpacaEval."""
    texts = field(3, 4)
    (tmp_path / "prompts.tsv").write_text(
        "id\tword1\tword2\theadline\n"
        + "".join(f'p{i}\t-\t-\tSays "{i}\n' for i in range(2))
        + "".join(f"p{i}\tcat\tdog{i}\t-\n" for i in range(2, 4))
    )
    for m in range(3):
        lines = "".join(f'p{p}\tan "odd {texts.jokes[p][m]}\n' for p in range(4))
        (tmp_path / f"system-{m}.tsv").write_text("id\ttext\n" + lines)
    lines = 'prompts = "prompts.tsv"\ncandidates = "system-*.tsv"\n'
    (tmp_path / "spec.toml").write_text(lines + SIMULATED)
    assert run("run", "spec.toml", "--store", "T.sqlite")[0] == 0
    found = rows(tmp_path / "T.sqlite", "SELECT id, text, kind, word1, word2 FROM prompts")
    assert found[0] == ("p0", 'Says "0', "headline", None, None)
    assert found[3] == ("p3", "cat, dog3", "words", "cat", "dog3")
    assert rows(tmp_path / "T.sqlite", "SELECT text FROM jokes LIMIT 1") == [
        ('an "odd joke 0 on 0',)
    ]
    assert rows(tmp_path / "T.sqlite", "SELECT name FROM models") == [
        ("system-0",), ("system-1",), ("system-2",)
    ]  # fmt: skip

    for m in range(3):
        outputs = [
            {"instruction": f"Ask {p}", "output": texts.jokes[p][m], "generator": f"gen-{m}"}
            for p in range(4)
        ]
        (tmp_path / f"out-{m}.json").write_text(json.dumps(outputs))
    (tmp_path / "alpaca.toml").write_text(
        f'candidates = ["out-0.json", "out-1.json", "out-2.json"]\n{SIMULATED}'
    )
    assert run("run", "alpaca.toml", "--store", "A.sqlite")[0] == 0
    assert rows(tmp_path / "A.sqlite", "SELECT name FROM models") == [
        ("gen-0",), ("gen-1",), ("gen-2",)
    ]  # fmt: skip
    assert rows(tmp_path / "A.sqlite", "SELECT id FROM prompts")[0] == ("Ask 0",)


def test_the_order_of_rows_and_files_leaves_no_trace(run, spec, tmp_path):
    run("run", spec, "--store", "one.sqlite")
    jokes, prompts = pl.read_csv("jokes.csv"), pl.read_csv("prompts.csv")
    prompts.reverse().write_parquet("prompts.parquet")
    jokes.sample(fraction=1, shuffle=True, seed=1).head(17).write_ndjson("some.jsonl")
    jokes.sample(fraction=1, shuffle=True, seed=1).tail(-17).write_json("rest.json")
    lines = 'prompts = "prompts.parquet"\ncandidates = ["rest.json", "some.jsonl"]\n'
    (tmp_path / "other.toml").write_text(lines + BUDGET + JUDGE)
    run("run", "other.toml", "--store", "two.sqlite")
    assert rows(tmp_path / "one.sqlite", LOG) == rows(tmp_path / "two.sqlite", LOG)


NO_JUDGE = (
    "no judge is specified. Add the table [judge] to the spec, for example\n  [judge]\n"
    '  backend = "vllm"\n'
)


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


def without(path, *gone):
    """Removes the jokes of the given (prompt, model) from a file of candidates."""
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if tuple(line.split(",")[:2]) not in gone]
    assert len(kept) == len(lines) - len(gone)
    path.write_text("".join(kept))


GAPS = (("p1", "model-02"), ("p4", "model-02"), ("p4", "model-03"))
PAIRS = "SELECT p.id, m.name, n.name FROM comparisons c JOIN prompts p USING (prompt) "
PAIRS += "JOIN models m ON m.model = c.low JOIN models n ON n.model = c.high"


def possible(gaps, models=5, prompts=6):
    names = [f"model-{m:02}" for m in range(models)]
    return {
        (f"p{p}", a, b)
        for p in range(prompts)
        for a, b in itertools.combinations(names, 2)
        if not {(f"p{p}", a), (f"p{p}", b)} & set(gaps)
    }


@pytest.fixture
def gappy(tmp_path):
    spec = write_files(tmp_path, 5, 6, SIMULATED)
    without(tmp_path / "jokes.csv", *GAPS)
    return spec


def test_missing_jokes_are_named(run, gappy, tmp_path):
    code, _, err = run("run", gappy, "--store", "T.sqlite")
    assert code == 2 and err.count("\n") == 1
    for prompt, model in GAPS:
        assert f"{model!r} has no joke for prompt {prompt!r}" in err
    assert "missing = 'drop'" in err and "(--missing drop or --missing skip)" in err
    without(tmp_path / "jokes.csv", ("p0", "model-00"))
    assert ", and 1 more are missing" in run("run", gappy, "--store", "T.sqlite")[2]


@pytest.mark.parametrize("how", ["key", "option"])
def test_prompts_with_missing_jokes_are_dropped_for_all(run, gappy, tmp_path, how):
    options = ("--missing", "drop") if how == "option" else ()
    if how == "key":
        gappy.write_text(f'missing = "drop"\n{gappy.read_text()}')
    code, _, err = run("run", gappy, "--store", "T.sqlite", *options)
    assert code == 0
    assert "warning: 2 prompts are left out for all candidates" in err
    assert "'model-02' has no joke for prompt 'p1'" in err
    every = possible([(p, f"model-{m:02}") for p in ("p1", "p4") for m in range(5)])
    assert sorted(rows(tmp_path / "T.sqlite", PAIRS)) == sorted(every)
    assert run("run", gappy, "--store", "T.sqlite", *options)[0] == 0
    assert run("resume", "T.sqlite")[0] == 0
    code, _, err = run("run", gappy, "--store", "T.sqlite", "--missing", "skip")
    assert code == 2 and 'missing (stored "drop", given "skip")' in err


@pytest.mark.parametrize("kind", ["swiss", "round_robin", "random", "information"])
@pytest.mark.parametrize("identical", ["tie", "skip"])
def test_only_comparisons_without_a_joke_are_skipped(run, gappy, tmp_path, kind, identical):
    options = ("--missing", "skip", "--schedule", kind, "--identical", identical)
    code, _, err = run("run", gappy, "--store", "T.sqlite", *options)
    assert code == 0
    lost = 60 - len(possible(GAPS))
    assert f"warning: 3 jokes are missing, so {lost} comparisons are left out" in err
    assert sorted(rows(tmp_path / "T.sqlite", PAIRS)) == sorted(possible(GAPS))
    assert f"{60 - lost} judgments committed" in err
    assert run("run", gappy, "--store", "T.sqlite", *options)[0] == 0
    code, _, err = run("run", gappy, "--store", "new.sqlite", *options, "--budget", 60)
    assert code == 2 and f"60 exceeds the {60 - lost} possible comparisons" in err


def test_skipped_comparisons_stay_so_when_a_tournament_is_resumed_and_extended(
    run, gappy, tmp_path
):
    options = ("--missing", "skip", "--budget", 20)
    assert run("run", gappy, "--store", "T.sqlite", *options)[0] == 0
    before = rows(tmp_path / "T.sqlite", LOG)
    late = [("p0", "late"), ("p5", "late")]
    names = [f"p{i}" for i in range(1, 5)]
    jokes = pl.DataFrame({"id": names, "text": [f"late on {i}" for i in names]})
    jokes.write_csv("late.csv")
    assert run("extend", "T.sqlite", "--candidates", "late=late.csv", "--missing", "fail")[0] == 2
    more = ("--candidates", "late=late.csv", "--budget", 20)
    code, _, err = run("extend", "T.sqlite", *more)
    assert code == 0 and "warning: 2 jokes are missing, so 10 comparisons are left out" in err
    every = {tuple(sorted(pair)) for pair in possible(GAPS)}
    for prompt in range(6):
        for model in range(5):
            pair = (f"p{prompt}", f"model-{model:02}")
            if pair not in GAPS and (f"p{prompt}", "late") not in late:
                every.add(tuple(sorted((*pair, "late"))))
    assert run("extend", "T.sqlite", "--budget", len(every))[0] == 0
    assert run("extend", "T.sqlite", "--budget", len(every) + 1)[0] == 2
    assert run("resume", "T.sqlite")[0] == 0
    found = rows(tmp_path / "T.sqlite", PAIRS)
    assert sorted(tuple(sorted(pair)) for pair in found) == sorted(every)
    assert rows(tmp_path / "T.sqlite", LOG)[:20] == before
    pl.DataFrame({"id": ["p1"], "model": ["model-02"], "joke": ["at last"]}).write_csv("gap.csv")
    code, _, err = run("extend", "T.sqlite", "--candidates", "gap.csv")
    assert code == 2 and "because it began without this joke" in err
    vote = "question_id,model_a,model_b,winner,judge\np1,model-02,model-01,tie,ann\n"
    (tmp_path / "votes.csv").write_text(vote)
    code, _, err = run("import", "T.sqlite", "votes.csv")
    assert code == 2 and "'model-02' has no joke for prompt 'p1' in the tournament" in err


def test_an_extension_cannot_drop_a_prompt_that_is_played(run, store, tmp_path):
    pl.DataFrame({"id": ["p1"], "text": ["x"]}).write_csv("late.csv")
    more = ("--candidates", "late=late.csv", "--missing")
    code, _, err = run("extend", store, *more, "drop")
    assert code == 2 and "already in the tournament" in err
    assert run("extend", store, *more, "skip")[0] == 0
    assert run("extend", store, "--budget", 60)[0] == 0
    assert run("resume", store)[0] == 0
    assert len(rows(store, LOG)) == 60
    prompts = {"prompt_id": ["p8", "p9"], "prompt": ["eight", "nine"]}
    pl.DataFrame(prompts).write_csv("more.csv")
    models = [*(f"model-{m:02}" for m in range(5)), "late"]
    asked = [("p8", m) for m in models] + [("p9", m) for m in models[1:]]
    pl.DataFrame(
        {"id": [p for p, _ in asked], "model": [m for _, m in asked], "joke": [*map(str, asked)]}
    ).write_csv("jokes-8.csv")
    arguments = ("--prompts", "more.csv", "--candidates", "jokes-8.csv", "--missing", "drop")
    code, _, err = run("extend", store, *arguments)
    assert code == 0 and "1 prompt is left out for all candidates" in err
    assert rows(store, "SELECT id FROM prompts")[-1] == ("p8",)


def test_empty_jokes_are_missing_too(run, tmp_path):
    spec = write_files(tmp_path, 3, 4, SIMULATED)
    jokes = tmp_path / "jokes.csv"
    jokes.write_text(jokes.read_text().replace("joke 2 on 1\n", "\n"))
    code, _, err = run("run", spec, "--store", "T.sqlite")
    assert code == 2 and "'model-02' for prompt 'p1' is empty" in err and "--missing" in err
    code, _, err = run("run", spec, "--store", "T.sqlite", "--missing", "skip")
    assert code == 0 and "so 2 comparisons are left out" in err
    assert len(rows(tmp_path / "T.sqlite", LOG)) == 10


def test_a_tournament_needs_something_to_compare(run, tmp_path):
    spec = write_files(tmp_path, 3, 2, SIMULATED)
    without(tmp_path / "jokes.csv", ("p0", "model-02"), ("p1", "model-01"))
    code, _, err = run("run", spec, "--store", "T.sqlite", "--missing", "drop")
    assert code == 2 and "no prompt is left" in err
    without(tmp_path / "jokes.csv", ("p0", "model-01"), ("p1", "model-02"))
    jokes = tmp_path / "jokes.csv"
    jokes.write_text(jokes.read_text() + "p1,model-01,\np1,model-02,\n")
    code, _, err = run("run", spec, "--store", "T.sqlite", "--missing", "skip")
    assert code == 2 and "'model-01' has no joke for any prompt" in err


def chats(folder, line, models=("gpt-4", "vicuna-7b"), ids=(81, 82, 83)):
    for model in models:
        written = [json.dumps(line(model, name)) + "\n" for name in ids]
        (folder / f"{model}.jsonl").write_text("".join(written))


def test_the_answers_of_mt_bench_are_candidates_as_they_are(run, tmp_path):
    answers = tmp_path / "model_answer"
    answers.mkdir()
    chats(
        answers,
        lambda model, name: {
            "question_id": name,
            "answer_id": "x",
            "model_id": model,
            "choices": [{"index": 0, "turns": [f"{model} on {name}", "more"]}],
            "tstamp": 1.5,
        },
    )
    questions = [
        {"question_id": name, "category": "writing", "turns": [f"Write {name}.", "Again."]}
        for name in (81, 82, 83)
    ]
    (tmp_path / "question.jsonl").write_text("".join(json.dumps(q) + "\n" for q in questions))
    (tmp_path / "mt.toml").write_text(
        f'prompts = "question.jsonl"\ncandidates = "model_answer/*.jsonl"\n{SIMULATED}'
    )
    assert run("run", "mt.toml", "--store", "T.sqlite")[0] == 0
    store = tmp_path / "T.sqlite"
    assert rows(store, "SELECT id, text FROM prompts")[0] == ("81", "Write 81.")
    assert rows(store, "SELECT name FROM models") == [("gpt-4",), ("vicuna-7b",)]
    assert rows(store, "SELECT text FROM jokes WHERE prompt = 1") == [
        ("gpt-4 on 82",), ("vicuna-7b on 82",)
    ]  # fmt: skip


@pytest.mark.parametrize("shape", ["text", "object"])
def test_the_answers_of_arena_hard_are_candidates_as_they_are(run, tmp_path, shape):
    def line(model, name):
        text = f"{model} on {name}"
        return {
            "uid": str(name),
            "ans_id": "y",
            "model": model,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": f"Ask {name}"},
                {"role": "assistant", "content": {"answer": text} if shape == "object" else text},
            ],
            "metadata": {"token_len": 3},
        }

    chats(tmp_path, line)
    (tmp_path / "ah.toml").write_text(f'candidates = "*.jsonl"\n{SIMULATED}')
    assert run("run", "ah.toml", "--store", "T.sqlite")[0] == 0
    store = tmp_path / "T.sqlite"
    assert rows(store, "SELECT id, text FROM prompts")[2] == ("83", "Ask 83")
    assert rows(store, "SELECT text FROM jokes WHERE prompt = 2") == [
        ("gpt-4 on 83",), ("vicuna-7b on 83",)
    ]  # fmt: skip


def test_the_quoting_of_a_spec_is_passed_on(run, tmp_path):
    (tmp_path / "a.csv").write_text('id,text\np0,"one, two"\n')
    (tmp_path / "b.csv").write_text("id,text\np0,three\n")
    (tmp_path / "prompts.csv").write_text('id,prompt\np0,"a, b"\n')
    lines = f'prompts = "prompts.csv"\ncandidates = ["a.csv", "b.csv"]\n{SIMULATED}'
    (tmp_path / "spec.toml").write_text(f'quoting = "csv"\n{lines}')
    assert run("run", "spec.toml", "--store", "T.sqlite")[0] == 0
    assert rows(tmp_path / "T.sqlite", "SELECT text FROM jokes") == [("one, two",), ("three",)]
    assert run("resume", "T.sqlite")[0] == 0
