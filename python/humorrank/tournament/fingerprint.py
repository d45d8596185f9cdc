"""The fingerprint of a tournament, which contains everything that its results depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from humorrank.errors import OptionError
from humorrank.judge import Field, Judge
from humorrank.judge.backends import PEOPLE
from humorrank.store.differences import flattened
from humorrank.store.export import INCONSISTENT
from humorrank.tournament.schedule import Scheduler
from humorrank.tournament.spec import MISSING, Spec


def tournament_fingerprint(
    spec: Spec, field: Field, budget: int, judge: Judge | None
) -> dict[str, Any]:
    """Returns everything that the comparisons and verdicts of a tournament depend on."""
    settings: dict[str, Any] = {
        "candidates": _digest(_jokes(field)),
        "prompts": _digest(part for p in field.prompts for part in (p.id, p.kind, p.text)),
        "budget": budget,
        "seed": spec.seed,
        "position": spec.position,
        "identical": spec.identical,
        "lag": spec.lag,
        "template": template_digest(spec),
        "stop": dict(spec.stop),
        "schedule": {
            "kind": spec.schedule.kind,
            "version": Scheduler.version,
            "slack": spec.schedule.slack,
            "prompts_per_pairing": spec.schedule.prompts_per_pairing,
            "elo_k": spec.schedule.elo_k,
            "prior": spec.schedule.prior,
        },
        "judge": {
            "name": PEOPLE if judge is None else judge.name,
            **({} if judge is None else judge.settings),
        },
    }
    if spec.inconsistent != INCONSISTENT:
        # Stores of earlier versions lack this key, and can be resumed with the default value.
        settings["inconsistent"] = spec.inconsistent
    if spec.missing != MISSING:
        settings["missing"] = spec.missing
    return flattened(settings)


def template_digest(spec: Spec) -> str | None:
    """Returns the digest of the template file, if there is one.

    Raises:
        OptionError: If the file cannot be read.
    """
    if spec.template is None:
        return None
    path = spec.folder / spec.template
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError as error:
        raise OptionError(f"template {path}: cannot be read: {error.strerror}") from None


def _jokes(field: Field) -> Iterator[str]:
    yield from field.models
    for prompt, jokes in zip(field.prompts, field.jokes, strict=True):
        yield prompt.id
        yield from jokes


def _digest(parts: Iterator[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        content = part.encode()
        digest.update(len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.hexdigest()
