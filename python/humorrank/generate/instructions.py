"""The instructions to a model that is asked for a joke."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from humorrank._util.suggest import near
from humorrank.errors import OptionError
from humorrank.judge import Prompt

Message = dict[str, str]

VARIABLES: Final = ("prompt", "kind", "headline", "word1", "word2")
"""The variables that a template can use: the prompt, its kind (prompt, headline or words), and its
parts, which are empty if it has none. `humorrank.judge.special_tokens.quoted` quotes texts."""

_SYSTEM: Final = (
    "You write comedy. Answer with one joke and nothing else: no title, no explanation, no "
    "quotation marks around it."
)
_USER: Final = """\
{% if kind == "headline" -%}
Write one short, original joke about this news headline:

{{ headline }}
{%- elif kind == "words" -%}
Write one short, original joke in which both of these words occur:

{{ word1 }}
{{ word2 }}
{%- else -%}
Write one short, original joke for this prompt:

{{ prompt }}
{%- endif %}
"""


class Instructions:
    """Sandboxed jinja2 template of the instructions to a model.

    The default instructions have a system message and a user message. A custom template is the
    user message alone. It is rendered in a process of its own, with limits of time, memory and
    output; see `humorrank.judge.sandbox`.

    Args:
        path: File with a custom template; the default instructions if None.

    Raises:
        OptionError: If the file cannot be read or is not a jinja2 template, or if it uses an
            unknown variable or does not use the prompt.
    """

    def __init__(self, path: Path | None = None) -> None:
        # Imported late: this takes longer than all of a command that generates nothing.
        from humorrank.judge.rendering import Rendering, TemplateFault  # noqa: PLC0415
        from humorrank.judge.sandbox import Sandboxed  # noqa: PLC0415

        self._system = _SYSTEM if path is None else None
        source = _USER if path is None else _read(path)
        self._where = "the template" if path is None else f"template {path}"
        try:
            self._template = (Rendering if path is None else Sandboxed)(
                source, whole=True, trim_blocks=True, keep_trailing_newline=False
            )
        except TemplateFault as fault:
            line = "" if fault.line is None else f", line {fault.line}"
            message = f"{self._where}{line}: is not a jinja2 template: {fault}"
            raise OptionError(message) from None
        used = self._template.used
        for name in sorted(used.difference(VARIABLES)):
            known = ", ".join(VARIABLES)
            message = f"there is no variable {name!r}{near(name, VARIABLES)} (known: {known})"
            raise OptionError(f"{self._where}: {message}")
        if "prompt" not in used and not {"headline", "word1", "word2"} <= used:
            raise OptionError(
                f"{self._where}: uses neither prompt nor all of headline, word1 and word2; without "
                "them, the model does not receive the prompt"
            )
        content = json.dumps([self._system, source]).encode()
        self.digest = hashlib.blake2b(content, digest_size=16).hexdigest()

    def messages(self, prompt: Prompt) -> list[Message]:
        """Returns the chat messages for a prompt.

        Raises:
            OptionError: If the template fails on the prompt, or does not show it.
        """
        from humorrank.judge.special_tokens import quoted  # noqa: PLC0415

        one, two = prompt.words or ("", "")
        values: dict[str, Any] = {
            "prompt": quoted(prompt.text),
            "kind": prompt.kind,
            "headline": quoted(prompt.text) if prompt.kind == "headline" else "",
            "word1": quoted(one) if one else "",
            "word2": quoted(two) if two else "",
        }
        try:
            text = "".join(part for _, part in self._template.render(values)).strip()
        except Exception as error:
            # A template evaluates a user's expressions, which can raise any exception.
            raise OptionError(f"{self._where}: fails on prompt {prompt.id!r}: {error}") from None
        shown = text.casefold()
        for part in prompt.words or (prompt.text,):
            if quoted(part)[1:-1].casefold() not in shown:
                raise OptionError(f"{self._where}: does not show {part!r} of prompt {prompt.id!r}")
        system = [] if self._system is None else [{"role": "system", "content": self._system}]
        return [*system, {"role": "user", "content": text}]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise OptionError(f"template {path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise OptionError(f"template {path}: is not UTF-8 text") from None
