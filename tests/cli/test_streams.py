"""Commands whose standard streams are closed."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

LOG = "model_a,model_b,winner\n" + "pun,irony,model_a\nirony,pun,model_a\npun,irony,tie\n" * 3
HUMORRANK = f"exec {shlex.quote(sys.executable)} -m humorrank"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "log.csv").write_text(LOG)
    return subprocess.run(
        ["bash", "-c", f"{HUMORRANK} {command}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


COMMANDS = {
    "rate log.csv --bootstrap 0": 0,
    "rate log.csv --format json -o board.json": 0,
    "simulate 3 --matches 100 --seed 1 -o new.csv": 0,
    "rate missing.csv": 2,
    "rate --help": 0,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_standard_error_changes_neither_the_result_nor_the_exit_code(
    command: str, tmp_path: Path
) -> None:
    opened, closed = tmp_path / "opened", tmp_path / "closed"
    opened.mkdir()
    closed.mkdir()
    normal, silent = run(command, opened), run(f"{command} 2>&-", closed)
    assert (silent.returncode, silent.stdout) == (normal.returncode, normal.stdout)
    assert normal.returncode == COMMANDS[command]
    assert silent.stderr == ""
    for written in ("board.json", "new.csv"):
        if (opened / written).exists():
            assert (closed / written).read_text() == (opened / written).read_text()


@pytest.mark.parametrize("closing", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_no_closed_stream_leads_to_an_exception(closing: str, tmp_path: Path) -> None:
    for command, code in COMMANDS.items():
        done = run(f"{command} {closing}", tmp_path)
        assert "Traceback" not in done.stderr
        # Without standard output, a result that is not written to a file is an error.
        lost = ">&-" in closing.split() and " -o " not in command
        if "--help" not in command:
            assert done.returncode == (2 if lost else code)
        if code == 2 and "2>&-" not in closing:
            assert "missing.csv" in done.stderr


def test_a_closed_standard_input_is_an_error_only_where_it_is_read(tmp_path: Path) -> None:
    done = run("rate - <&-", tmp_path)
    assert done.returncode == 2 and done.stderr == "error: standard input: is closed\n"


def test_a_file_does_not_take_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    """The first file that is opened has the lowest free number, to which messages are written."""
    done = run("tally log.csv -o tally.parquet <&- >&- 2>&-", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "log.csv").read_text() == LOG
    assert (tmp_path / "tally.parquet").read_bytes().startswith(b"PAR1")
