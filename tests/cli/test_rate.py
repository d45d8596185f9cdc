"""The command `humorrank rate`: output, exit codes, and errors about invalid input."""

import csv
import io
import json
import math
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from support.signals import PATIENCE, interrupt, processor_time, until

from humorrank.rating.board.rows import COLUMNS

LOG = """model_a,model_b,winner
pun,irony,model_a
irony,pun,model_a
pun,irony,tie
irony,sarcasm,model_b
sarcasm,pun,model_b
pun,sarcasm,model_b
"""

HUMORRANK = [sys.executable, "-c", "from humorrank.cli import main; main()"]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(LOG)
    return path


def test_every_format_shows_the_same_board(run, log):
    code, out, _ = run("rate", log, "--format", "json")
    assert code == 0
    board = json.loads(out)
    rows = board["leaderboard"]
    assert [tuple(row) for row in rows] == [COLUMNS] * 3
    assert set(board) >= {"leaderboard", "settings", "certificate", "counts", "warnings"}
    assert set(board["counts"]) >= {
        "read", "rated", "unjudged", "skipped", "filtered", "ties", "both_bad",
    }  # fmt: skip
    assert board["certificate"]["distance"] < 1e-6
    assert (board["counts"]["read"], board["counts"]["ties"]) == (6, 1)

    _, out, _ = run("rate", log, "--format", "csv")
    from_csv = list(csv.DictReader(io.StringIO(out)))
    assert [tuple(row) for row in from_csv] == [COLUMNS] * 3
    assert [float(row["rating"]) for row in from_csv] == [row["rating"] for row in rows]

    _, out, _ = run("rate", log, "--format", "markdown")
    header, _, *body = out.strip().splitlines()
    assert header == "| " + " | ".join(COLUMNS) + " |"
    assert [line.split(" | ")[1] for line in body] == [row["model"] for row in rows]

    _, out, _ = run("rate", log)
    for row in rows:
        assert f"{row['rating']:.1f}" in out
        assert row["model"] in out


def test_the_table_alone_goes_to_standard_output(run, log):
    log.write_text(LOG + "pun,irony,\n")
    code, out, err = run("rate", log, "--format", "json")
    assert code == 0
    json.loads(out)
    assert "1 row has no outcome" in err


def test_open_ends_are_null_and_named(run, log):
    """With one win for each side, each side wins every match in a quarter of the replicates."""
    log.write_text("model_a,model_b,winner\npun,irony,model_a\npun,irony,model_b\n")
    _, out, err = run("rate", log, "--format", "json")
    rows = {row["model"]: row for row in json.loads(out)["leaderboard"]}
    assert (rows["pun"]["rating_lower"], rows["pun"]["rating_upper"]) == (None, None)
    assert "the intervals of irony, pun are open below" in err
    assert "the intervals of irony, pun are open above" in err


def test_output_takes_its_format_from_the_ending_and_appears_whole(run, log, tmp_path):
    target = tmp_path / "board.json"
    code, out, _ = run("rate", log, "-o", target)
    assert (code, out) == (0, "")
    assert len(json.loads(target.read_text())["leaderboard"]) == 3
    log.write_text("model_a,model_b,winner\nx,y,nonsense\n")
    before = target.read_text()
    code, _, _ = run("rate", log, "-o", target)
    assert code == 2
    assert target.read_text() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["board.json", "votes.csv"]


def test_top_shows_only_the_best(run, log):
    _, out, _ = run("rate", log, "--format", "json", "--top", "1")
    assert [row["rank"] for row in json.loads(out)["leaderboard"]] == [1]
    _, out, _ = run("rate", log, "--top", "1")
    assert "... and 2 more" in out


def test_anchor_shifts_everything_by_one_constant(run, log):
    _, plain, _ = run("rate", log, "--format", "json")
    _, moved, _ = run("rate", log, "--format", "json", "--anchor", "pun=1500")
    before = {row["model"]: row for row in json.loads(plain)["leaderboard"]}
    after = {row["model"]: row for row in json.loads(moved)["leaderboard"]}
    assert after["pun"]["rating"] == pytest.approx(1500)
    shift = 1500 - before["pun"]["rating"]
    for model, row in before.items():
        assert after[model]["rating"] == pytest.approx(row["rating"] + shift)
        for end in ("rating_lower", "rating_upper"):
            if row[end] is None:
                assert after[model][end] is None
            else:
                assert after[model][end] == pytest.approx(row[end] + shift)


def test_filters_say_how_many_rows_they_took(run, tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(
        "model_a,model_b,winner,judge,language\n"
        + "pun,irony,model_a,ann,en\nirony,pun,model_a,ann,en\n" * 5
        + "pun,sarcasm,model_a,bob,en\npun,irony,model_a,bob,de\n"
    )
    code, out, err = run(
        "rate", path, "--where", "language = 'en'", "--exclude", "sarcasm",
        "--max-per-judge", "6", "--format", "json",
    )  # fmt: skip
    assert code == 0, err
    assert "--where removed 1 row\n" in err
    assert "--exclude removed 1 row\n" in err
    assert "--max-per-judge removed 4 rows" in err
    counts = json.loads(out)["counts"]
    assert counts["rated"] == 6
    assert counts["filtered"] == 6


def test_min_matches_holds_for_everyone_left(run, tmp_path):
    path = tmp_path / "votes.csv"
    rows = "pun,irony,model_a\nirony,pun,model_a\n" * 5 + "pun,rare,model_a\nrare,rarer,tie\n" * 2
    path.write_text("model_a,model_b,winner\n" + rows)
    code, out, err = run("rate", path, "--min-matches", "3", "--format", "json")
    assert code == 0, err
    board = json.loads(out)
    assert {row["model"] for row in board["leaderboard"]} == {"pun", "irony"}
    assert {row["model"] for row in board["unrated"]} == {"rare", "rarer"}
    assert all(row["matches"] >= 3 for row in board["leaderboard"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("model_a,model_b,winner\n", "no "),
        ("model_a,model_b\nx,y\n", "winner"),
        ("model_a,model_b,winner\nx,y,modle_a\n", "row 2"),
        ("model_a,model_b,winner\nx,y,model_a\n,y,model_a\n", "row 3"),
        ("model_a,model_b,winner\nx,x,model_a\n", "row 2"),
        ("model_a,model_b,winner\nx,y,model_a\nx,y\n", "row 3"),
        ("model_a,model_b,winner,count\nx,y,model_a,-1\n", "row 2"),
        ("model_a,model_b,winner,weight\nx,y,model_a,NaN2\n", "row 2"),
    ],
)
def test_bad_input_is_the_users_to_mend(run, log, text, said):
    log.write_text(text)
    code, out, err = run("rate", log)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert "votes.csv" in err
    assert said in err
    assert "Traceback" not in err


def test_a_missing_file_and_a_broken_gzip_are_named(run, tmp_path):
    code, _, err = run("rate", tmp_path / "nowhere.csv")
    assert code == 2
    assert "nowhere.csv" in err
    broken = tmp_path / "votes.csv.gz"
    broken.write_bytes(b"\x1f\x8b\x08\x00garbage")
    code, _, err = run("rate", broken)
    assert code == 2
    assert "votes.csv.gz" in err


def test_skipped_rows_are_counted_and_shown(run, log):
    log.write_text(LOG + "pun,irony,whatever\n")
    assert run("rate", log)[0] == 2
    code, out, err = run("rate", log, "--on-error", "skip", "--format", "json")
    assert code == 0
    assert json.loads(out)["counts"]["skipped"] == 1
    assert "whatever" in err


def test_unjudged_rows_can_be_refused(run, log):
    log.write_text(LOG + "pun,irony,\n")
    code, _, err = run("rate", log, "--unjudged", "fail")
    assert code == 2
    assert "row 8" in err


def test_a_field_without_a_maximum_names_who_and_what_to_do(run, log):
    log.write_text(LOG + "hopeless,pun,model_b\n")
    code, _, err = run("rate", log)
    assert code == 2
    assert "hopeless: never won (0 of 1 won)" in err
    assert "--disconnected largest" in err
    assert "--prior" in err
    code, out, err = run("rate", log, "--disconnected", "largest", "--format", "json")
    assert code == 0
    assert [u["model"] for u in json.loads(out)["unrated"]] == ["hopeless"]
    assert "hopeless" in err
    code, _, err = run("rate", log, "--prior", "1")
    assert code == 0
    assert "the ratings are shrunk" in err
    assert "by a prior of 1" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--bootstrap", "10"], "39"),
        (["--confidence", "95"], "confidence"),
        (["--ties", "both"], "both"),
        (["--anchor", "pun"], "NAME=RATING"),
        (["--anchor", "puns=1000"], "puns"),
        (["--columns", "model_a"], "role=column"),
        (["--prior", "-1"], "prior"),
        (["--prior", "1", "--disconnected", "largest"], "exclude each other"),
        (["--threads", "0"], "threads"),
        (["--format", "xml"], "xml"),
        (["-o", "no/such/folder/board.json"], "board.json"),
    ],
)
def test_bad_options_are_the_users_to_mend(run, log, options, said):
    code, out, err = run("rate", log, *options)
    assert (code, out) == (2, "")
    assert said in err


def test_standard_input_gives_the_same_board(log):
    from_file = subprocess.run([*HUMORRANK, "rate", log], capture_output=True, check=True)
    with log.open() as stream:
        piped = subprocess.run(
            [*HUMORRANK, "rate", "-"], stdin=stream, capture_output=True, check=True
        )
    assert piped.stdout == from_file.stdout


def test_a_reader_that_closes_the_pipe_is_no_error(log):
    shell = f'{sys.executable} -c "from humorrank.cli import main; main()" rate {log} | true'
    done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr
    assert done.returncode == 0


def test_ctrl_c_ends_soon_without_leaving_a_file(tmp_path):
    """Interrupts twenty million bootstrap replicates, which would take hours."""
    path = tmp_path / "votes.csv"
    path.write_text(LOG)
    target = tmp_path / "board.json"
    ready = "from humorrank.cli import main; print('ready', flush=True); main()"
    command = [sys.executable, "-c", ready, "rate", path, "--bootstrap", "20000000", "-o", target]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    # The bootstrap has begun, because loading the libraries takes less processor time.
    until(lambda: (processor_time(process.pid) or math.inf) > 1.5, process)
    _, err, spent = interrupt(process)
    assert process.returncode == 130
    assert spent < 5
    assert b"interrupted" in err
    assert list(tmp_path.iterdir()) == [path]


def test_a_terminal_sees_progress_and_a_pipe_does_not(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(LOG)
    command = [*HUMORRANK, "rate", str(path), "--bootstrap", "200000"]
    piped = subprocess.run(command, capture_output=True, check=True)
    assert b"bootstrap " not in piped.stderr.replace(b"bootstrap replicates", b"")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:
            break
        if not chunk:
            break
        seen += chunk
    os.close(ours)
    assert process.wait() == 0
    assert b"bootstrap" in seen.replace(b"bootstrap replicates", b"")


def test_help_teaches_and_the_version_is_told(run):
    code, out, _ = run("rate", "--help")
    assert code == 0
    assert "--columns" in out
    code, out, _ = run("--version")
    assert code == 0
    assert out.startswith("humorrank ")


def test_elo_replays_in_file_order(run, tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner\nx,y,model_a\nx,y,model_a\n")
    _, out, _ = run("elo", path, "--format", "csv")
    expected = 1 / (1 + 10 ** ((984 - 1016) / 400))
    assert float(out.splitlines()[1].split(",")[1]) == pytest.approx(1016 + 32 * (1 - expected))


def test_simulate_writes_a_log_that_rate_reads(run, tmp_path):
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("model,rating\nbest,1200\nmiddle,1000\nworst,800\n")
    log = tmp_path / "log.parquet"
    assert run("simulate", ratings, "--matches", "20000", "-o", log)[0] == 0
    _, out, _ = run("rate", log, "--format", "json")
    board = {row["model"]: row["rating"] for row in json.loads(out)["leaderboard"]}
    assert board["best"] == pytest.approx(1200, abs=25)
    assert list(board) == ["best", "middle", "worst"]


def test_nothing_is_written_outside_the_output(run, log, monkeypatch, tmp_path):
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert run("rate", log)[0] == 0
    assert list(Path().iterdir()) == []


def test_output_follows_links_and_leaves_pipes_what_they_are(run, log, tmp_path):
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("stale")
    link.symlink_to(target)
    assert run("rate", log, "-o", link)[0] == 0
    assert link.is_symlink()
    assert target.read_text().startswith("rank,model")
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    assert run("rate", log, "-o", pipe)[0] == 0
    assert reader.communicate(timeout=PATIENCE)[0] == target.read_text()
    assert pipe.is_fifo()


def test_an_ending_that_says_nothing_is_refused_before_the_work(run, log, tmp_path):
    code, _, err = run("rate", log, "-o", tmp_path / "board.xlsx")
    assert code == 2
    assert ".xlsx" in err
    assert run("rate", log, "-o", tmp_path / "board.xlsx", "--format", "csv")[0] == 0


def test_elo_says_what_it_left_out(run, log):
    log.write_text(LOG + "pun,irony,error\npun,irony,junk\n")
    code, _, err = run("elo", log, "--on-error", "skip")
    assert code == 0
    assert "1 row has no outcome" in err
    assert "1 bad row skipped" in err
    code, _, err = run("elo", log, "--k", "nan")
    assert code == 2


def test_the_counts_of_all_that_was_read_add_up(run, log):
    log.write_text(LOG + "pun,irony,\npun,irony,junk\npun,irony\nrare,pun,tie\n")
    _, out, _ = run(
        "rate", log, "--on-error", "skip", "--where", "model_b <> 'sarcasm'",
        "--min-matches", "2", "--format", "json",
    )  # fmt: skip
    counts = json.loads(out)["counts"]
    assert counts["read"] == 10
    parts = ("rated", "unjudged", "skipped", "filtered", "void", "tied_out", "outside")
    assert sum(counts[part] for part in parts) == counts["read"]


def test_replays_that_would_take_hours_are_refused(run, log):
    log.write_text("model_a,model_b,winner,count\nx,y,model_a,9000000000000\nx,y,model_b,1\n")
    code, _, err = run("rate", log)
    assert code == 2
    assert "--elo-shuffles 0" in err
    assert run("rate", log, "--elo-shuffles", "0")[0] == 0


def test_a_column_name_may_hold_a_comma(run, log):
    log.write_text(LOG.replace("model_a,model_b", '"who, first",model_b', 1))
    options = '"model_a=who, first",model_b=model_b,winner=winner'
    assert run("rate", log, "--columns", options)[0] == 0


def test_a_terminal_that_cannot_show_a_name_is_no_reason_to_fail(log):
    log.write_text(LOG.replace("pun", "駄洒落"))
    done = subprocess.run(
        [*HUMORRANK, "rate", log],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"\\u99c4" in done.stdout


def test_a_pipe_is_read_once_from_its_beginning(log, tmp_path):
    whole = subprocess.run([*HUMORRANK, "rate", log], capture_output=True, check=True)
    shell = f'{sys.executable} -c "from humorrank.cli import main; main()" rate <(cat {log})'
    piped = subprocess.run(
        ["bash", "-c", shell], capture_output=True, check=False, timeout=PATIENCE
    )
    assert piped.returncode == 0, piped.stderr
    assert piped.stdout == whole.stdout


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_a_closed_stream_is_said(log, closed):
    shell = f'{sys.executable} -c "from humorrank.cli import main; main()" rate - {closed} < {log}'
    if closed == "<&-":
        shell = shell.replace(f"< {log}", "")
    done = subprocess.run(["bash", "-c", shell], capture_output=True, check=False, timeout=PATIENCE)
    assert done.returncode == 2, done.stderr
    assert b"closed" in done.stderr
    assert b"Traceback" not in done.stderr


def test_compare_finds_a_name_in_another_case(run, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(LOG.replace("irony", "GPT-5"))
    code, _, err = run("compare", path, "gpt-5", "pun")
    assert code == 2
    assert "there is no 'gpt-5' on this board; did you mean 'GPT-5'?" in err
    options = ("--exclude", "gpt-5")
    code, _, err = run("rate", path, *options)
    assert code == 2 and "did you mean 'GPT-5'?" in err
