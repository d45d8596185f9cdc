"""Templates of users that would run, grow or read without end."""

import os
import sys
import time
from pathlib import Path

import pytest
from support.signals import PATIENCE

from humorrank.errors import InputError, OptionError
from humorrank.generate.instructions import Instructions
from humorrank.judge import Comparison, Prompt, Template, sandbox

USES = "{{ prompt }} {{ joke_a }} {{ joke_b }}"
ENDLESS = [
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = b %}{% endfor %}{% endfor %}",
    "{{ 'a' | replace('a', 'a' * 30000) | replace('a', 'a' * 30000) | length }}",
    "{{ 9 ** (9 ** 99) }}",
    "{{ (prompt | length) ** 999999999 }}",
    "{{ 'x' * 10 ** 10 }}",
    "{{ '%999999999d' % 1 }}{{ '%999999999d' | format(1) }}",
    "{{ '{:999999999999}'.format(1) }}",
    "{{ 'x' | center(10 ** 10) }}",
    "{{ [1] * 10 ** 10 }}",
    "{% set n = namespace(x='ab') %}{% for _ in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% for a in range(99999) %}{{ 'x' * 999 }}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% for a in [prompt] recursive %}{{ loop([a]) }}{% endfor %}",
    "{{ range(10 ** 10) }}",
    "{{ lipsum(n=99999, min=99999, max=999999) }}",
    "{% set c = cycler(1, 2) %}{% for a in range(99999) %}{% for b in range(99999) %}"
    "{% set d = c.next() %}{% endfor %}{% endfor %}",
    "{{ '(' * 99999 }}{{ " + "(" * 9999 + "1" + ")" * 9999 + " }}",
]


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 1.0)


@pytest.mark.parametrize("source", ENDLESS)
def test_templates_without_end_are_refused(source):
    start = time.monotonic()
    with pytest.raises(
        (OptionError, InputError), match=r"own: (fails on|is not a jinja2 template)"
    ):
        Template(USES + source, "own")
    assert time.monotonic() - start < PATIENCE


def test_instructions_without_end_are_refused(tmp_path):
    path = tmp_path / "own.jinja"
    path.write_text("{{ prompt }}" + ENDLESS[0])
    with pytest.raises(OptionError, match=r"fails on prompt 'p': it takes longer than 1 s"):
        Instructions(path).messages(Prompt("p", "text"))
    path.write_text("{{ prompt }}" + ENDLESS[11])
    with pytest.raises(OptionError, match=r"it writes more than 1,048,576 characters"):
        Instructions(path).messages(Prompt("p", "text"))


def test_a_template_works_again_after_one_comparison_was_too_slow():
    slow = "{% if 'Slow' in prompt %}" + ENDLESS[0] + "{% endif %}"
    template = Template(USES + slow, "own")
    for text in ("Slow", "fast", "Slow", "fast"):
        compared = Comparison(Prompt("p", text), "m", "n", "a", "b")
        if text == "fast":
            assert template.messages(compared)[0]["content"] == '"fast" "a" "b"'
        else:
            with pytest.raises(OptionError, match="fails on 'p': it takes longer than 1 s"):
                template.messages(compared)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_of_a_template_has_no_environment_and_ends_with_it(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    template = Template(USES)
    process = template._template._process
    assert "sk-secret" not in Path(f"/proc/{process.pid}/environ").read_text()
    del template
    assert process.returncode is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_templates_work_in_a_forked_process():
    template = Template(USES)
    compared = Comparison(Prompt("p", "text"), "m", "n", "a", "b")
    child = os.fork()
    if not child:
        told = template.messages(compared)[0]["content"]
        os._exit(0 if told == '"text" "a" "b"' else 9)
    assert os.waitpid(child, 0)[1] == 0
    assert template.messages(compared)[0]["content"] == '"text" "a" "b"'


def test_whole_templates_may_have_blocks(tmp_path):
    path = tmp_path / "own.jinja"
    path.write_text("Before {% block b %}{{ prompt }}{% endblock %} after.")
    assert Instructions(path).messages(Prompt("p", "x"))[0]["content"] == 'Before "x" after.'
