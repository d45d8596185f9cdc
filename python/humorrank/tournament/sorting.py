"""Sorts items by a question that a judge answers for two of them at a time."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar, overload

from humorrank._core import MOST_INFORMED
from humorrank._util.checks import check_confidence, whole
from humorrank._util.progress import Progress
from humorrank._util.text import number_of, one_line
from humorrank._util.waiting import waited_for
from humorrank.errors import JudgeError, OptionError
from humorrank.judge import Field, Judge, Prompt
from humorrank.judge.backends import parse_judge
from humorrank.judge.function import Function, FunctionJudge
from humorrank.store.store import OWN_JUDGE
from humorrank.tournament.engine import play_rounds
from humorrank.tournament.ranking import BLEND, Ranking, blended, checked_weights
from humorrank.tournament.session import silence
from humorrank.tournament.sorted_store import open_sorting, ranking_of
from humorrank.tournament.spec import LARGEST_SEED, JudgeSpec, ScheduleSpec, Spec
from humorrank.tournament.stopping import SeparationRule

T = TypeVar("T")
Say = Callable[[str], object]
AnyJudge = str | Judge | Function

JUDGMENTS_EACH: Final = 20
"""Default budget of judgments per different text."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class _Texts:
    """Different texts, which are the contestants.

    Attributes:
        texts: The texts, in the order of their first items.
        first: The place of the first item of each text.
        number: The number of the text of each item.
    """

    texts: Sequence[str]
    first: Sequence[int]
    number: Sequence[int]


async def sort_async(
    items: Iterable[T],
    question: str | Mapping[str, str] | None = None,
    *,
    judge: AnyJudge | Mapping[str, AnyJudge],
    text: Callable[[T], str] | str | None = None,
    top: int = 1,
    budget: int | None = None,
    repeats: int = 1,
    confidence: float = 0.95,
    seed: int = 0,
    store: str | Path | None = None,
    weights: Mapping[str, float] | None = None,
    options: Mapping[str, Any] | None = None,
    batch_size: int | None = None,
    in_flight: int | None = None,
    retry_failures: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
    **questions: str,
) -> Ranking[T] | dict[str, Ranking[T]]:
    """Sorts items while an event loop is running, as in a notebook; see `sort`."""
    held = list(items)
    several = not isinstance(question, str)
    asked = _questions(question, questions)
    if weights is not None:
        if not several:
            raise OptionError("weights need several named questions (funnier=..., cleaner=...)")
        weights = checked_weights(weights, list(asked))
    texts = _texts(held, text, needed=store is not None or not _is_function(judge))
    whole("top", top, 1)
    whole("repeats", repeats, 1, 1_000_000)
    whole("seed", seed, most=LARGEST_SEED)
    check_confidence(confidence)
    _check_size(texts, top)
    if budget is not None:
        whole("budget", budget, 2)
    rankings: dict[str, Ranking[T]] = {}
    for name, told in asked.items():
        judged = _judge_for(name, judge, list(asked) if several else [])
        spec, own = _spec(judged, texts, held, options, batch_size, in_flight)
        spec = replace(
            spec,
            seed=seed,
            stop={"when": "top", "k": top, "confidence": float(confidence), "cluster": "pair"},
        )
        field = Field(
            [str(place + 1) for place in texts.first],
            [Prompt(f"{name} {number + 1}".strip(), told) for number in range(repeats)],
            [list(texts.texts)] * repeats,
        )
        with ExitStack() as stack:
            path = _store_of(store, name if several else None, stack)
            opened = open_sorting(path, spec, field, own, budget, JUDGMENTS_EACH)
            stack.enter_context(opened.store)
            assert isinstance(opened.stop, SeparationRule)
            assert opened.judge is not None
            ending = await play_rounds(
                opened.store,
                opened.spec,
                opened.field,
                opened.judge,
                stop=opened.stop,
                retry_failures=retry_failures,
                progress=progress,
                say=say,
            )
            silent = silence(opened.store, OWN_JUDGE)
            if silent is not None:
                raise JudgeError(
                    f"{silent.name} answered none of {number_of(silent.failures, 'comparison')} "
                    f"({one_line(silent.reason)}); correct the cause, and ask again with "
                    "retry_failures (--retry-failures)"
                )
            rankings[name] = ranking_of(
                opened,
                ending,
                held,
                texts.number,
                top=top,
                confidence=confidence,
                notes=_notes(texts),
            )
        if ending.reason is None:
            break
    if not several:
        return next(iter(rankings.values()))
    if weights is not None and len(rankings) == len(asked):
        rankings[BLEND] = blended(rankings, weights)
    return rankings


@overload
def sort(
    items: Iterable[T],
    question: str,
    *,
    judge: AnyJudge | Mapping[str, AnyJudge],
    **options: Any,  # noqa: ANN401 - those below
) -> Ranking[T]: ...


@overload
def sort(
    items: Iterable[T],
    question: Mapping[str, str] | None = None,
    *,
    judge: AnyJudge | Mapping[str, AnyJudge],
    **options: Any,  # noqa: ANN401 - those below
) -> dict[str, Ranking[T]]: ...


def sort(
    items: Iterable[T],
    question: str | Mapping[str, str] | None = None,
    *,
    judge: AnyJudge | Mapping[str, AnyJudge],
    text: Callable[[T], str] | str | None = None,
    top: int = 1,
    budget: int | None = None,
    repeats: int = 1,
    confidence: float = 0.95,
    seed: int = 0,
    store: str | Path | None = None,
    weights: Mapping[str, float] | None = None,
    options: Mapping[str, Any] | None = None,
    batch_size: int | None = None,
    in_flight: int | None = None,
    retry_failures: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
    **questions: str,
) -> Ranking[T] | dict[str, Ranking[T]]:
    """Sorts items by a question that a judge answers for two of them at a time.

    >>> import humorrank
    >>> def longer(first, second):
    ...     return len(first) > len(second)
    >>> humorrank.sort(["aa", "a", "aaaa"], "Which is longer?", judge=longer)
    ['aaaa', 'aa', 'a']

    The items are the contestants of a tournament with the information schedule: each pair is
    judged in both orders, and pairs whose order is uncertain come first. Sorting stops when the
    best `top` items are separated from the others, when the budget is spent, or when every pair
    has been judged. Items with the same text are one contestant: they are judged once, and
    have the same rank.

    Args:
        items: The items, which can be any objects.
        question: The question that the judge answers for two items; or a mapping from a name to a
            question for several questions.
        judge: "PROVIDER/MODEL"; a function of two items (see `humorrank.judge.FunctionJudge`); a
            judge that implements `humorrank.judge.Judge`; or, for several questions, a mapping
            from the name of the question to one of these.
        text: Function that returns the text of an item, or the name of its key. Without it, the
            items must be strings, unless a function judges them and there is no store.
        top: Number of items at the top that must be separated from the others.
        budget: Most judgments of a question, where a pair in both orders is two; by default 20 for
            each different text.
        repeats: Number of times that a pair may be judged in both orders. More than 1 is useful
            only if the judge does not always answer alike.
        confidence: Confidence level of the separation and of the intervals.
        seed: Random seed of the schedule, and of a judge that draws.
        store: Path of the store, which keeps all judgments. The same call continues it, also with
            another `top` or `confidence`, or with a larger `budget` or `repeats`. With several
            questions, each has its own store: S.sqlite becomes S.NAME.sqlite. There is no store
            by default.
        weights: Weights of several questions, by name. The ranking by the weighted mean of their
            ratings is then added under the name "blend".
        options: Settings of a judge that is given as "PROVIDER/MODEL", such as
            {"temperature": 0.2, "price_prompt": 0.15}.
        batch_size: Most comparisons in a batch.
        in_flight: Most comparisons in flight.
        retry_failures: Whether failed comparisons in the store are asked again.
        progress: Called with "judging", the number of committed comparisons, and the budget.
        say: Called with messages for a user who presses Ctrl-C.
        **questions: Further questions by name, such as funnier="Which is funnier?".

    Returns:
        The items, best first: a list with ratings and costs (`Ranking`). For
        named questions, a dictionary of such lists by the name of the question.

    Raises:
        OptionError: If an argument is invalid, or an event loop is running, as in a notebook:
            await `humorrank.tournament.sort_async` there.
        JudgeError: If the judge cannot work at all, or a function returns something else.
        StoreError: If the store contains other texts, another question or another judge.
    """
    work = sort_async(
        items,
        question,
        judge=judge,
        text=text,
        top=top,
        budget=budget,
        repeats=repeats,
        confidence=confidence,
        seed=seed,
        store=store,
        weights=weights,
        options=options,
        batch_size=batch_size,
        in_flight=in_flight,
        retry_failures=retry_failures,
        progress=progress,
        say=say,
        **questions,
    )
    return waited_for(work, "humorrank.tournament.sort_async")


def _questions(
    question: str | Mapping[str, str] | None, further: Mapping[str, str]
) -> dict[str, str]:
    """Returns the questions by name; a single one has the name ""."""
    if isinstance(question, str):
        if further:
            raise OptionError(
                "a single question cannot be combined with named ones "
                f"({', '.join(further)}); name all of them"
            )
        asked = {"": question}
    else:
        asked = {**(question or {}), **further}
        if not asked:
            raise OptionError('no question is given, such as "Which is funnier?"')
    for name, told in asked.items():
        if not isinstance(told, str):
            raise OptionError(f"{name}: a question must be a text, not {told!r}")
        if not told.strip():
            raise OptionError(
                f"the question {name!r} is empty" if name else "the question is empty"
            )
        if not isinstance(question, str) and (not _NAME.fullmatch(name) or name == BLEND):
            raise OptionError(
                f"{name!r} cannot be the name of a question: it must consist of letters, digits, "
                f'"_" and "-", and must not be "{BLEND}"'
            )
    return asked


def _texts(items: Sequence[T], text: Callable[[T], str] | str | None, *, needed: bool) -> _Texts:
    """Finds the different texts of the items.

    Raises:
        OptionError: If an item has no text.
    """
    numbers: dict[str, int] = {}
    first, number = [], []
    for place, item in enumerate(items):
        found = _text(item, text, place, needed=needed)
        if found not in numbers:
            numbers[found] = len(numbers)
            first.append(place)
        number.append(numbers[found])
    return _Texts(list(numbers), first, number)


def _text(
    item: Any,  # noqa: ANN401 - an object of the user
    text: Callable[[Any], str] | str | None,
    place: int,
    *,
    needed: bool,
) -> str:
    if text is None:
        if not isinstance(item, str) and not needed:
            return f"item {place + 1}"
        found = item
    elif isinstance(text, str):
        try:
            found = item[text] if isinstance(item, Mapping) else getattr(item, text)
        except (KeyError, AttributeError):
            raise OptionError(f"text: item {place + 1} has no {text!r}") from None
    else:
        found = text(item)
    if not isinstance(found, str):
        if text is None:
            raise OptionError(
                f"item {place + 1} is not a string but {type(item).__name__}; set text= to a "
                "function that returns its text, or to the name of its key"
            )
        raise OptionError(f"text: the text of item {place + 1} is not a string but {found!r}")
    if not found.strip():
        raise OptionError(f"item {place + 1} has an empty text")
    try:
        found.encode()
    except UnicodeEncodeError:
        raise OptionError(
            f"the text of item {place + 1} contains an unpaired surrogate, which is not a character"
        ) from None
    return found


def _check_size(texts: _Texts, top: int) -> None:
    different = len(texts.texts)
    if different < 2:
        same = " with the same text" if len(texts.number) > 1 else ""
        raise OptionError(
            f"nothing to sort: there {'is' if len(texts.number) == 1 else 'are'} "
            f"{number_of(len(texts.number), 'item')}{same}, and at least two different texts are "
            "needed"
        )
    if different > MOST_INFORMED:
        raise OptionError(
            f"at most {MOST_INFORMED:,} different texts can be sorted, not {different:,}, because "
            "the time grows with their cube"
        )
    if top >= different:
        raise OptionError(
            f"top must be below the number of different texts, {different:,}, not {top:,}"
        )


def _is_function(judge: object) -> bool:
    """Whether only functions judge, which receive the items instead of texts."""
    judges = list(judge.values()) if isinstance(judge, Mapping) else [judge]
    return all(callable(one) and not hasattr(one, "judge") for one in judges)


def _judge_for(name: str, judge: object, names: Sequence[str]) -> Any:  # noqa: ANN401 - checked below
    """Returns the judge of a question."""
    if isinstance(judge, Mapping):
        if not names or set(judge) != set(names):
            raise OptionError(
                "a mapping of judges must have the names of the questions, "
                f"{', '.join(names) or 'of which there are none'}, not {', '.join(judge)}"
            )
        return judge[name]
    if len(names) > 1 and not isinstance(judge, str):
        raise OptionError(
            "one function cannot answer several questions; set judge to a mapping from the name of "
            f"the question to its judge, such as {{{names[0]!r}: ..., {names[1]!r}: ...}}"
        )
    return judge


def _spec(
    judge: Any,  # noqa: ANN401 - a name, a function or a judge
    texts: _Texts,
    items: Sequence[Any],
    options: Mapping[str, Any] | None,
    batch_size: int | None,
    in_flight: int | None,
) -> tuple[Spec, Judge | None]:
    """Returns the spec with the judge if it is named, or else the judge."""
    spec = Spec((), position="both", schedule=ScheduleSpec(kind="information"))
    if isinstance(judge, str):
        backend, named = parse_judge(judge)
        settings = {**named, **(options or {})}
        how = JudgeSpec(backend, settings, batch_size, in_flight)
        return replace(spec, judge=how), None
    if options or batch_size is not None:
        raise OptionError("options and batch_size require judge='PROVIDER/MODEL'")
    if hasattr(judge, "judge"):
        if in_flight is not None:
            raise OptionError("in_flight requires judge='PROVIDER/MODEL' or a coroutine function")
        return spec, judge
    if not callable(judge):
        raise OptionError(
            f"judge must be 'PROVIDER/MODEL' or a function of two items, not {judge!r}"
        )
    contestants = [items[place] for place in texts.first]
    limit = {} if in_flight is None else {"in_flight": whole("in_flight", in_flight, 1)}
    return spec, FunctionJudge(judge, contestants, **limit)


def _store_of(store: str | Path | None, name: str | None, stack: ExitStack) -> Path:
    if store is None:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="humorrank-"))
        return Path(folder) / "sorting.sqlite"
    path = Path(store)
    return path if name is None else path.with_name(f"{path.stem}.{name}{path.suffix}")


def _notes(texts: _Texts) -> list[str]:
    repeated = len(texts.number) - len(texts.texts)
    if not repeated:
        return []
    return [
        f"{number_of(repeated, 'item repeats', 'items repeat')} the text of an earlier item; they "
        "share its judgments and its rank"
    ]
