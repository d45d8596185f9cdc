"""Every error that humorrank raises on purpose: one tree, rooted at HumorRankError."""

from __future__ import annotations

from dataclasses import dataclass


class HumorRankError(Exception):
    """The root of the tree. Its message says what is wrong, where, and what to do about it."""


class OptionError(HumorRankError, ValueError):
    """An option has a value that it cannot have, or two options exclude each other."""


class MissingExtraError(HumorRankError, ImportError):
    """Something optional is not installed; the message names the command that installs it."""


class InputError(HumorRankError, ValueError):
    """A match log cannot be read as it stands.

    Attributes:
        file: the file or the kind of object ("DataFrame") that was read, or None.
        row: the row as an editor counts it (the header of a CSV is row 1), or None.
        column: the name of the column, or None.
        value: the offending value, or None.
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
    """Contestants that keep a field from having a maximum, and why.

    Attributes:
        models: the names, in order.
        reason: in words ("never lost (12 of 12 won)").
    """

    models: tuple[str, ...]
    reason: str


class NoMaximumError(HumorRankError):
    """The Bradley-Terry likelihood has no maximum on these matches.

    Attributes:
        outside: who is outside the largest strongly connected component, group by group.
        component: the contestants of that component, in order.
    """

    def __init__(
        self, message: str, *, outside: tuple[Outside, ...], component: tuple[str, ...]
    ) -> None:
        self.outside = outside
        self.component = component
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        """What pickling needs, so that the error travels between processes."""
        return _no_maximum, (self.args[0], self.outside, self.component)


def _no_maximum(
    message: str, outside: tuple[Outside, ...], component: tuple[str, ...]
) -> NoMaximumError:
    return NoMaximumError(message, outside=outside, component=component)


class ConvergenceError(HumorRankError):
    """A fit could not be certified: its distance to the maximum stayed above the limit."""


class JudgeError(HumorRankError):
    """A judge cannot do its work at all, or does not keep to its protocol."""


class VerdictError(HumorRankError):
    """A judge's text states no verdict that can be relied on.

    Attributes:
        code: why, for counting: "empty", "too_long", "too_deep", "too_tangled", "no_object",
            "no_decision", "bad_decision", "doubled_decision", "contradiction" or "unclear".
    """

    def __init__(self, message: str, *, code: str) -> None:
        self.code = code
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        """What pickling needs, so that the error travels between processes."""
        return _no_verdict, (self.args[0], self.code)


def _no_verdict(message: str, code: str) -> VerdictError:
    return VerdictError(message, code=code)


class StoreError(HumorRankError):
    """A tournament's file cannot be used as it is asked for; it is left as it was."""
