"""Shell completion, and running the command as a module."""

import subprocess
import sys

import pytest


def completed(words, monkeypatch, tmp_path):
    command = [sys.executable, "-c", "from humorrank._start import main; main()"]
    environment = {
        "_HUMORRANK_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    code = "import sys; sys.argv[0] = 'humorrank'; " + command[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("humorrank ra", {"rate", "ranks"}),
        ("humorrank rate --boot", {"--bootstrap"}),
        ("humorrank tournament ex", {"export", "extend"}),
        ("humorrank tournament export --deci", {"--decisions"}),
    ],
)
def test_commands_and_options_are_completed(words, expected, monkeypatch, tmp_path):
    assert set(completed(words, monkeypatch, tmp_path)) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_shown(run, shell, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    code, out, _ = run("--show-completion", shell)
    assert code == 0
    assert "_HUMORRANK_COMPLETE" in out


def test_the_package_is_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "humorrank", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("humorrank ")
