"""Every table that a command prints fits the width of the terminal."""

import re

import polars as pl
import pytest
from rich.cells import cell_len
from support.decided import decisions

from humorrank.cli import _output

MODELS = [
    "gemini-2.5-flash-preview-09-2025-thinking-high",
    "gemini-2.5-flash-preview-04-2025-thinking-high",
    "模型非常长的名字模型非常长的名字",
    "claude-opus-4.1",
    "gpt-5",
]
ANSI = re.compile(r"\x1b\[\d*m")

COMMANDS = {
    "rate": "rate log.parquet --disconnected largest",
    "rate by": "rate log.parquet --by judge --prior 1",
    "ranks": "ranks log.parquet --prior 1",
    "compare": f"compare log.parquet {MODELS[0]} {MODELS[1]} --prior 1",
    "diff": "diff log.parquet half.parquet",
    "agree": "agree log.parquet --reference judge-0 --replicates 50",
    "bias": "bias log.parquet",
    "bias ratings": "bias log.parquet --ratings",
    "check": "check log.parquet --folds 2",
    "audit": "audit log.parquet",
    "plan": "plan 4 --separate 100 --runs 1",
    "elo": "elo log.parquet",
    "simulate": "tournament simulate 4 --budget 60 --runs 1 --prompts 20 --steps 3",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide")
    rows = decisions(MODELS, 1_200)
    judges = pl.Series("judge", [f"judge-{at % 3}-{'long-name-' * 3}" for at in range(len(rows))])
    rows = rows.with_columns(judges.str.replace("judge-0-.*", "judge-0"))
    rows.write_parquet(folder / "log.parquet")
    rows[:900].write_parquet(folder / "half.parquet")
    return folder


def lines_of(run, monkeypatch, folder, command, width):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(_output, "on_terminal", lambda output: output is None)
    code, out, err = run(*command.split())
    assert code == 0, err
    return ANSI.sub("", out).splitlines()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_is_wider_than_the_terminal(run, monkeypatch, folder, name, width):
    lines = lines_of(run, monkeypatch, folder, COMMANDS[name], width)
    assert max(map(cell_len, lines)) <= width
    assert any(set(line) == {"─"} for line in lines) or name == "compare"


def test_a_pipe_has_all_columns_and_whole_names(run, monkeypatch, folder):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run("rate", "log.parquet")
    assert "Elo sd" in out
    assert MODELS[0] in out
    assert "left out" not in out
    assert "\x1b" not in out


def test_only_a_terminal_that_understands_them_gets_escape_codes(run, monkeypatch, folder):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(_output, "on_terminal", lambda output: output is None)
    monkeypatch.setenv("TERM", "xterm")
    assert run("elo", "log.parquet")[1].startswith("\x1b[1mmodel")
    monkeypatch.setenv("TERM", "dumb")
    assert run("elo", "log.parquet")[1].startswith("model")


def test_a_narrow_board_names_the_columns_that_are_left_out(run, monkeypatch, folder):
    text = "\n".join(lines_of(run, monkeypatch, folder, COMMANDS["rate"], 80))
    assert "columns left out: rank by CI, matches, Elo, Elo sd (--format csv has all" in text
    assert "95 % interval" in text
    assert "win rate" in text


def test_the_store_of_a_tournament_fits_too(run, monkeypatch, tmp_path):
    rows = [
        {"prompt": f"a prompt about {at} things " * 4, "model": model, "joke": f"{model} {at} " * 9}
        for at in range(3)
        for model in MODELS
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "jokes.csv")
    (tmp_path / "spec.toml").write_text(
        'candidates = "jokes.csv"\n[judge]\nbackend = "simulated"\n', encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert run("tournament", "run", "spec.toml", "--store", "t.sqlite", "--budget", "4")[0] == 0
    for command in ("tournament status t.sqlite", "tournament next t.sqlite"):
        lines = lines_of(run, monkeypatch, tmp_path, command, 80)
        assert max(map(cell_len, lines)) <= 80
