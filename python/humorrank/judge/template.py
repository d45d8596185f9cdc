"""The prompt of a judge, which turns a comparison into chat messages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from humorrank._util.suggest import refuse_unknown
from humorrank.errors import InputError, OptionError
from humorrank.judge.protocol import Comparison
from humorrank.judge.rendering import Rendering, TemplateFault
from humorrank.judge.sandbox import Sandboxed
from humorrank.judge.special_tokens import quoted
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
"""The variables that a template can use."""

NEEDED: Final = ("prompt", "joke_a", "joke_b")
"""The variables that a template must use."""

SORTING: Final = Path(__file__).with_name("sorting.jinja")
"""The template for sorting, whose prompt is a question about two texts."""

# The order of the messages. A prefix cache then holds what comparisons share.
_ROLES: Final = ("system", "user")


class Template:
    """A jinja2 template with a block `user` and, optionally, a block `system`.

    A template without blocks is the user message. Texts (`prompt`, `joke_a`, `joke_b` and both
    `words`) are quoted by `quoted`: `{{ joke_a }}` includes the quotes. `humor`, `delivery` and
    `failures` are lists of labels. `kind` is "prompt", "headline" or "words", and `words` is empty
    for the other kinds.

    Args:
        source: Source of the template.
        name: Name of the template in errors.
        limited: Whether the template is rendered in a process of its own, with limits of time,
            memory and output; see `humorrank.judge.sandbox`.

    Raises:
        InputError: If the source is not a jinja2 template.
        OptionError: If the template uses an unknown variable or block, or omits the prompt or a
            joke.
    """

    def __init__(self, source: str, name: str = "template", *, limited: bool = True) -> None:
        self.name = name
        self.digest: str = hashlib.blake2b(source.encode(), digest_size=16).hexdigest()
        """Digest of the source: templates with equal digests are equal."""
        self.labels: bool = True
        """Whether a verdict has labels of the taxonomy."""
        try:
            self._template = (Sandboxed if limited else Rendering)(
                source, trim_blocks=True, lstrip_blocks=True
            )
        except TemplateFault as fault:
            raise InputError(
                f"is not a jinja2 template: {fault}", file=name, row=fault.line
            ) from fault
        used = self._template.used
        refuse_unknown(sorted(used), VARIABLES, name, what="variable")
        refuse_unknown(self._template.blocks, _ROLES, name, what="block")
        if self._template.blocks and "user" not in self._template.blocks:
            raise OptionError(f"{name}: has a block 'system', but no block 'user'")
        for variable in NEEDED:
            if variable not in used:
                raise OptionError(f"{name}: does not use {{{{ {variable} }}}}")
        self._try()

    @classmethod
    @cache
    def default(cls) -> Template:
        """Returns the default template."""
        source = resources.files("humorrank.judge").joinpath("template.jinja")
        return cls(source.read_text("utf-8"), "the default template", limited=False)

    @classmethod
    def load(cls, path: Path) -> Template:
        """Reads a user's template, or the one for sorting, from a UTF-8 file.

        Raises:
            InputError: If the file cannot be read, or is not a jinja2 template.
            OptionError: If the template uses an unknown variable or block, or omits the prompt or
                a joke.
        """
        try:
            source = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
        except UnicodeDecodeError as error:
            raise InputError(f"is not UTF-8: {error}", file=str(path)) from error
        if path == SORTING:
            template = cls(source, "the template for sorting", limited=False)
            template.labels = False
            return template
        return cls(source, str(path))

    def messages(
        self, comparison: Comparison, taxonomy: Taxonomy = TAXONOMY
    ) -> list[dict[str, str]]:
        """Returns the chat messages that ask for a verdict, each with `role` and `content`.

        Raises:
            OptionError: If the template fails on this comparison.
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
            # A template evaluates a user's expressions, which can raise any exception.
            raise OptionError(f"{self.name}: fails on {prompt.id!r}: {error}") from error

    def _messages(self, values: Mapping[str, Any]) -> list[dict[str, str]]:
        told = dict(self._template.render(values))
        return [{"role": role, "content": told[role].strip()} for role in _ROLES if role in told]

    def _try(self) -> None:
        """Renders each kind of prompt once, since a variable in a dead branch is not shown."""
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
