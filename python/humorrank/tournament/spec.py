"""The spec of a tournament, which is one TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, get_args

from humorrank._util.checks import one_of, positive, whole
from humorrank._util.suggest import refuse_unknown
from humorrank.errors import OptionError
from humorrank.judge.backends import backends, parse_judge
from humorrank.matches.log.tables.quoting import Quoting
from humorrank.store.export import INCONSISTENT, Inconsistent
from humorrank.store.store import Store
from humorrank.tournament.schedule import KINDS, SLACK, Kind

Position = Literal["random", "both", "fixed"]
Identical = Literal["tie", "skip", "judge"]
Missing = Literal["fail", "drop", "skip"]
"""How prompts are handled for which a candidate has no joke."""

MISSING: Final[Missing] = "fail"
"""The default for `Missing`."""

LARGEST_SEED = 2**64 - 1
_LIMITS = ("batch_size", "in_flight")
_NO_JUDGE: Final = (
    "no judge is specified. Add the table [judge] to the spec, for example\n"
    "  [judge]\n"
    '  backend = "vllm"\n'
    '  model = "Qwen/Qwen2.5-72B-Instruct"\n'
    "or name the judge with --judge PROVIDER/MODEL (judge='PROVIDER/MODEL' in Python). The "
    "backends are {}; simulated draws its verdicts at random, for trying things out"
)


@dataclass(frozen=True)
class ScheduleSpec:
    """Settings of the schedule, which decides which pairs meet.

    Attributes:
        kind: The schedule.
        slack: Number of comparisons by which a pair may be ahead of the least-played pair.
        prompts_per_pairing: Number of prompts on which a pair meets in one round.
        elo_k: Most points by which one comparison changes the running Elo.
        prior: Prior of the Bradley-Terry fit that the information schedule uses.
    """

    kind: Kind = "swiss"
    slack: int = SLACK
    prompts_per_pairing: int = 1
    elo_k: float = 32.0
    prior: float = 0.1

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message names the key.
        """
        one_of("schedule.kind", self.kind, KINDS)
        whole("schedule.slack", self.slack, most=2**31)
        whole("schedule.prompts_per_pairing", self.prompts_per_pairing, 1, 2**31)
        for name in ("elo_k", "prior"):
            if not positive(f"schedule.{name}", getattr(self, name)):
                raise OptionError(f"schedule.{name} must be above 0")


@dataclass(frozen=True)
class JudgeSpec:
    """Settings of the judge.

    Attributes:
        backend: Name of the backend.
        options: Settings of the backend, by name.
        batch_size: Most comparisons in a batch; the judge's default if None.
        in_flight: Most comparisons in flight; the judge's default if None.
    """

    backend: str
    options: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int | None = None
    in_flight: int | None = None

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message names the key.
        """
        if not isinstance(self.backend, str):
            raise OptionError(f"judge.backend must be a name, not {self.backend!r}")
        for name in _LIMITS:
            if getattr(self, name) is not None:
                whole(f"judge.{name}", getattr(self, name), 1)

    @property
    def limits(self) -> dict[str, int]:
        """The limits that are set, by name."""
        found = {name: getattr(self, name) for name in _LIMITS}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Spec:
    """The definition of a tournament.

    Attributes:
        candidates: Files or glob patterns; or a mapping from the name of a model to its file.
        prompts: Files or glob patterns; empty if the candidates files contain the prompts.
        budget: Number of comparisons; all possible ones if None.
        seed: Random seed for all draws.
        position: Which joke is shown first: "random" by the seed, "both" orders, or "fixed", which
            is always the contestant with the lower number in the store.
        identical: How identical jokes are handled: "tie" without asking, "skip" to compare them
            never, or "judge" as others.
        missing: How a prompt is handled for which a candidate has no joke: "fail" to refuse it,
            "drop" to leave it out for all candidates, or "skip" to leave out only the comparisons
            that need the joke.
        quoting: Quoting of the CSV and TSV files of prompts and candidates: "csv" if fields may be
            in quotes, "none" if quotes are part of the text; decided for each file if None.
        inconsistent: How two judgments in both orders that contradict each other enter the match
            log: as two half matches ("halves"), as tied half matches ("tie"), or not at all
            ("drop").
        lag: Number of rounds by which the schedule is ahead of the known verdicts.
        template: File with the judge's prompt template; the judge's default if None.
        stop: Settings of early stopping; empty to play until the budget is spent.
        schedule: Settings of the schedule.
        judge: Settings of the judge; None if the judge is passed as an object when playing.
        folder: Folder to which paths are relative.
    """

    candidates: tuple[str, ...] | Mapping[str, str]
    prompts: tuple[str, ...] = ()
    budget: int | None = None
    seed: int = 0
    position: Position = "random"
    identical: Identical = "tie"
    missing: Missing = MISSING
    quoting: Quoting | None = None
    inconsistent: Inconsistent = INCONSISTENT
    lag: int = 1
    template: str | None = None
    stop: Mapping[str, Any] = field(default_factory=dict)
    schedule: ScheduleSpec = field(default_factory=ScheduleSpec)
    judge: JudgeSpec | None = None
    folder: Path = Path()

    def __post_init__(self) -> None:
        """Rejects invalid values.

        Raises:
            OptionError: If a value is invalid; the message names the key.
        """
        if self.budget is not None:
            whole("budget", self.budget, 1)
        whole("seed", self.seed, most=LARGEST_SEED)
        one_of("position", self.position, get_args(Position))
        one_of("identical", self.identical, get_args(Identical))
        one_of("missing", self.missing, get_args(Missing))
        one_of("quoting", self.quoting, (None, *get_args(Quoting)))
        one_of("inconsistent", self.inconsistent, get_args(Inconsistent))
        whole("lag", self.lag, most=1_000_000)

    @classmethod
    def read(
        cls, path: Path, overrides: Mapping[str, Any] | None = None, *, judge: str | None = None
    ) -> Spec:
        """Reads a spec from a TOML file.

        Args:
            path: Path of the file.
            overrides: Mapping from dotted keys to values, which take precedence over the file.
            judge: `PROVIDER/MODEL`, which takes precedence over the judge table of the file. If
                the table has another backend, only its limits are kept.

        Raises:
            OptionError: If the file cannot be read or is not TOML, or a key or its value is
                invalid.
        """
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise OptionError(f"{path}: cannot be read: {error.strerror or error}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise OptionError(f"{path}: is not a TOML file: {error}") from None
        if judge is not None:
            _put_judge(content, judge)
        for key, value in (overrides or {}).items():
            _put(content, key, value)
        try:
            return cls.of(content, path.parent)
        except OptionError as error:
            raise OptionError(f"{path}: {error}") from None

    @classmethod
    def of(cls, content: Mapping[str, Any], folder: Path) -> Spec:
        """Makes a spec from the content of a TOML file.

        Raises:
            OptionError: If a key or its value is invalid.
        """
        known = [option.name for option in fields(cls) if option.name != "folder"]
        refuse_unknown(content, known, "")
        values = dict(content)
        if "candidates" not in values:
            raise OptionError("candidates is missing; specify the files with the jokes")
        candidates = values.pop("candidates")
        if isinstance(candidates, Mapping):
            if not candidates or not all(isinstance(path, str) for path in candidates.values()):
                raise OptionError("candidates must be a table of names and files")
            named: tuple[str, ...] | Mapping[str, str] = dict(candidates)
        else:
            named = _paths("candidates", candidates)
        prompts = _paths("prompts", values.pop("prompts")) if "prompts" in values else ()
        if not isinstance(values.get("template", ""), str):
            raise OptionError(f"template must be the path of a file, not {values['template']!r}")
        schedule = _table(values, "schedule")
        judge = _table(values, "judge") if "judge" in values else None
        refuse_unknown(schedule, [option.name for option in fields(ScheduleSpec)], "schedule")
        return cls(
            candidates=named,
            prompts=prompts,
            stop=_table(values, "stop"),
            schedule=ScheduleSpec(**schedule),
            judge=None if judge is None else _judge(judge),
            folder=folder,
            **values,
        )

    def content(self) -> dict[str, Any]:
        """Returns the spec as the content of a TOML file, with an absolute folder."""
        out = asdict(self)
        if self.judge is not None:
            judge = out.pop("judge")
            out["judge"] = {**judge.pop("options"), **judge}
        out["folder"] = str(self.folder.resolve())
        return out

    @classmethod
    def of_store(cls, store: Store) -> Spec:
        """Reads the spec of a tournament after its last change.

        Raises:
            StoreError: If the store contains given pairs and therefore has no spec.
        """
        return cls.from_content(store.spec_content())

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Spec:
        """Makes a spec from the result of `content`."""
        values = {name: value for name, value in content.items() if value is not None}
        if "judge" in values:
            values["judge"] = {k: v for k, v in values["judge"].items() if v is not None}
        folder = Path(values.pop("folder"))
        return cls.of(values, folder)


def _put(content: dict[str, Any], key: str, value: object) -> None:
    *tables, last = key.split(".")
    for name in tables:
        inner = content.setdefault(name, {})
        if not isinstance(inner, dict):
            raise OptionError(f"{key} cannot be set, because {name} is not a table")
        content = inner
    content[last] = value


def _put_judge(content: dict[str, Any], judge: str) -> None:
    backend, options = parse_judge(judge)
    table = content.get("judge", {})
    if isinstance(table, dict):
        if table.get("backend", backend) != backend:
            table = {key: table[key] for key in _LIMITS if key in table}
        content["judge"] = {**table, "backend": backend, **options}


def no_judge() -> OptionError:
    """Returns the error for a tournament without a judge, which says how to specify one."""
    return OptionError(_NO_JUDGE.format(", ".join(backends())))


def _judge(table: dict[str, Any]) -> JudgeSpec:
    if "backend" not in table:
        raise no_judge()
    own = {name: table.pop(name) for name in ("backend", *_LIMITS) if name in table}
    return JudgeSpec(options=table, **own)


def _table(values: dict[str, Any], key: str) -> dict[str, Any]:
    table = values.pop(key, {})
    if not isinstance(table, Mapping):
        raise OptionError(f"{key} must be a table ([{key}]), not {table!r}")
    return dict(table)


def _paths(key: str, value: object) -> tuple[str, ...]:
    paths = [value] if isinstance(value, str) else value
    if isinstance(paths, list | tuple) and all(isinstance(path, str) and path for path in paths):
        return tuple(paths)
    raise OptionError(f"{key} must be a file or a list of files, not {value!r}")
