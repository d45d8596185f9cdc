"""An audit as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from humorrank.text_table import one_line, text_table

if TYPE_CHECKING:
    from humorrank.fragility.report import AuditReport

_SHOWN = 30
_MODELS = 10
_DONE = {"remove": "removed", "flip": "flipped"}


def report_text(report: AuditReport, *, color: bool = False) -> str:
    """The audit as sentences and tables."""
    lines = [f"{one_line(report.question)}, in {report.matches:,} matches", "", answer(report)]
    if not report.found:
        return "\n".join(lines)
    lines += ["", _set(report, color=color)]
    if report.cells.height > _SHOWN:
        lines.append(f"... and {report.cells.height - _SHOWN:,} more kinds of match")
    later = report.ratings["rating_after"].rank("min", descending=True).cast(int).to_list()
    rows = [
        [
            str(place),
            str(later[place - 1]),
            one_line(row["model"]),
            f"{row['rating']:.1f}",
            f"{row['rating_after']:.1f}",
        ]
        for place, row in enumerate(report.ratings.iter_rows(named=True), start=1)
        if place <= _MODELS or later[place - 1] <= _MODELS
    ]
    header = ["place", "then", "model", "rating", "then "]
    lines += ["", text_table(header, rows, left={"model"}, color=color)]
    return "\n".join(lines)


def answer(report: AuditReport) -> str:
    """What was found, in a sentence."""
    done = _DONE[report.change]
    unit = "matches" if report.by is None else f"values of {report.by}"
    if report.tied:
        return "they are level already: nothing need be changed"
    if report.size is None:
        if report.smallest:
            return (
                f"no set of {unit} changes that, however many are {done}, and leaves ratings that "
                "exist: all were tried"
            )
        return (
            f"no set of {unit} was found that changes that when it is {done} and leaves ratings "
            "that exist; this does not show that there is none"
        )
    if report.size == 1:
        unit = "match" if report.by is None else f"value of {report.by}"
    which = f"{report.size:,} {unit}"
    if report.by is not None:
        which += f" ({report.changed:,} matches)"
    share = _percent(report.changed / report.matches)
    text = f"it is no longer so once {which}, {share} of all matches, "
    text += f"{'is' if report.size == 1 else 'are'} {done}; "
    if report.smallest:
        return text + "no smaller set does, as all were tried"
    return text + "an upper bound: a smaller set may do"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _set(report: AuditReport, *, color: bool) -> str:
    shown = report.cells.head(_SHOWN)
    done = _DONE[report.change]
    if report.by is not None:
        rows = [[one_line(row[0]), f"{row[1]:,}"] for row in shown.iter_rows()]
        return text_table([report.by, f"matches {done}"], rows, left={report.by}, color=color)
    rows = [
        [*_words(row), f"{row['changed']:,}", f"{row['of']:,}"]
        for row in shown.iter_rows(named=True)
    ]
    header = ["of these", "what", "against", done, "of"]
    return text_table(header, rows, left=set(header[:3]), color=color)


def _words(row: dict[str, Any]) -> list[str]:
    a, b = one_line(row["model_a"]), one_line(row["model_b"])
    weight = "" if row["weight"] == 1 else f" (weight {row['weight']:g})"
    if row["outcome"] == "soft":
        return [a, f"got {row['score']:g}{weight}", b]
    if row["outcome"] == "tie":
        return [a, f"tied{weight}", b]
    return [a, f"won{weight}", b] if row["outcome"] == "model_a" else [b, f"won{weight}", a]
