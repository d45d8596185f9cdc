"""Play a tournament with a simulated judge and compare it with an exhaustive one.

Nine models with the strengths of the paper's table 1 (arXiv 2604.19786) write a joke for each of
300 prompts. The script plays and rates a Swiss tournament of 3,000 comparisons and then the
exhaustive round robin of 10,800. The jokes come from templates and only serve as data for the
simulation.
"""

import asyncio
import sys
from pathlib import Path

import polars as pl

import humorrank
from humorrank.store.export import export_matches
from humorrank.tournament.engine import play_rounds
from humorrank.tournament.opening import begin
from humorrank.tournament.spec import Spec

PROMPTS = 300
BUDGET = 3_000

THINGS = ("a toaster", "my landlord", "the moon", "a spreadsheet", "the office plant", "a pigeon")
NEWS = ("wins an election", "files a complaint", "learns to drive", "denies everything", "retires")
TURNS = (
    "At last somebody in {} with a plan.",
    "Experts in {} had ruled it out, twice, in writing.",
    "In {} this is called a Tuesday.",
    "The people of {} asked for a refund.",
    "Critics in {} praise the timing.",
)
PLACES = ("Bern", "Ohio", "the basement", "Lyon", "the group chat", "Osaka", "accounting")


def headline(prompt: int) -> str:
    """Returns a headline that no other prompt has."""
    thing, news = THINGS[prompt % 6], NEWS[prompt // 6 % 5]
    return f"{thing} {news} for the {prompt // 30 + 1}. time".capitalize()


def joke(model: int, prompt: int) -> str:
    """Returns a joke that no other model tells on this prompt."""
    turn = TURNS[(model + prompt) % 5].format(PLACES[(3 * model + prompt) % 7])
    return f"{headline(prompt)}? {turn} (Version {model + 1})"


def write_inputs(folder: Path, ratings: dict[str, float]) -> Path:
    """Writes prompts, jokes and a spec as a user would. Returns the path of the spec."""
    prompts = [f"news-{number:03}" for number in range(PROMPTS)]
    pl.DataFrame(
        {"prompt_id": prompts, "headline": [headline(p) for p in range(PROMPTS)]}
    ).write_csv(folder / "prompts.csv")
    pl.DataFrame(
        [
            {"prompt_id": name, "model": model, "joke": joke(m, p)}
            for p, name in enumerate(prompts)
            for m, model in enumerate(ratings)
        ]
    ).write_csv(folder / "jokes.csv")
    lines = [f'"{model}" = {rating}' for model, rating in ratings.items()]
    spec = folder / "tournament.toml"
    spec.write_text(
        'prompts = "prompts.csv"\ncandidates = "jokes.csv"\nseed = 0\n'
        f"budget = {BUDGET}\n"
        '[judge]\nbackend = "simulated"\ntie_rate = 0.1\n[judge.ratings]\n' + "\n".join(lines)
    )
    return spec


def played(spec: Spec, store: Path, log: Path) -> humorrank.Leaderboard:
    """Plays a tournament from the beginning and returns its leaderboard."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{store}{ending}").unlink(missing_ok=True)
    tournament = begin(spec, store)
    with tournament.store:
        assert tournament.judge is not None
        asyncio.run(
            play_rounds(tournament.store, tournament.spec, tournament.field, tournament.judge)
        )
        export_matches(tournament.store, log)
    return humorrank.rate(log, bootstrap=100)


def main(folder: Path) -> None:
    """Plays both tournaments and prints their leaderboards side by side."""
    printed = pl.read_csv(Path(__file__).parent / "table1.csv")
    ratings = dict(printed.select("model", "rating").rows())
    spec = write_inputs(folder, ratings)
    store, log = folder / "tournament.sqlite", folder / "tournament.parquet"
    swiss = played(Spec.read(spec), store, log)
    everything = {"budget": len(ratings) * (len(ratings) - 1) // 2 * PROMPTS}
    everything |= {"schedule.kind": "round_robin", "schedule.prompts_per_pairing": PROMPTS}
    whole = played(Spec.read(spec, everything), folder / "whole.sqlite", folder / "whole.parquet")
    print(
        f"A Swiss tournament of {swiss.counts['rated']:,} comparisons in {store}, beside all "
        f"{whole.counts['rated']:,}\n"
    )
    print(
        f"{'model':18}{'strength':>10}{'Swiss':>8}{'95 % interval':>20}{'all':>9}{'interval':>20}"
    )
    for model, strength in ratings.items():
        ours, theirs = swiss[model], whole[model]
        intervals = [f"{row.rating_lower:.1f} to {row.rating_upper:.1f}" for row in (ours, theirs)]
        print(
            f"{model:18}{strength:10.1f}{ours.rating:8.1f}{intervals[0]:>20}"
            f"{theirs.rating:9.1f}{intervals[1]:>20}"
        )
    for name, board in (("Swiss", swiss), ("all", whole)):
        error = max(abs(board[model].rating - strength) for model, strength in ratings.items())
        print(f"largest error, {name}: {error:.1f} points")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
