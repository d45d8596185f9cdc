"""`humorrank agree`: measures the agreement of judges and of their leaderboards."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from humorrank._util.interruptible import interruptible
from humorrank._util.text import be, number_of
from humorrank.cli import _options, _output, _parsing
from humorrank.cli._progress import progress_bar
from humorrank.diagnostics.agreement.agree import agree as measure_agreement
from humorrank.diagnostics.agreement.result import AgreementReport
from humorrank.errors import OptionError

_AGREEMENT = "Agreement"
_DECIMALS = {
    **dict.fromkeys(("agreement", "agreement_lower", "agreement_upper", "tau", "rho"), 3),
    **dict.fromkeys(("tau_p", "rho_p"), 4),
    "transitivity": 4,
    "agreement_pairs": 0,
}


@_options.takes(reading=_options.reading_options)
def agree(
    *,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="LOG...",
            help="One log, store or tally whose judges are the raters, or several, each of which "
            "is a rater named after its file. A quoted glob pattern is one log.",
            show_default=False,
        ),
    ],
    names: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,...",
            help="Names of the raters of several logs, in the order of the logs.",
            rich_help_panel=_AGREEMENT,
        ),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="JUDGE,...",
            help="Raters with which the others are compared, such as people. May be repeated.",
            rich_help_panel=_AGREEMENT,
        ),
    ] = None,
    raters: Annotated[
        bool,
        typer.Option(
            "--raters",
            help="In CSV and markdown output, write a row for each rater instead of each pair of "
            "raters.",
            rich_help_panel=_AGREEMENT,
        ),
    ] = False,
    limit: Annotated[
        int,
        typer.Option(
            help="Maximum number of cycles to list, and of pairs of models that two leaderboards "
            "order differently.",
            rich_help_panel=_AGREEMENT,
        ),
    ] = 20,
    confidence: Annotated[
        float, typer.Option(help="Confidence level of the intervals.", rich_help_panel=_AGREEMENT)
    ] = 0.95,
    replicates: Annotated[
        int,
        typer.Option(
            help="Number of bootstrap replicates behind the interval of alpha, drawn over "
            "comparisons; 0 omits this interval.",
            rich_help_panel=_AGREEMENT,
        ),
    ] = 1000,
    seed: Annotated[
        int, typer.Option(help="Random seed for the bootstrap.", rich_help_panel=_AGREEMENT)
    ] = 0,
    reading: dict[str, Any],
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Measure the agreement of judges in their judgments and in their leaderboards.

    For all judges together, the report shows Krippendorff's alpha, the raw agreement, and the share
    of triples of models without a cycle. For each judge, it shows how often the judge agrees with
    the reference. For each pair of judges, it shows how often they agree, Kendall's tau-b and
    Spearman's rho between their leaderboards, and the models that these order differently.

    * `humorrank agree votes.parquet --reference anna,ben,eva`
    * `humorrank agree llama.csv qwen.csv`
    * `humorrank agree T.sqlite people.csv --names llm,people --reference people -f json`
    """
    chosen = _output.resolve_format(format, output)
    if raters and chosen in ("json", "table"):
        raise OptionError(
            f"--raters applies to CSV and markdown; --format {chosen} includes the raters"
        )
    with progress_bar() as progress:

        def work() -> AgreementReport:
            return measure_agreement(
                *files,
                names=_parsing.as_names("names", names),
                reference=_parsing.as_names("reference", reference) or (),
                confidence=confidence,
                replicates=replicates,
                limit=limit,
                seed=seed,
                progress=progress,
                **reading,
            )

        report = interruptible(work)
    for note in report.notes:
        _output.say("note", note)
    if report.identical:
        judgments = number_of(report.identical, "judgment")
        _output.say("note", f"{judgments} of identical jokes {be(report.identical)} left out")
    _output.show(
        chosen,
        output,
        json=report.to_json,
        text=report.to_text,
        table=report.raters_table if raters else report.to_polars,
        decimals=_DECIMALS,
    )
