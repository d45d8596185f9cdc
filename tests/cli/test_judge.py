"""The command `humorrank judge`: pairs, stores, several judges, crashes and invalid input."""

import json
import signal

import polars as pl
import pytest
from support.fields import LOG, rows, write_files
from support.signals import cut_short, skip_latency

PAIRS = [
    {"prompt_id": f"p{i}", "prompt": f"prompt {i}", "joke_a": f"a{i}", "joke_b": f"b{i}"}
    for i in range(40)
]
SPEC = 'budget = 40\n[judge]\nbackend = "simulated"\n'


@pytest.fixture
def run(run, monkeypatch, tmp_path):
    """Runs a command in a temporary folder; returns (exit code, output, errors)."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture
def pairs(tmp_path):
    named = [{**pair, "model_a": "GPT-5", "model_b": "Kimi-K2"} for pair in PAIRS]
    pl.DataFrame(named).write_csv(tmp_path / "pairs.csv")
    return tmp_path / "pairs.csv"


def verdicts(path, judge=None):
    frame = pl.read_csv(path, infer_schema_length=0)
    if judge is not None:
        frame = frame.filter(pl.col("judge") == judge)
    return frame.drop("tstamp", "judge")


@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "jsonl", "parquet"])
def test_pairs_of_any_format_are_judged_as_they_are_given(run, tmp_path, ending):
    frame = pl.DataFrame([{**p, "model_a": "zoe", "model_b": "adam"} for p in PAIRS])
    file = tmp_path / f"pairs.{ending}"
    if ending == "tsv":
        frame.write_csv(file, separator="\t")
    else:
        getattr(frame, {"jsonl": "write_ndjson"}.get(ending, f"write_{ending}"))(file)
    code, out, err = run("judge", file, "--judge", "simulated", "-o", "log.csv")
    assert (code, out) == (0, "")
    assert f"40 judgments committed to {file}.sqlite; all pairs are judged" in err
    log = pl.read_csv("log.csv")
    assert set(log["question_id"]) == {p["prompt_id"] for p in PAIRS}
    # joke_a is shown first, regardless of the order of the names.
    assert set(log["model_a"]) == {"zoe"} and set(log["judge"]) == {"simulated"}


def test_the_decision_log_shows_each_joke_on_its_side(run, pairs):
    assert run("judge", pairs, "--judge", "simulated", "-o", "log.jsonl", "--decisions")[0] == 0
    log = pl.read_ndjson("log.jsonl")
    assert log.height == 40
    shown = log.select("question_id", "prompt", "joke_a", "joke_b", "model_a", "model_b")
    assert shown.sort("question_id").rows() == sorted(
        (*(p[k] for k in ("prompt_id", "prompt", "joke_a", "joke_b")), "GPT-5", "Kimi-K2")
        for p in PAIRS
    )
    assert log["elo_change_a"].null_count() == 40


def test_the_order_of_rows_leaves_no_trace(run, pairs, tmp_path):
    pl.read_csv(pairs).reverse().write_csv(tmp_path / "turned.csv")
    for name in ("pairs", "turned"):
        assert run("judge", f"{name}.csv", "--judge", "simulated", "-o", f"{name}.log.csv")[0] == 0
    assert verdicts("pairs.log.csv").equals(verdicts("turned.log.csv"))
    assert run("judge", "turned.csv", "--judge", "simulated", "--store", "pairs.csv.sqlite")[0] == 0


def test_several_judges_judge_one_store_and_are_rated_apart(run, pairs):
    for name, rating in (("strict", 1200), ("lenient", 900)):
        rates = ("--set", f"ratings.GPT-5={rating}", "--name", name)
        assert run("judge", pairs, "--judge", "simulated", *rates)[0] == 0
    code, _, err = run("judge", "pairs.csv.sqlite", "--judge", "simulated", "-o", "log.csv")
    assert code == 0 and "log.csv: 120 rows" in err
    code, out, _ = run("rate", "log.csv", "--by", "judge", "--prior", 0.1, "--bootstrap", 0)
    assert code == 0
    assert {name for name in ("strict", "lenient", "simulated") if name in out} == {
        "strict",
        "lenient",
        "simulated",
    }


def test_a_judge_whose_settings_changed_needs_another_name(run, pairs):
    assert run("judge", pairs, "--judge", "simulated")[0] == 0
    code, _, err = run("judge", pairs, "--judge", "simulated", "--set", "tie_rate=0.5")
    assert code == 2 and "judge.tie_rate (stored 0.1, given 0.5); use --name" in err
    assert rows(pairs.with_name("pairs.csv.sqlite"), "SELECT COUNT(*) FROM judges") == [(1,)]
    again = ("--set", "tie_rate=0.5", "--name", "other")
    assert run("judge", pairs, "--judge", "simulated", *again)[0] == 0


def test_recorded_verdicts_are_repeated_and_missing_ones_are_failures(run, pairs):
    assert run("judge", pairs, "--judge", "simulated", "-o", "log.csv")[0] == 0
    pl.read_csv("log.csv").head(30).write_csv("some.csv")
    code, _, err = run("judge", pairs, "--judge", "recorded/some.csv", "-o", "all.csv")
    assert code == 0
    assert "30 judgments committed" in err and "10 failed" in err
    assert "failures do not count as ties" in err
    assert verdicts("all.csv", "recorded/some.csv").height == 30
    # Only failures remain, which are retried only on request.
    assert "0 judgments" in run("judge", pairs, "--judge", "recorded/some.csv")[2]
    retry = run("judge", pairs, "--judge", "recorded/some.csv", "--retry-failures")[2]
    assert "0 judgments" in retry and "10 failed" in retry
    found = rows(
        pairs.with_name("pairs.csv.sqlite"), "SELECT COUNT(*), SUM(attempts) FROM failures"
    )
    assert found == [(10, 20)]


def test_both_positions_are_two_judgments_of_one_comparison(run, pairs):
    bias = ("--set", "position_bias=4000", "--set", "tie_rate=0", "--position", "both")
    assert run("judge", pairs, "--judge", "simulated", *bias, "-o", "log.csv")[0] == 0
    log = verdicts("log.csv")
    assert log.height == 80 and set(log["winner"]) == {"model_a"}
    assert log["model_a"].value_counts().sort("model_a")["count"].to_list() == [40, 40]
    assert set(log["weight"].cast(pl.Float64)) == {0.5}
    store = pairs.with_name("pairs.csv.sqlite")
    assert rows(store, "SELECT COUNT(*) FROM comparisons") == [(40,)]
    code, _, err = run("tournament", "export", store, "--inconsistent", "drop", "-o", "log.csv")
    assert code == 0 and "40 of them inconsistently; those are exported not at all" in err
    assert verdicts("log.csv").height == 0


def test_drawn_positions_are_mixed_and_follow_the_seed(run, pairs):
    logs = []
    for name, seed in (("x", 1), ("y", 1), ("z", 2)):
        more = ("--position", "random", "--seed", seed, "--name", name, "-o", "log.csv")
        assert run("judge", pairs, "--judge", "simulated", *more)[0] == 0
        logs.append(verdicts("log.csv", f"simulated/{name}")["model_a"].to_list())
    assert logs[0] == logs[1] != logs[2]
    assert 8 < logs[0].count("GPT-5") < 32


def test_a_pair_in_both_orders_is_judged_in_both(run, tmp_path):
    one = {"prompt": "cats", "joke_a": "meow", "joke_b": "purr", "model_a": "x", "model_b": "y"}
    two = {**one, "joke_a": "purr", "joke_b": "meow", "model_a": "y", "model_b": "x"}
    pl.DataFrame([one, two, one]).write_csv(tmp_path / "p.csv")
    assert run("judge", "p.csv", "--judge", "simulated", "-o", "log.csv")[0] == 0
    assert verdicts("log.csv")["model_a"].to_list() == ["x", "y"]


def test_without_models_and_ids_the_sides_are_two_systems(run, tmp_path):
    pl.DataFrame(
        [
            {"headline": "cats", "joke_a": "meow", "joke_b": "purr"},
            {"headline": "cats", "joke_a": "hiss", "joke_b": "purr"},
            {"headline": "dogs", "joke_a": "woof", "joke_b": "woof"},
        ]
    ).write_csv(tmp_path / "p.csv")
    assert run("judge", "p.csv", "--judge", "simulated", "-o", "l.jsonl", "--decisions")[0] == 0
    log = pl.read_ndjson("l.jsonl")
    assert log.select("question_id", "model_a", "joke_a", "joke_b", "identical").rows() == [
        ("1", "joke_a", "meow", "purr", False),
        ("2", "joke_a", "hiss", "purr", False),
        ("3", "joke_a", "woof", "woof", True),
    ]
    assert log["winner"][2] == "tie" and log["attempts"][2] == 0


def test_what_next_prints_is_judged(run, tmp_path):
    spec = write_files(tmp_path, 5, 6, SPEC.replace("simulated", "people"))
    assert run("tournament", "run", spec, "--store", "T.sqlite")[0] == 0
    assert run("tournament", "next", "T.sqlite", "-n", 12, "-o", "todo.csv")[0] == 0
    assert run("judge", "todo.csv", "--judge", "simulated", "-o", "votes.csv")[0] == 0
    asked, voted = pl.read_csv("todo.csv"), pl.read_csv("votes.csv")
    keys = ("question_id", "model_a", "model_b")
    assert sorted(asked.select(keys).rows()) == sorted(voted.select(keys).rows())
    code, _, err = run("tournament", "import", "T.sqlite", "votes.csv")
    assert code == 0 and "12 votes imported by simulated" in err


@pytest.mark.parametrize("position", ["random", "both"])
def test_a_tournament_is_judged_again_and_stays_what_it_was(run, tmp_path, position):
    spec = write_files(tmp_path, 5, 6, f'position = "{position}"\n{SPEC}')
    assert run("tournament", "run", spec, "--store", "T.sqlite")[0] == 0
    before = rows(tmp_path / "T.sqlite", LOG)
    again = ("--judge", "simulated", "--set", "tie_rate=0.1", "--name", "again")
    assert run("judge", "T.sqlite", *again, "-o", "log.csv")[0] == 0
    # The same judge under another name sees the same jokes in the same order.
    assert verdicts("log.csv", "simulated/again").equals(verdicts("log.csv", "simulated"))
    assert [row for row in rows(tmp_path / "T.sqlite", LOG) if row[6] != "again"] == before
    assert rows(tmp_path / "T.sqlite", "SELECT SUM(counted) FROM judgments WHERE judge = 1") == [
        (0,)
    ]
    code, _, err = run("tournament", "resume", "T.sqlite")
    assert code == 0 and "0 judgments committed" in err
    assert run("tournament", "extend", "T.sqlite", "--budget", 50)[0] == 0
    assert run("tournament", "resume", "T.sqlite")[0] == 0
    code, _, err = run("judge", "T.sqlite", *again)
    assert code == 0 and f"{20 if position == 'both' else 10} judgments committed" in err


def test_a_tournaments_own_judge_is_not_asked_twice(run, tmp_path):
    spec = write_files(tmp_path, 5, 6, SPEC)
    assert run("tournament", "run", spec, "--store", "T.sqlite")[0] == 0
    code, _, err = run("judge", "T.sqlite", "--judge", "simulated")
    assert code == 2 and "is the tournament's own judge" in err


@pytest.mark.parametrize(
    ("content", "more", "says"),
    [
        ("prompt,joke_a\nx,y\n", (), "has no column joke_b"),
        ("joke_a,joke_b\nx,y\n", (), "has no column prompt, headline, or word1 and word2"),
        ("prompt,joke_a,joke_b\nx,y,z\nx,,z\n", (), "row 3, column 'joke_a': is empty"),
        ("prompt,joke_a,joke_b\n,y,z\n", (), "row 2: has neither a prompt"),
        ("prompt,joke_a,joke_b\n", (), "contains no pairs"),
        (
            "prompt,joke_a,joke_b,model_a\nx,y,z,m\n",
            (),
            "has only one of the columns model_a and model_b",
        ),
        (
            "prompt,joke_a,joke_b,model_a,model_b\nx,y,z,m,m\n",
            (),
            "row 2: 'm' is on both sides",
        ),
        ("id,prompt,joke_a,joke_b\n1,x,y,z\n1,x,q,z\n", (), "row 3: 'joke_a' already has another"),
        ("id,prompt,joke_a,joke_b\n1,x,y,z\n1,w,y,z\n", (), "row 3: prompt '1' has another text"),
        ("prompt,joke_a,joke_b\nx,y,z\n", ("--columns", "joke_a=left"), "no column 'left'"),
        ("prompt,joke_a,joke_b\nx,y,z\n", ("--columns", "jok_a=joke_a"), "did you mean 'joke_a'"),
        ("prompt,joke_a,joke_b\nx,y,z\n", ("-o", "log.xls"), "the file must end in"),
        ("prompt,joke_a,joke_b\nx,y,z\n", ("--decisions",), "--output FILE"),
        ("prompt,joke_a,joke_b\nx,y,z\n", ("--set", "tie_rate=2"), "tie_rate must lie between"),
        ("prompt,joke_a,joke_b\nx,y,z\n", ("--set", "tie_rat=1"), "did you mean 'tie_rate'"),
        ("prompt,joke_a,joke_b\nx,y,z\n", ("--store", "no/s.sqlite"), "there is no folder"),
    ],
)
def test_bad_input_gets_one_clear_error_and_leaves_nothing(run, tmp_path, content, more, says):
    (tmp_path / "p.csv").write_text(content)
    code, out, err = run("judge", "p.csv", "--judge", "simulated", *more)
    assert (code, out) == (2, "")
    assert says in err and err.startswith("error: ") and err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["p.csv"]


def test_pairs_may_be_fields_inside_objects(run, tmp_path):
    pair = {"q": {"text": "cats"}, "l": {"m": "x", "t": "meow"}, "r": {"m": "y", "t": "purr"}}
    (tmp_path / "p.jsonl").write_text(json.dumps(pair))
    roles = "prompt=q.text,joke_a=l.t,joke_b=r.t,model_a=l.m,model_b=r.m"
    more = ("--judge", "simulated", "--decisions", "-o", "decisions.jsonl")
    code, _, err = run("judge", "p.jsonl", *more, "--columns", roles)
    assert code == 0, err
    found = json.loads((tmp_path / "decisions.jsonl").read_text())
    shown = [found[name] for name in ("model_a", "model_b", "joke_a", "joke_b")]
    assert shown == ["x", "y", "meow", "purr"]
    code, _, err = run("judge", "p.jsonl", *more, "--columns", roles.replace("l.t", "l.text"))
    assert code == 2 and "the objects in 'l' have no field 'text' (fields: m, t" in err


def test_other_pairs_need_another_store(run, pairs):
    assert run("judge", pairs, "--judge", "simulated")[0] == 0
    pl.read_csv(pairs).head(5).write_csv(pairs)
    code, _, err = run("judge", pairs, "--judge", "simulated")
    assert code == 2 and "contains other pairs than" in err
    code, _, err = run("tournament", "resume", "pairs.csv.sqlite")
    assert code == 2 and "holds given pairs, not a tournament; continue judging them with" in err


def _counted(store):
    try:
        return rows(store, "SELECT COUNT(*) FROM judgments")[0][0]
    except Exception:
        return 0


@pytest.mark.slow
def test_kill_9_loses_nothing_and_changes_nothing(run, tmp_path, monkeypatch):
    skip_latency(monkeypatch)
    many = [{**p, "prompt_id": f"{p['prompt_id']}-{i}"} for i in range(50) for p in PAIRS]
    pl.DataFrame(many).write_csv(tmp_path / "many.csv")
    slow = ("--judge", "simulated", "--set", "latency=0.2", "--set", "failure_rate=0.3")
    slow += ("--batch-size", "20", "--in-flight", "40", "--set", "retries=1")
    assert run("judge", "many.csv", *slow, "--store", "alone.sqlite", "-o", "alone.csv")[0] == 0
    store = tmp_path / "killed.sqlite"
    kills = cut_short(
        ("judge", "many.csv", *slow, "--store", store),
        lambda: _counted(store),
        100,
        (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGKILL),
    )
    assert kills >= 3
    assert run("judge", "many.csv", *slow, "--store", store, "-o", "killed.csv")[0] == 0
    assert verdicts("killed.csv").equals(verdicts("alone.csv"))
    reasons = "SELECT comparison, position, reason, attempts FROM failures ORDER BY 1, 2"
    assert rows(store, reasons) == rows(tmp_path / "alone.sqlite", reasons) != []
    assert rows(store, LOG) == rows(tmp_path / "alone.sqlite", LOG)


def test_a_second_writer_is_refused(run, tmp_path, pairs):
    assert run("judge", pairs, "--judge", "simulated")[0] == 0
    from humorrank.store.store import Store  # noqa: PLC0415

    with Store(pairs.with_name("pairs.csv.sqlite"), write=True):
        code, _, err = run("judge", pairs, "--judge", "simulated", "--name", "b")
    assert code == 2 and "another process is writing to it" in err


def test_several_judges_at_once_are_refused(run, tmp_path, pairs):
    both = ("--judge", "simulated", "--judge", "openai/gpt-4o")
    spec = write_files(tmp_path, 5, 6, SPEC)
    for command in (("judge", pairs), ("tournament", "run", spec, "--store", "T.sqlite")):
        code, out, err = run(*command, *both)
        assert (code, out) == (2, "")
        assert "--judge was given 2 times (simulated, openai/gpt-4o)" in err
        assert "once for each judge" in err
    assert not list(tmp_path.glob("*.sqlite"))


@pytest.mark.parametrize(
    ("judge", "says"),
    [
        ("gpt-4o", "there is no provider 'gpt-4o'; write openai/gpt-4o for a model behind"),
        ("Qwen/Qwen3-8B", "or vllm/Qwen/Qwen3-8B for one that runs locally"),
        ("antropic/claude-x", "did you mean 'anthropic'?"),
        ("Gemini/flash", "did you mean 'gemini'?"),
        ("simulate", "did you mean 'simulated'?"),
        ("OpenAI/gpt-4o", "did you mean 'openai'?"),
    ],
)
def test_an_unknown_judge_gets_the_way_to_write_it(run, pairs, judge, says):
    code, _, err = run("judge", pairs, "--judge", judge)
    assert code == 2
    assert err.startswith("error: judge (--judge): ") and err.count("\n") == 1
    assert says in err and "(known: simulated, recorded, vllm, people, openai, anthropic" in err


def test_a_simulated_judge_is_known_in_every_log_whatever_its_name(run, pairs):
    """A log has no settings, so the judge is recognized by its name."""
    store = pairs.with_name("pairs.csv.sqlite")
    code, _, err = run("judge", pairs, "--judge", "simulated", "--name", "coin", "-o", "log.csv")
    notice = "warning: the verdicts of judge 'simulated/coin' are simulated"
    assert code == 0 and notice in err
    assert set(pl.read_csv("log.csv")["judge"]) == {"simulated/coin"}
    for options in ((), ("--decisions",)):
        code, _, err = run("tournament", "export", store, *options, "-o", "log.parquet")
        assert code == 0 and notice in err
        assert set(pl.read_parquet("log.parquet")["judge"]) == {"simulated/coin"}
    for source in (store, "log.csv", "log.parquet"):
        assert notice in run("rate", source, "--prior", 1, "--bootstrap", 0)[2], source
    out = run("bias", store, "--format", "json")[1]
    assert [judge["judge"] for judge in json.loads(out)["judges"]] == ["simulated/coin"]
    code, _, err = run("judge", pairs, "--judge", "simulated", "--name", "coin")
    assert code == 0 and "0 judgments committed" in err, "it continues under its own name"


def test_verdicts_of_others_are_not_called_simulated(run, pairs):
    assert run("judge", pairs, "--judge", "simulated", "-o", "log.csv")[0] == 0
    log = pl.read_csv("log.csv")
    people = log.with_columns(judge=pl.lit("ann"))
    people.write_csv("people.csv")
    assert "simulated" not in run("rate", "people.csv", "--prior", 1, "--bootstrap", 0)[2]
    pl.concat([log, people]).write_csv("both.csv")
    for condition, expected in (("judge = 'ann'", False), ("judge <> 'ann'", True)):
        options = ("--where", condition, "--prior", 1, "--bootstrap", 0)
        err = run("rate", "both.csv", *options)[2]
        assert ("the verdicts of judge 'simulated' are simulated" in err) is expected


def test_a_judge_that_only_fails_is_an_error(run, tmp_path, pairs):
    fails = (
        "judge",
        pairs,
        "--judge",
        "simulated",
        "--set",
        "failure_rate=1",
        "--set",
        "retries=0",
    )
    for again in ((), (), ("--retry-failures",)):
        code, out, err = run(*fails, *again, "-o", "log.csv")
        assert (code, out) == (2, "")
        assert "error: simulated answered none of 40 comparisons (" in err
        assert "use --retry-failures to ask again" in err
        assert (tmp_path / "log.csv").exists()
    spec = write_files(tmp_path, 5, 6, 'budget = 20\n[judge]\nbackend = "simulated"\n')
    fails = ("--set", "judge.failure_rate=1.0", "--set", "judge.retries=0")
    for command in (
        ("run", spec, "--store", "T.sqlite", *fails),
        ("resume", "T.sqlite"),
        ("resume", "T.sqlite", "--retry-failures"),
    ):
        code, _, err = run("tournament", *command)
        assert code == 2
        assert "error: simulated answered none of 20 comparisons (" in err
        assert "run `humorrank tournament resume T.sqlite --retry-failures` to ask again" in err
    assert run("tournament", "status", "T.sqlite")[0] == 0
