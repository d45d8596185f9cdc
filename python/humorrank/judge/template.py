"""What a judge is told: from a comparison to the messages of a chat."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import jinja2
import jinja2.meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from humorrank._util.suggest import refuse_unknown
from humorrank.errors import InputError, OptionError
from humorrank.judge.protocol import Comparison
from humorrank.judge.taxonomy import TAXONOMY, Taxonomy
from humorrank.store.field import Prompt

VARIABLES: Final = (
    "prompt",
    "joke_a",
    "joke_b",
    "humor",
    "delivery",
    "failures",
    "kind",
    "words",
)
"""What a template can use."""

NEEDED: Final = ("prompt", "joke_a", "joke_b")
"""What it must use."""

# The order is the order of the messages; a cache of prefixes then holds what pairs share.
_ROLES: Final = ("system", "user")

# The openings of chat templates' special tokens (<|im_start|>, </s>, <<SYS>>, <start_of_turn>,
# [INST], [/INST], [gMASK] and their like, also with full-width signs), what JSON lets through
# although some take it for the end of a line, and halves of a surrogate pair, which no UTF-8 holds.
_SPECIAL: Final = re.compile(
    "[<\uff1c](?=[|/!<_a-zA-Z\u2581\uff5c])"
    r"|\[(?=/?(?:[A-Z][A-Z_]+|gMASK|sMASK|sop|eop)\])"
    "|[\x7f-\x9f\u2028\u2029\ud800-\udfff]"
)


def quoted(text: str) -> str:
    r"""A text as a JSON string in which nothing can end the string or stand for a special token.

    What opens a special token is written as \u003c or \u005b, as JSON allows: whoever reads the
    JSON reads the text as it was.
    """
    whole = json.dumps(text, ensure_ascii=False)
    return _SPECIAL.sub(lambda match: f"\\u{ord(match.group()):04x}", whole)


class Template:
    """A jinja2 template with a block `user` and, if it likes, a block `system`.

    A template without blocks is the user's message. Texts (`prompt`, `joke_a`, `joke_b` and both
    `words`) come quoted, as `quoted` has it: `{{ joke_a }}` writes the quotes too. `humor`,
    `delivery` and `failures` are lists of labels; `kind` is "prompt", "headline" or "words", and
    `words` is empty unless it is "words".

    Args:
        source: the template.
        name: what errors call it.

    Raises:
        InputError: it is no template.
        OptionError: it uses what there is not, or leaves out the prompt or a joke.
    """

    def __init__(self, source: str, name: str = "template") -> None:
        self.name = name
        self.digest: str = hashlib.blake2b(source.encode(), digest_size=16).hexdigest()
        """Of the source: two templates with the same one ask the same."""
        environment = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        try:
            used = jinja2.meta.find_undeclared_variables(environment.parse(source))
            self._template = environment.from_string(source)
        except jinja2.TemplateSyntaxError as error:
            raise InputError(
                f"is no jinja2 template: {error.message}", file=name, row=error.lineno
            ) from error
        except jinja2.TemplateError as error:
            raise InputError(f"is no jinja2 template: {error}", file=name) from error
        refuse_unknown(sorted(used), VARIABLES, name, what="variable")
        refuse_unknown(self._template.blocks, _ROLES, name, what="block")
        if self._template.blocks and "user" not in self._template.blocks:
            raise OptionError(f"{name}: has a block system, but no block user")
        for variable in NEEDED:
            if variable not in used:
                raise OptionError(f"{name}: does not use {{{{ {variable} }}}}")
        self._try()

    @classmethod
    @cache
    def default(cls) -> Template:
        """The template that humorrank brings along."""
        source = resources.files("humorrank.judge").joinpath("template.jinja")
        return cls(source.read_text("utf-8"), "the default template")

    @classmethod
    def load(cls, path: Path) -> Template:
        """Reads a user's template, in UTF-8.

        Raises:
            InputError: it cannot be read, or is no template.
            OptionError: it uses what there is not, or leaves out the prompt or a joke.
        """
        try:
            source = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
        except UnicodeDecodeError as error:
            raise InputError(f"is not UTF-8: {error}", file=str(path)) from error
        return cls(source, str(path))

    def messages(
        self, comparison: Comparison, taxonomy: Taxonomy = TAXONOMY
    ) -> list[dict[str, str]]:
        """The messages of a chat that asks for a verdict, each with `role` and `content`.

        Raises:
            OptionError: the template fails on this comparison.
        """
        prompt = comparison.prompt
        values: dict[str, Any] = {
            "prompt": quoted(prompt.text),
            "joke_a": quoted(comparison.joke_a),
            "joke_b": quoted(comparison.joke_b),
            "humor": taxonomy.humor,
            "delivery": taxonomy.delivery,
            "failures": taxonomy.failures,
            "kind": prompt.kind,
            "words": tuple(quoted(word) for word in prompt.words or ()),
        }
        try:
            return self._messages(values)
        except Exception as error:
            # A template runs a user's expressions, which can fail in any way.
            raise OptionError(f"{self.name}: fails on {prompt.id!r}: {error}") from error

    def _messages(self, values: Mapping[str, Any]) -> list[dict[str, str]]:
        if not self._template.blocks:
            return [{"role": "user", "content": self._template.render(values).strip()}]
        context = self._template.new_context(dict(values))
        return [
            {"role": role, "content": "".join(self._template.blocks[role](context)).strip()}
            for role in _ROLES
            if role in self._template.blocks
        ]

    def _try(self) -> None:
        """Each kind of prompt once: a variable that stands in a dead branch is not used."""
        for prompt in (
            Prompt("kind prompt", "Zyqprompt"),
            Prompt("kind headline", "Zyqprompt", "headline"),
            Prompt("kind words", "Zyqprompt, zyqother", "words", ("Zyqprompt", "zyqother")),
        ):
            comparison = Comparison(prompt, "Zyqmodel", "Zyqmodel", "Zyqfirst", "Zyqsecond")
            told = "".join(message["content"] for message in self.messages(comparison))
            for variable, sign in zip(NEEDED, ("Zyqprompt", "Zyqfirst", "Zyqsecond"), strict=True):
                if sign not in told:
                    raise OptionError(
                        f"{self.name}: does not show {{{{ {variable} }}}} for {prompt.id}"
                    )
