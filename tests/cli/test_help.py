"""The help of every command: summaries, descriptions of options, and width."""

import re

import click
import pytest
import typer

from humorrank.cli import app
from humorrank.cli._lazy import LazyGroup

WIDTH = 80
SENTENCE = re.compile(r"[A-Z].*\.", re.DOTALL)


def tables(group, words=()):
    """Yields the words and the table entry of each command below a group."""
    for name, entry in group.entries.items():
        yield (*words, name), entry
        loaded = entry.load(name)
        if isinstance(loaded, LazyGroup):
            yield from tables(loaded, (*words, name))


ROOT = typer.main.get_command(app)
ENTRIES = dict(tables(ROOT))
COMMANDS = {(): ROOT} | {words: entry.load(words[-1]) for words, entry in ENTRIES.items()}


def test_the_tables_list_the_commands_of_both_groups():
    assert {("rate",), ("report",), ("tournament",), ("tournament", "run")} <= ENTRIES.keys()
    assert len(ENTRIES) > 20


@pytest.mark.parametrize("words", ENTRIES, ids=" ".join)
def test_the_first_line_of_the_help_is_the_summary_in_the_table(words):
    first = COMMANDS[words].help.strip().splitlines()[0]
    assert first == ENTRIES[words].summary
    assert SENTENCE.fullmatch(first)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_and_argument_has_a_help_text_of_whole_sentences(words):
    command = COMMANDS[words]
    context = click.Context(command, info_name="humorrank")
    found = {parameter.name: parameter.help for parameter in command.get_params(context)}
    wrong = {
        name: text
        for name, text in found.items()
        if text is None or not SENTENCE.fullmatch(text.strip())
    }
    assert "help" in found
    assert not wrong


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_line_of_the_help_is_wider_than_a_terminal(run, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("TERMINAL_WIDTH", str(WIDTH))
    code, out, err = run(*words, "--help")
    assert (code, err) == (0, "")
    assert "--help" in out
    assert not [line for line in out.splitlines() if len(line) > WIDTH]
