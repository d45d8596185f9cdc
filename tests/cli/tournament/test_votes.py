"""Votes by people: `humorrank tournament next` and `import`."""

import polars as pl
from support.fields import LOG, rows


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


def test_votes_in_a_spreadsheet_have_no_formulas_and_mean_the_same(run, tmp_path):
    names = ["=HYPERLINK(1)", "+b", "-c"]
    jokes = [
        {"prompt_id": f"@p{q}", "model": name, "joke": f"- {q} of {name}"}
        for q in range(2)
        for name in names
    ]
    pl.DataFrame(jokes).write_csv(tmp_path / "jokes.csv")
    prompts = [{"prompt_id": f"@p{q}", "prompt": f"=prompt {q}"} for q in range(2)]
    pl.DataFrame(prompts).write_csv(tmp_path / "prompts.csv")
    (tmp_path / "spec.toml").write_text(
        'prompts = "prompts.csv"\ncandidates = "jokes.csv"\n[judge]\nbackend = "people"\n'
    )
    assert run("run", "spec.toml", "--store", "T.sqlite")[0] == 0
    code, _, err = run("next", "T.sqlite", "-n", 9, "-o", "exact.csv")
    assert code == 0 and "36 cells may be taken for formulas" in err
    exact = pl.read_csv("exact.csv")
    assert set(exact["model_a"]) | set(exact["model_b"]) == set(names)
    more = ("--format", "spreadsheet")
    code, _, err = run("next", "T.sqlite", "-n", 9, *more, "-o", "todo.csv")
    assert code == 0 and "formulas" not in err
    todo = pl.read_csv("todo.csv")
    assert all(cell.startswith("'") for row in todo.rows() for cell in row if cell is not None)
    texts = todo.columns[:6]
    assert todo.select(pl.col(texts).str.slice(1)).equals(exact.select(texts))
    todo.with_columns(winner=pl.lit("model_a"), judge=pl.lit("ann")).write_csv("votes.csv")
    code, _, err = run("import", "T.sqlite", "votes.csv")
    assert code == 0 and "6 votes imported by ann; 6 new comparisons" in err
    exact.with_columns(winner=pl.lit("model_a"), judge=pl.lit("ann")).write_csv("votes.csv")
    assert "6 votes were already in the store" in run("import", "T.sqlite", "votes.csv")[2]
