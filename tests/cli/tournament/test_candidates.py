"""Candidates in files from other projects, and candidates without jokes."""

import itertools
import json

import polars as pl
import pytest
from support.fields import LOG, field, rows, write_files

BUDGET = "budget = 40\n"
SIMULATED = '[judge]\nbackend = "simulated"\n'
JUDGE = f'{SIMULATED}tie_rate = 0.1\n[judge.ratings]\n"model-00" = 1307.5\n'


def test_files_of_one_system_each(run, tmp_path):
    """Reads submissions to MWAHAHA (TSV without quoting) and outputs of AlpacaEval."""
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


def without(path, *gone):
    """Removes the jokes of the given (prompt, model) pairs from a file of candidates."""
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


def test_an_extension_can_be_repeated(run, store, tmp_path):
    prompts = {"prompt_id": ["p8"], "headline": ["eight"]}
    pl.DataFrame(prompts).write_csv("more.csv")
    models = [f"model-{i:02}" for i in range(5)]
    new = {"prompt_id": ["p8"] * 5, "model": models, "joke": [f"j{i}" for i in range(5)]}
    pl.DataFrame(new).write_csv("jokes8.csv")
    more = ("extend", store, "--prompts", "more.csv", "--candidates", "jokes8.csv")
    more = (*more, "--budget", 50)
    assert run(*more)[0] == 0
    code, _, err = run(*more)
    assert code == 2
    assert "nothing to add: the store already contains all of this" in err
    further = {"prompt_id": ["p9"], "headline": ["nine"]}
    pl.concat([pl.DataFrame(prompts), pl.DataFrame(further)]).write_csv("more.csv")
    pl.concat([pl.DataFrame(new), pl.DataFrame({**new, "prompt_id": ["p9"] * 5})]).write_csv(
        "jokes8.csv"
    )
    assert run(*more)[0] == 0, "only what is new is added"
    assert rows(store, "SELECT COUNT(*) FROM jokes WHERE prompt >= 6") == [(10,)]
    assert run("resume", store)[0] == 0
    assert len(rows(store, LOG)) == 50
    pl.DataFrame({**new, "joke": ["another"] * 5}).write_csv("jokes8.csv")
    code, _, err = run("extend", store, "--candidates", "jokes8.csv")
    assert code == 2 and "'model-00' already has a joke for prompt 'p8' in the tournament" in err
    pl.DataFrame({**prompts, "headline": ["other"]}).write_csv("more.csv")
    code, _, err = run("extend", store, "--prompts", "more.csv", "--candidates", "jokes8.csv")
    assert code == 2 and "prompt 'p8' is already in the tournament, and differs" in err
