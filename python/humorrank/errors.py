"""The exceptions that humorrank raises, all derived from HumorRankError, and its warning."""

from __future__ import annotations

from dataclasses import dataclass


class HumorRankWarning(UserWarning):
    """A warning for the reader of a leaderboard: what limits its ratings or their intervals."""


class HumorRankError(Exception):
    """The base class of all errors. The message states what is wrong, where, and what to do."""


class OptionError(HumorRankError, ValueError):
    """An option has an invalid value, or two options exclude each other."""


class MissingExtraError(HumorRankError, ImportError):
    """An optional dependency is not installed. The message gives the command that installs it."""


class InputError(HumorRankError, ValueError):
    """A match log or another input is invalid.

    Attributes:
        file: File or kind of object ("DataFrame") that was read, or None.
        row: Row as an editor counts it (the header of a CSV file is row 1), or None.
        column: Name of the column, or None.
        value: Offending value, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        value: object = None,
    ) -> None:
        self.file = file
        self.row = row
        self.column = column
        self.value = value
        where = [
            part
            for part in (
                file,
                None if row is None else f"row {row}",
                None if column is None else f"column {column!r}",
            )
            if part is not None
        ]
        super().__init__(f"{', '.join(where)}: {message}" if where else message)


@dataclass(frozen=True)
class Outside:
    """Contestants because of which the likelihood has no maximum.

    Attributes:
        models: Names of the contestants, in order.
        reason: Reason as text ("never lost (12 of 12 won)").
    """

    models: tuple[str, ...]
    reason: str


class NoMaximumError(HumorRankError):
    """The Bradley-Terry likelihood has no maximum on these matches.

    Attributes:
        outside: Contestants outside the largest strongly connected component, in groups; all
            contestants if several components are equally large.
        component: Contestants of that component, in order; empty if several are equally large.
    """

    def __init__(
        self, message: str, *, outside: tuple[Outside, ...], component: tuple[str, ...]
    ) -> None:
        self.outside = outside
        self.component = component
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        """Supports pickling, so that the error can be passed between processes."""
        return _no_maximum, (self.args[0], self.outside, self.component)


def _no_maximum(
    message: str, outside: tuple[Outside, ...], component: tuple[str, ...]
) -> NoMaximumError:
    return NoMaximumError(message, outside=outside, component=component)


class ConvergenceError(HumorRankError):
    """A fit did not converge: its distance to the maximum remained above the limit."""


class JudgeError(HumorRankError):
    """A judge cannot work at all, or violates its protocol."""


class VerdictError(HumorRankError):
    """The text of a judge does not state a reliable verdict.

    Attributes:
        code: Reason by which failures are counted: "empty", "too_long", "too_deep", "too_tangled",
            "no_object", "no_decision", "bad_decision", "doubled_decision", "contradiction" or
            "unclear".
    """

    def __init__(self, message: str, *, code: str) -> None:
        self.code = code
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        """Supports pickling, so that the error can be passed between processes."""
        return _no_verdict, (self.args[0], self.code)


def _no_verdict(message: str, code: str) -> VerdictError:
    return VerdictError(message, code=code)


class StoreError(HumorRankError):
    """A store cannot be used as requested. The file is left unchanged."""
