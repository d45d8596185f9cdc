"""Types of the compiled module (rust/python). Contestants are numbered by codes from 0."""

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
STANDINGS: Final[tuple[str, str, str, str, str]]
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
"""(first, second, outcome, score, weight, requested count, existing count)."""

class CsvError(ValueError):
    """An error in a delimited text. The arguments are (line or None, description).

    If the error is only a record with the wrong number of fields, after which reading can
    continue, there is a third argument, "ragged".
    """

class Interner:
    """Assigns a code to each distinct string, in order of first appearance."""

    def __init__(self) -> None: ...
    def encode(self, values: object) -> _U32:
        """Returns the codes of a list or an Arrow column of strings, NULL_CODE for a null.

        Raises:
            TypeError: A value is neither a string nor missing.
        """

    @property
    def names(self) -> list[str]:
        """The name of each code."""

    def __len__(self) -> int: ...

class StringColumn:
    """A column of strings that implements the Arrow PyCapsule interface."""

    def __arrow_c_array__(
        self, requested_schema: object | None = None
    ) -> tuple[object, object]: ...
    def to_list(self) -> list[str]:
        """Return the values as Python strings."""

    def __len__(self) -> int: ...

def add_unfinished(path: str | PathLike[str]) -> None:
    """Registers a file or folder, before it is created, for removal if the process is ended."""

def remove_unfinished(path: str | PathLike[str]) -> None:
    """Unregisters a file or folder that is complete or has been removed."""

def end_after_signals(seconds: float) -> int:
    """Starts a thread that ends the process `seconds` after SIGINT or SIGTERM (see `deadline`).

    Returns the file descriptor for `signal.set_wakeup_fd`.
    """

class UnusualError(ValueError):
    """A file, or its next rows, in a damaged or rare form that a CodeReader does not support."""

class CodeReader:
    """Reads columns of a file as codes, using all threads and bounded memory.

    Each column is given with the index of the interner that codes it.

    Raises:
        UnusualError: The file, or its next rows, must be read with a strict reader.
    """

    @staticmethod
    def parquet(path: str | PathLike[str], columns: Sequence[tuple[str, int]]) -> CodeReader:
        """Opens columns of text or integers of a Parquet file, by name."""

    @staticmethod
    def delimited(
        path: str | PathLike[str],
        columns: Sequence[tuple[int, int]],
        *,
        header: Sequence[str],
        delimiter: str,
        has_header: bool,
        quote: bool = True,
    ) -> CodeReader:
        """Opens columns of a delimited text, by index.

        With `quote=False` a quote is an ordinary character.

        `header` contains the names of all columns. If the text has no header, only its length
        matters.
        """

    def read(self, interners: Sequence[Interner]) -> list[_U32] | None:
        """Returns the next rows, one array per column, or None after the last row.

        New values get codes in order of appearance, row by row. A missing value is NULL_CODE.
        """

    def count(
        self, interners: Sequence[Interner]
    ) -> tuple[list[_U32], NDArray[np.uint64] | None] | None:
        """Returns the next rows in any order and the number of occurrences of each.

        If combining equal rows does not pay off, returns the rows in order, and None instead of
        the numbers of occurrences. Returns None after the last row.
        """

class DamagedError(ValueError):
    """A file or Arrow data that cannot be read. The message states why."""

class TableFile:
    """A Parquet or Arrow IPC file, whose columns are read as checked Arrow arrays.

    Whatever the file states is compared with its size before it is used, so that a damaged file is
    an error and nothing else.

    Args:
        path: Path of the file.
        format: "Parquet", "Arrow IPC" or "Arrow IPC stream".

    Raises:
        DamagedError: The file cannot be opened, or its metadata is damaged.
    """

    def __init__(self, path: str | PathLike[str], format: str) -> None: ...
    @property
    def columns(self) -> list[str]:
        """The names of the columns."""

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of the writer of a Parquet file, empty for Arrow IPC."""

    def empty(self, column: int) -> ArrowBatch:
        """Returns one column without rows, which has the type of the column.

        Raises:
            DamagedError: The type is not supported.
        """

    def read(self, columns: Sequence[int], rows: int) -> TableBatches:
        """Reads columns in batches of at most the given number of rows.

        Raises:
            DamagedError: The file is damaged, or the type of a column is not supported.
        """

class TableBatches:
    """An iterator over the batches of a file, which may raise DamagedError."""

    def __iter__(self) -> TableBatches: ...
    def __next__(self) -> ArrowBatch: ...

class ArrowBatch:
    """Rows of several columns that implement the Arrow PyCapsule interface."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __len__(self) -> int: ...

def check_arrow(values: object) -> None:
    """Checks Arrow data of another library: lengths, offsets, indices, UTF-8 and types.

    Raises:
        DamagedError: Something is invalid.
    """

class CheckedRows:
    """The result of checking rows.

    `seen` contains, for each name, the sum of the flags SEEN_JUDGED, SEEN_UNJUDGED and SEEN_VOID
    of the rows in which it occurred. `rows` are the indices of the rated rows, None if all are
    rated. If there are faults, the other attributes are meaningless.
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
    """Checks coded matches, counts them by category, and selects those to be rated.

    `outcomes` is indexed by the code of the winner, and `counts` (NO_COUNT if invalid) by the code
    of the count. Each has one more entry for a missing value. `winner_names` is the name that each
    code of the winner denotes. Without `winner`, the first contestant always won. `times` is the
    number of occurrences of each row, by default 1. Matches of the names with codes below
    `excluded` are omitted.
    """

def row_codes(
    rows: list[Sequence[object]],
    width: int,
    columns: Sequence[tuple[int, int]],
    interners: Sequence[Interner],
) -> list[_U32]:
    """Returns the codes of some fields of rows, each given with the index of its interner.

    Raises:
        TypeError: A row is neither a tuple nor a list, or a field is neither text nor None.
        UnusualError: A row has the wrong number of fields.
    """

def known_codes(interner: Interner, names: Sequence[str]) -> list[int]:
    """Returns the codes of names, NULL_CODE for unknown ones, which are not added."""

def names_from(interner: Interner, start: int) -> list[str]:
    """Returns the names with the codes from `start` on."""

class SupportsRead(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Returns at most `size` bytes, and at least one before the end."""

class CsvReader:
    """Strict, streaming reader of delimited text, from a file or an object with `read`.

    The object is called on the thread that reads, and its exceptions are propagated.

    Every record must have as many fields as the first one. Blank lines are skipped.

    Raises:
        CsvError: The file cannot be opened or read, or is malformed.
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
        """The names of the columns; column_1, ... without a header; empty for an empty text."""

    def read(
        self, columns: Sequence[int], rows: int
    ) -> tuple[list[StringColumn], NDArray[np.uint64]] | None:
        """Returns the requested columns of the next records, and the line each record starts on."""

class Unpacked:
    """Content of a compressed file, or of an object with `read`, unpacked as it is read.

    Raises:
        CsvError: The file cannot be opened or read, or its compression is damaged.
    """

    def __init__(
        self, source: str | PathLike[str] | SupportsRead, compression: Literal["gzip", "zstd"]
    ) -> None: ...
    def read(self, size: int) -> bytes:
        """Returns the next bytes, exactly `size` of them before the end."""

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
        """Adds rows. Outcomes are codes of OUTCOMES; `score` is used if the outcome is soft."""

    def merge(self, other: Tally) -> None: ...
    def settle(self) -> None:
        """Merges the buffered rows."""

    def played(self) -> NDArray[np.bool_]:
        """Whether each contestant has a match."""

    def outcomes(self) -> tuple[int, int, int, int, int]:
        """The number of matches of each outcome, in the order of OUTCOMES."""

    def relabel(self, codes: NDArray[np.int64]) -> Tally:
        """Returns the same matches with contestant i as codes[i]; a negative code omits matches."""

    def cells(self) -> _Cells:
        """Returns first, second, outcome, score, weight and count of each cell with a match."""

    def difference(self, other: Tally) -> tuple[Tally | None, _Missing | None]:
        """Subtracts a tally. Returns the difference, or the cell that cannot be subtracted."""

class Groups:
    """Exact counts of matches by group, ordered pair and outcome.

    A group has a code for each key, NULL_CODE for a missing one.
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
        """The code of each group for each key, one array per key."""

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
        """Adds rows, like Tally.add."""

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
        """Returns the same matches with other codes, with the groups in the order of new keys.

        Contestant i becomes contestants[i], in a field of `field` contestants. `keys` contains,
        for each key to keep, its old index and the new code of each old one. `consume` empties
        this object, which saves a copy.
        """

    def merge(self, other: Groups) -> None: ...
    def subtract(self, other: Groups) -> tuple[int, int, int, int, float, float, int, int] | None:
        """Subtracts groups. Returns the group and the cell that cannot be subtracted, if any."""

    def total(self) -> Tally: ...
    def group(self, group: int) -> tuple[_U32, Tally]:
        """Returns the contestants of a group, and its matches with these numbered from 0."""

    def cells(self) -> tuple[_U32, _Cells]:
        """Returns the group of each cell, and the columns of Tally.cells."""

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
        """Fits each group independently. Returns the columns of `groups::Boards` in Rust."""

class FitData:
    """The data of a fit: points between unordered pairs, and the kinds of match."""

    def __init__(self, tally: Tally, *, exclude_ties: bool = False) -> None: ...
    @property
    def contestants(self) -> int: ...
    def pairs(self) -> tuple[_U32, _U32, _F64, _F64]:
        """Returns low, high, points of low and points of high of each pair, with low < high."""

    def kinds(self) -> tuple[_U32, _F64, _F64, NDArray[np.uint64]]:
        """Returns pair, points of low and of high in one match, and count of each kind."""

    def standings(self) -> tuple[NDArray[np.uint64], _F64, _F64, int]:
        """Returns matches, points and weight of each contestant, and the number of all matches."""

    def outsiders(self) -> list[tuple[_U32, str, bool, int, float, float]]:
        """Returns the groups outside the largest strongly connected component.

        Each group consists of its members; its position relative to that component (above, below
        or unordered); whether no match connects it to the component; and its matches, points won
        and points lost against all contestants outside the group. If several components are
        equally large, all contestants are outside, and the position is "no largest".
        """

    def largest(self, shown: int) -> tuple[int, int, list[_U32]]:
        """Returns the number of largest components, their size, and the first few of them."""

    def cell_count(self) -> int:
        """Returns the number of kinds of match."""

    def groups(self) -> int:
        """Returns the number of groups of contestants that no match connects."""

    def fit(
        self,
        *,
        prior: float = 0.0,
        solver: Literal["newton", "mm"] = "newton",
        threads: int | None = None,
        progress: _Progress | None = None,
    ) -> tuple[_F64, float, int]:
        """Returns natural-log strengths of mean 0, the certificate in points, the iterations."""

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
        """Returns lower and upper ends in points, and how many replicates had no maximum."""

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
    ) -> tuple[_F64, tuple[_U32, _U32, _F64], int]:
        """Returns ratings of shape (replicates, contestants), and how many had no maximum.

        Ratings are in points. A contestant above the component that could be rated has +inf, one
        below it -inf, and one that is not ordered relative to it NaN. If several components could
        be rated, this applies to all of them. The second value has the replicates, contestants and
        ratings of their members with a finite lower end of +inf or a finite upper end of -inf.
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
        """Returns the mean and the population standard deviation of each final rating."""

    def elo_order(self, seed: int, shuffle: int) -> _U32:
        """Returns the kinds of all matches in the order of one shuffle."""

class Clusters:
    """The matches of a field, grouped by clusters that are resampled as a whole.

    Raises:
        ValueError: A row contains contestants that never met in the field.
    """

    def __init__(
        self,
        field: FitData,
        cluster: _U32,
        first: _U32,
        second: _U32,
        first_points: _F64,
        second_points: _F64,
    ) -> None: ...
    def __len__(self) -> int: ...

class Checksum:
    """The number and the checksum of the rows of a table, which may come in any order.

    Rows consist of numbers, texts and None, as SQLite returns them.
    """

    def __init__(self) -> None: ...
    @property
    def rows(self) -> int:
        """The number of rows that were added, less those that were removed."""

    @property
    def sum(self) -> int:
        """The sum of the hashes of the rows, as a signed 64-bit number."""

    def take(self) -> tuple[int, int]:
        """Returns the number and the sum, and sets both to zero."""

    def add(self, *row: object) -> None: ...
    def remove(self, *row: object) -> None: ...
    def add_rows(self, rows: list[tuple[object, ...]], key: int) -> bool:
        """Adds rows, and returns whether they are in strict order of their first `key` values.

        The order continues that of the previous call.
        """

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
        """Plays the rows in order, each as often as its count."""

class Scheduler:
    """Selects the next comparisons of a tournament. All arguments must be in range.

    Raises:
        OverflowError: There are more contestants or comparisons than the schedule can hold.
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
        """Returns first, second and prompt of each comparison, and the contestants with a bye."""

    def record(self, first: _U32, second: _U32, score: _F64) -> None:
        """Records verdicts in the order of the schedule. In case of an error, none is recorded."""

    def take(self, first: _U32, second: _U32, prompt: _U32, played: bool) -> int:
        """Excludes comparisons from the schedule. Returns how many of them were unused."""

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
        """Returns the number of comparisons that are left."""

def replicates_needed(confidence: float) -> int:
    """Returns the minimum number of replicates whose order statistics reach the confidence."""
