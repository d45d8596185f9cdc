"""Types of the compiled module (rust/python). Codes number contestants from 0."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

VERSION: Final[str]
"""The version of the package."""
POINTS: Final[float]
"""Rating points in one natural-log unit of strength, 400 / ln 10."""
MEAN_RATING: Final[float]
"""The mean rating of a field that is not anchored, 1000."""
TOLERANCE: Final[float]
"""The certificate in points below which a fit is accepted as converged, 1e-6."""
ELO_START: Final[float]
"""The rating at which every contestant starts in Elo, 1000."""
NULL_CODE: Final[int]
"""The code of a missing value."""

OUTCOMES: Final[tuple[str, str, str, str, str]]
"""The name of each outcome, indexed by its code: model_a, model_b, tie, both_bad, soft."""
OUTCOME_SHARES: Final[tuple[float, float, float, float, float]]
"""The first contestant's share of the win for each outcome, indexed by its code; NaN for soft."""
FIRST: Final[int]
"""The outcome code 0: the contestant shown first won."""
SECOND: Final[int]
"""The outcome code 1: the contestant shown second won."""
TIE: Final[int]
"""The outcome code 2: neither contestant was better."""
BOTH_BAD: Final[int]
"""The outcome code 3: a tie because neither contestant was good."""
SOFT: Final[int]
"""The outcome code 4: the share of the win is given as a number."""
UNJUDGED: Final[int]
"""The code 5 of a row without an outcome. Such rows never reach a tally."""
BAD: Final[int]
"""The code 6 of a row whose value is not a valid outcome. Such rows never reach a tally."""
NO_COUNT: Final[int]
"""The entry in a table of counts for a value that is not a valid count, 2^64 - 1."""
SEEN_JUDGED: Final[int]
"""The flag 1 in `CheckedRows.seen`: the name occurred in a row with an outcome."""
SEEN_UNJUDGED: Final[int]
"""The flag 2 in `CheckedRows.seen`: the name occurred in a row without an outcome."""
SEEN_VOID: Final[int]
"""The flag 4 in `CheckedRows.seen`: the name occurred in a row whose count is 0."""

STATUS_RATED: Final[int]
"""The status 0 of a group: it is rated."""
STATUS_NO_MATCHES: Final[int]
"""The status 1 of a group: it has no matches that count."""
STATUS_NO_MAXIMUM: Final[int]
"""The status 2 of a group: its likelihood has no maximum."""
STATUS_NOT_CONVERGED: Final[int]
"""The status 3 of a group: its maximum could not be certified."""
STATUS_NO_ANCHOR: Final[int]
"""The status 4 of a group: the anchor is not among its rated contestants."""
STATE_RATED: Final[int]
"""The state 0 of a contestant of a group: it is rated."""
STATE_UNRATED: Final[int]
"""The state 1 of a contestant of a group: it is unrated because the group is unrated."""
STATE_OUTSIDE: Final[int]
"""The state 2 of a contestant of a group: it is outside the largest component."""
STATE_FEW_MATCHES: Final[int]
"""The state 3 of a contestant of a group: it has fewer matches than `min_matches`."""
STANDINGS: Final[tuple[str, str, str, str]]
"""The position relative to the largest component, indexed by its code in the column `standing`
of `Groups.rate`: inside, above, below, unordered."""

SCHEDULE_VERSION: Final[int]
"""The version of the schedules. It changes when the same settings and verdicts give another one."""
MOST_INFORMED: Final[int]
"""The maximum number of contestants of an information schedule."""
MOST_COMPARISONS: Final[int]
"""The maximum number of comparisons of a schedule, 2^62."""

_Progress = Callable[[int, int], object]
_U32 = NDArray[np.uint32]
_F64 = NDArray[np.float64]
_Cells = tuple[_U32, _U32, NDArray[np.uint8], _F64, _F64, NDArray[np.uint64]]
_Missing = tuple[int, int, int, float, float, int, int]
"""first, second, outcome, score, weight, the count asked for, the count that there is."""

class CsvError(ValueError):
    """A delimited text that cannot be read: args are (line or None, what is wrong).

    A third one, "ragged", where only a record has another length and reading can go on.
    """

class Interner:
    """Gives each distinct string a code, in order of first appearance."""

    def __init__(self) -> None: ...
    def encode(self, values: object) -> _U32:
        """Codes of a list or an Arrow column of strings; a null becomes NULL_CODE.

        Raises:
            TypeError: if a value is neither a string nor missing.
        """

    @property
    def names(self) -> list[str]:
        """The name of each code."""

    def __len__(self) -> int: ...

class StringColumn:
    """A column of strings that speaks the Arrow PyCapsule interface."""

    def __arrow_c_array__(
        self, requested_schema: object | None = None
    ) -> tuple[object, object]: ...
    def __len__(self) -> int: ...

def add_unfinished(path: str | PathLike[str]) -> None:
    """Notes a file or folder, before it is made, to be taken away if the process is ended."""

def remove_unfinished(path: str | PathLike[str]) -> None:
    """Forgets a file or folder, which is complete, or gone."""

def end_after_signals(seconds: float) -> int:
    """Starts a thread that ends the process so long after SIGINT or SIGTERM; see `deadline`.

    Returns the file descriptor for `signal.set_wakeup_fd`.
    """

class UnusualError(ValueError):
    """What a CodeReader does not read: something broken or rare, for a strict reader."""

class CodeReader:
    """Reads columns of a file as codes, on all threads and in bounded memory.

    Columns come each with the number of the interner that codes it.

    Raises:
        UnusualError: where the file, or its next rows, must be read in another way.
    """

    @staticmethod
    def parquet(path: str | PathLike[str], columns: Sequence[tuple[str, int]]) -> CodeReader:
        """Columns of text or whole numbers, by name."""

    @staticmethod
    def delimited(
        path: str | PathLike[str],
        columns: Sequence[tuple[int, int]],
        *,
        header: Sequence[str],
        delimiter: str,
        has_header: bool,
    ) -> CodeReader:
        """Columns by index; `header` has the names of all, or as many of any."""

    def read(self, interners: Sequence[Interner]) -> list[_U32] | None:
        """The next rows, a column each; None behind the last.

        New values get codes as they appear, row by row; a missing one is NULL_CODE.
        """

    def count(
        self, interners: Sequence[Interner]
    ) -> tuple[list[_U32], NDArray[np.uint64] | None] | None:
        """The next rows in any order, and how often each occurred; None behind the last.

        Where it does not pay to bring equal rows together, it gives each row, in order, and
        None for how often.
        """

class CheckedRows:
    """What became of some rows.

    `seen` says of each name in what kinds of rows it occurred: the sum of 1 (judged), 2 (without
    an outcome), 4 (of count 0). `rows` are those that are rated, None for all. If there are
    faults, nothing else means anything.
    """

    @property
    def faults(self) -> int: ...
    @property
    def unjudged(self) -> int: ...
    @property
    def void(self) -> int: ...
    @property
    def excluded(self) -> int: ...
    @property
    def ties(self) -> int: ...
    @property
    def both_bad(self) -> int: ...
    @property
    def first(self) -> _U32: ...
    @property
    def second(self) -> _U32: ...
    @property
    def outcome(self) -> NDArray[np.uint8]: ...
    @property
    def count(self) -> NDArray[np.uint64] | None: ...
    @property
    def rows(self) -> NDArray[np.uintp] | None: ...
    @property
    def seen(self) -> NDArray[np.uint8]: ...

def check_codes(
    first: _U32,
    second: _U32,
    winner: _U32 | None,
    outcomes: bytes,
    *,
    names: int,
    winner_names: _U32 | None = None,
    count: _U32 | None = None,
    counts: NDArray[np.uint64] | None = None,
    times: NDArray[np.uint64] | None = None,
    excluded: int = 0,
) -> CheckedRows:
    """Checks coded matches, counts what they are, and picks those that are rated.

    `outcomes` is by code of the winner, `counts` (2^64 - 1 for none) by code of the count, each
    with one more entry for no value; `winner_names` is the name that a winner is. Without `winner`
    the first won. `times` says how often each row occurred, if not once. Matches of the names
    below `excluded` are left out.
    """

def row_codes(
    rows: list[Sequence[object]],
    width: int,
    columns: Sequence[tuple[int, int]],
    interners: Sequence[Interner],
) -> list[_U32]:
    """Codes of some parts, each with the number of its interner, of tuples or lists.

    Raises:
        TypeError: if a row is neither, or a part is neither text nor None.
        UnusualError: if a row is of another length.
    """

def known_codes(interner: Interner, names: Sequence[str]) -> list[int]:
    """The codes of names; NULL_CODE for unknown ones, which stay unknown."""

def names_from(interner: Interner, start: int) -> list[str]:
    """The names with the codes from `start` on."""

class SupportsRead(Protocol):
    """Bytes, read one after the other."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, at least one before the end."""

class CsvReader:
    """Strict, streaming reading of delimited text, from a file or an object with `read`.

    What that object raises, comes through; it is called on the thread that reads.

    Every record must have as many fields as the first; blank lines are passed over.

    Raises:
        CsvError: where the file cannot be opened or read, or does not hold what it should.
    """

    def __init__(
        self,
        source: str | PathLike[str] | SupportsRead,
        *,
        delimiter: str = ",",
        quote: bool = True,
        has_header: bool = True,
        compression: Literal["none", "gzip", "zstd"] = "none",
    ) -> None: ...
    @property
    def header(self) -> list[str]:
        """The names of the columns; column_1, ... without a header; empty for no text."""

    def read(
        self, columns: Sequence[int], rows: int
    ) -> tuple[list[StringColumn], NDArray[np.uint64]] | None:
        """The next records: the columns asked for, and the line each record starts on."""

class Tally:
    """Exact counts of matches by ordered pair and outcome."""

    def __init__(self, contestants: int = 0) -> None: ...
    @property
    def contestants(self) -> int: ...
    @property
    def matches(self) -> int: ...
    def grow(self, contestants: int) -> None: ...
    def add(
        self,
        first: _U32,
        second: _U32,
        outcome: NDArray[np.uint8],
        score: _F64 | None = None,
        weight: _F64 | None = None,
        count: NDArray[np.uint64] | None = None,
    ) -> None:
        """Adds rows; outcome: 0 first, 1 second, 2 tie, 3 both bad, 4 the score says."""

    def merge(self, other: Tally) -> None: ...
    def settle(self) -> None:
        """Merges what is still buffered."""

    def played(self) -> NDArray[np.bool_]:
        """Whether each contestant has a match."""

    def outcomes(self) -> tuple[int, int, int, int, int]:
        """Matches won by the first and by the second, tied, both bad, soft."""

    def relabel(self, codes: NDArray[np.int64]) -> Tally:
        """The same matches with contestant i as codes[i]; those of a negative code left out."""

    def cells(self) -> _Cells:
        """first, second, outcome, score, weight, count of each cell that holds a match."""

    def difference(self, other: Tally) -> tuple[Tally | None, _Missing | None]:
        """This tally less another, or what is not there to be taken away."""

class Groups:
    """Exact counts of matches by group, ordered pair and outcome.

    A group has a code for each key; NULL_CODE where it has none.
    """

    def __init__(self, keys: int) -> None: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object) -> bool: ...
    @property
    def contestants(self) -> int: ...
    @property
    def matches(self) -> int: ...
    @property
    def keys(self) -> list[_U32]:
        """The code that each group has of each key."""

    def grow(self, contestants: int) -> None: ...
    def add(
        self,
        keys: Sequence[_U32],
        first: _U32,
        second: _U32,
        outcome: NDArray[np.uint8],
        score: _F64 | None = None,
        weight: _F64 | None = None,
        count: NDArray[np.uint64] | None = None,
    ) -> None:
        """Adds rows, as Tally.add does."""

    def played(self) -> NDArray[np.bool_]:
        """Whether each contestant has a match."""

    def used(self) -> NDArray[np.bool_]:
        """Whether each group has a match."""

    def arrange(
        self,
        contestants: _U32 | None,
        field: int,
        keys: Sequence[tuple[int, _U32]],
        *,
        consume: bool = False,
    ) -> Groups:
        """The same matches under other codes, the groups in the order of their new keys.

        Contestant i becomes contestants[i], of `field` in all. `keys`: which key it was, and the
        new code of each old one. `consume` leaves nothing here, and saves a copy.
        """

    def merge(self, other: Groups) -> None: ...
    def subtract(self, other: Groups) -> tuple[int, int, int, int, float, float, int, int] | None:
        """Takes other groups away, or says what is not there: its group, and as Tally does."""

    def total(self) -> Tally: ...
    def group(self, group: int) -> tuple[_U32, Tally]:
        """The contestants of a group, and its matches over their places."""

    def cells(self) -> tuple[_U32, _Cells]:
        """The group of each cell, and as Tally.cells."""

    def cell_count(self) -> int: ...
    def rate(
        self,
        *,
        exclude_ties: bool,
        min_matches: int,
        largest: bool,
        anchor: tuple[int, float] | None,
        prior: float,
        solver: Literal["newton", "mm"],
        bootstrap: int,
        confidence: float,
        shuffles: int,
        k: float,
        seed: int,
        threads: int | None = None,
        progress: _Progress | None = None,
    ) -> dict[str, NDArray[np.float64]]:
        """An independent fit for each group; a column each, as `groups::Boards` tells them."""

class Field:
    """What is fitted: points between unordered pairs, and the kinds of match behind them."""

    def __init__(self, tally: Tally, *, exclude_ties: bool = False) -> None: ...
    @property
    def contestants(self) -> int: ...
    def pairs(self) -> tuple[_U32, _U32, _F64, _F64]:
        """low, high, points of low, points of high; low < high."""

    def kinds(self) -> tuple[_U32, _F64, _F64, NDArray[np.uint64]]:
        """pair, points of low, points of high in one match, number of such matches."""

    def standings(self) -> tuple[NDArray[np.uint64], _F64, _F64, int]:
        """Matches, points and weight of each contestant, and the number of matches."""

    def outsiders(self) -> list[tuple[_U32, str, bool, int, float, float]]:
        """The groups outside the largest strongly connected component; none if all are in it.

        Of each: its members; where it stands towards that component (above, below,
        unordered); whether no match connects it to it; its matches, points won and points
        lost against everyone outside the group.
        """

    def groups(self) -> int:
        """How many groups of contestants no match connects."""

    def fit(
        self,
        *,
        prior: float = 0.0,
        solver: Literal["newton", "mm"] = "newton",
        threads: int | None = None,
        progress: _Progress | None = None,
    ) -> tuple[_F64, float, int]:
        """Natural-log strengths of mean 0, the certificate in points, the iterations."""

    def bootstrap(
        self,
        strengths: _F64,
        *,
        replicates: int,
        confidence: float,
        seed: int,
        prior: float = 0.0,
        clusters: Clusters | None = None,
        threads: int | None = None,
        progress: _Progress | None = None,
    ) -> tuple[_F64, _F64, int]:
        """Lower and upper ends in points, and how many replicates had no maximum."""

    def replicates(
        self,
        strengths: _F64,
        *,
        replicates: int,
        seed: int,
        prior: float = 0.0,
        clusters: Clusters | None = None,
        threads: int | None = None,
        progress: _Progress | None = None,
    ) -> tuple[_F64, int]:
        """Ratings of shape (replicates, contestants), and how many had no maximum.

        In points; +inf above the component that could be rated, -inf below it, not a number where
        a contestant is ordered neither way.
        """

    def stable_elo(
        self,
        *,
        k: float,
        shuffles: int,
        seed: int,
        threads: int | None = None,
        progress: _Progress | None = None,
    ) -> tuple[_F64, _F64]:
        """Mean and population standard deviation of each final rating."""

    def elo_order(self, seed: int, shuffle: int) -> _U32:
        """The kinds of all matches in the order of one shuffle."""

class Clusters:
    """The matches of a field by clusters that are resampled as wholes.

    Raises:
        ValueError: a row is of contestants that never met in the field.
    """

    def __init__(
        self,
        field: Field,
        cluster: _U32,
        first: _U32,
        second: _U32,
        first_points: _F64,
        second_points: _F64,
    ) -> None: ...
    def __len__(self) -> int: ...

class Elo:
    """Running Elo ratings."""

    def __init__(self, k: float, start: float) -> None: ...
    @property
    def ratings(self) -> _F64: ...
    @property
    def k(self) -> float: ...
    def grow(self, contestants: int) -> None: ...
    def play(
        self,
        first: _U32,
        second: _U32,
        score: _F64,
        weight: _F64,
        count: NDArray[np.uint64] | None = None,
    ) -> None:
        """Plays rows in their order, each as often as its count."""

class Scheduler:
    """Which comparisons a tournament makes next; what it takes must be in range.

    Raises:
        OverflowError: there are more contestants or comparisons than it can hold.
    """

    def __init__(
        self,
        kind: Literal["swiss", "round_robin", "random", "information"],
        contestants: int,
        prompts: int,
        *,
        seed: int,
        slack: int,
        prompts_per_pairing: int,
        elo_k: float,
        prior: float,
    ) -> None: ...
    def next_round(self, budget: int) -> tuple[_U32, _U32, _U32, _U32]:
        """first, second and prompt of each comparison, and who had no opponent."""

    def record(self, first: _U32, second: _U32, score: _F64) -> None:
        """Learns verdicts, in the order of the schedule; all of them or, with an error, none."""

    def take(self, first: _U32, second: _U32, prompt: _U32, played: bool) -> int:
        """Never schedules these again; returns how many were still to be had."""

    def extend(self, contestants: int, prompts: int) -> None: ...
    @property
    def elo(self) -> _F64: ...
    @property
    def contestants(self) -> int: ...
    @property
    def prompts(self) -> int: ...
    @property
    def played(self) -> int: ...
    def possible(self) -> int:
        """How many comparisons are left."""

def replicates_needed(confidence: float) -> int:
    """The fewest replicates whose order statistics reach out to this confidence."""
