"""The commands as Python functions, and judges and providers from other packages."""

import asyncio
import json

import polars as pl
import pytest

import humorrank
from humorrank import judge, report, tournament
from humorrank.errors import OptionError
from humorrank.generate import Reply, Sampling, make_provider, named_model
from humorrank.judge import Answers, Judgment, backends

SPEC = 'candidates = "jokes.csv"\nbudget = 18\n[judge]\nbackend = "simulated"\n'
RATINGS = {"m0": 1100, "m1": 1000, "m2": 900}


class Brevity:
    """Prefers the shorter joke."""

    name = "brevity"
    settings = {"version": 1}  # noqa: RUF012 - defined by the protocol
    batch_size, in_flight = 10, 40

    async def judge(self, batch):
        yield Answers.of(
            {
                row: Judgment("A" if len(c.joke_a) < len(c.joke_b) else "B")
                for row, c in enumerate(batch)
            }
        )

    async def close(self):
        pass


@pytest.fixture
def spec(tmp_path):
    rows = ["prompt,model,joke"]
    rows += [f"p{i},m{j},{'ha' * (j + 1)} {i}" for i in range(6) for j in range(3)]
    (tmp_path / "jokes.csv").write_text("\n".join(rows))
    path = tmp_path / "spec.toml"
    path.write_text(SPEC)
    return path


def test_a_tournament_is_played_and_continued(spec, tmp_path):
    played = tournament.play(spec, tmp_path / "t.sqlite")
    assert played.ending.judged == 18
    log = played.matches()
    assert log.height == 18 and set(log["judge"]) == {"simulated"}
    assert played.decisions()["joke_a"].null_count() == 0
    again = tournament.play(spec, tmp_path / "t.sqlite")
    assert again.ending.judged == 0
    assert again.matches().equals(log)


def test_a_judge_of_ones_own_is_an_object(spec, tmp_path):
    played = tournament.play(spec, tmp_path / "t.sqlite", judge=Brevity())
    board = humorrank.rate(played.store, prior=1, bootstrap=0)
    assert [row.model for row in board] == ["m0", "m1", "m2"]
    with pytest.raises(humorrank.StoreError, match="another spec"):
        tournament.play(spec, tmp_path / "t.sqlite")


def test_a_judge_of_ones_own_needs_no_table(spec, tmp_path, run):
    spec.write_text(SPEC.split("[judge]", 1)[0])
    with pytest.raises(OptionError, match=r"no judge is specified.*\n.*\[judge\]"):
        tournament.play(spec, tmp_path / "t.sqlite")
    played = tournament.play(spec, tmp_path / "t.sqlite", judge=Brevity())
    assert played.ending.judged == 18
    assert "simulated" not in " ".join(humorrank.rate(played.store, prior=1, bootstrap=0).warnings)
    code, _, err = run("tournament", "resume", played.store)
    assert code == 2 and "the judge 'brevity' of this tournament is an object in Python" in err
    assert run("tournament", "status", played.store)[0] == 0
    assert run("tournament", "next", played.store)[0] == 0


def test_what_is_left_out_is_said(spec, tmp_path):
    jokes = tmp_path / "jokes.csv"
    jokes.write_text(jokes.read_text().replace("p0,m0,ha 0\n", ""))
    said = []
    played = tournament.play(
        spec, tmp_path / "t.sqlite", overrides={"missing": "skip", "budget": 16}, say=said.append
    )
    assert played.ending.judged == 16
    assert said == [
        "1 joke is missing, so 2 comparisons are left out: 'm0' has no joke for prompt 'p0'"
    ]


def test_pairs_are_judged_by_a_name_or_an_object(tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("prompt,joke_a,joke_b\ncats,ha,haha\ndogs,hoho,ho\n")
    played = judge.run(pairs, Brevity(), store=tmp_path / "s.sqlite")
    assert played.matches()["winner"].to_list() == ["model_a", "model_b"]
    more = judge.run(played.store, "simulated", name="dice", options={"tie_rate": 0.5})
    assert set(more.matches()["judge"]) == {"brevity", "simulated/dice"}
    with pytest.raises(OptionError, match="require judge='PROVIDER/MODEL'"):
        judge.run(pairs, Brevity(), store=tmp_path / "u.sqlite", options={"x": 1})


def test_a_running_event_loop_is_told_what_to_await(spec, tmp_path):
    async def nested():
        with pytest.raises(OptionError, match=r"await humorrank\.tournament\.play_async\(\.\.\.\)"):
            tournament.play(spec, tmp_path / "t.sqlite")
        return await tournament.play_async(spec, tmp_path / "t.sqlite")

    assert asyncio.run(nested()).ending.judged == 18


def test_a_page_is_written(tmp_path):
    log = humorrank.simulate(RATINGS, 300)
    size = report.write(log, tmp_path / "page.html", pictures=False)
    assert (tmp_path / "page.html").stat().st_size == size
    again = asyncio.run(report.write_async(log, tmp_path / "again.html", pictures=False))
    assert again == size


def test_ranks_and_compare_rate_first():
    log = humorrank.simulate(RATINGS, 2_000)
    board = humorrank.rate(log, bootstrap=1000, elo_shuffles=0)
    assert humorrank.ranks(log).to_json() == board.ranks().to_json()
    assert humorrank.ranks(board, 2, joint=True).to_json() == board.ranks(2, joint=True).to_json()
    found = humorrank.compare(log, "m0", "m2", interval="sandwich")
    assert found.difference_lower > 0 and found.interval == "sandwich"
    assert humorrank.compare(board, "m0", "m2").to_json() == board.compare("m0", "m2").to_json()
    with pytest.raises(OptionError, match="prior"):
        humorrank.compare(board, "m0", "m2", prior=1)


def test_the_verbs_of_the_top_level_agree_with_the_commands(run, tmp_path):
    path = tmp_path / "log.csv"
    humorrank.simulate(RATINGS, 400).write_csv(path)
    for verb, arguments in (("check", ()), ("audit", ()), ("ranks", ())):
        code, out, _ = run(verb, path, "--format", "json", *arguments)
        assert code == 0
        assert json.loads(out) == json.loads(getattr(humorrank, verb)(path).to_json()), verb
    code, out, _ = run("diff", path, path, "--format", "json")
    assert code == 0 and json.loads(out) == json.loads(humorrank.diff(path, path).to_json())


class Entry:
    """An entry point of a package that is not installed."""

    def __init__(self, name, made):
        self.name, self.value, self._made = name, f"elsewhere:{name}", made

    def load(self):
        if isinstance(self._made, Exception):
            raise self._made
        return self._made


@pytest.fixture
def entries(monkeypatch):
    """Registers entry points, given as {group: {name: object}}."""

    def register(group, **made):
        found = [Entry(name, what) for name, what in made.items()]
        monkeypatch.setattr(
            "humorrank._util.plugins.entry_points",
            lambda *, group: found if group == wanted else [],
        )

    wanted = None

    def outer(group, **made):
        nonlocal wanted
        wanted = group
        register(group, **made)

    return outer


def test_a_judge_of_another_package_is_called_by_its_name(entries, spec, tmp_path, run):
    calls = []

    def factory(options, field, seed, folder, limits):
        calls.append((dict(options), len(field.models), seed))
        return Brevity()

    entries(backends.ENTRY_POINTS, brevity=factory)
    store = tmp_path / "t.sqlite"
    code, _, err = run("tournament", "run", spec, "--store", store, "--judge", "brevity/7")
    assert code == 0, err
    assert calls[0] == ({"model": "7"}, 3, 0)
    code, _, err = run(
        "tournament", "run", spec, "--store", tmp_path / "u.sqlite", "--judge", "brevty/7"
    )
    assert code == 2 and "did you mean 'brevity'" in err


def test_a_package_that_cannot_be_imported_is_named(entries, spec, tmp_path):
    entries(backends.ENTRY_POINTS, broken=ImportError("no module named gone"))
    with pytest.raises(OptionError, match=r"broken: the entry point 'elsewhere:broken'.*gone"):
        tournament.play(spec, tmp_path / "t.sqlite", judge="broken/x")


def test_a_provider_of_another_package_writes(entries):
    class Provider:
        async def write(self, requests):
            for number, _ in enumerate(requests):
                yield number, Reply("ha")

    entries("humorrank.generators", mine=lambda model, sampling, options, bounds: Provider())
    assert named_model("mine/best") == ("mine/best", "mine", "best")
    assert isinstance(make_provider("mine", "best", Sampling(), {}), Provider)


STORE_COMMANDS = (
    ("rate",),
    ("rate", "--by", "judge"),
    ("rate", "--where", "judge = 'simulated'"),
    ("ranks",),
    ("check",),
    ("audit",),
    ("agree",),
    ("bias",),
    ("elo",),
)


@pytest.fixture
def store(tmp_path):
    """Returns the store of a tournament with two judges."""
    jokes = ["prompt,model,joke"]
    jokes += [f"p{i},m{j},joke {i} {j}" for i in range(60) for j in range(3)]
    (tmp_path / "jokes.csv").write_text("\n".join(jokes))
    spec = tmp_path / "spec.toml"
    spec.write_text(
        'candidates = "jokes.csv"\n[judge]\nbackend = "simulated"\n'
        "[judge.ratings]\nm0 = 1100\nm1 = 1000\nm2 = 900\n"
    )
    played = tournament.play(spec, tmp_path / "t.sqlite")
    judge.run(played.store, "simulated", name="second", options={"seed": 7})
    played.matches().write_parquet(tmp_path / "log.parquet")
    return played.store


@pytest.mark.parametrize("command", STORE_COMMANDS, ids=" ".join)
def test_every_command_takes_a_store_as_its_exported_log(command, store, run):
    verb, *options = command
    log = store.with_name("log.parquet")
    source = [log, store]
    results = []
    for path in source:
        code, out, err = run(verb, path, *options, "--format", "json")
        assert code == 0, err
        results.append(out.replace(str(path), "PATH"))
    one, two = (json.loads(text) for text in results)
    if verb == "bias":
        # A store also has the texts, and therefore their lengths.
        for found in (one, two):
            for entry in found["judges"]:
                entry.pop("length"), entry.pop("notes")
    assert one == two


def test_a_store_is_read_with_others_by_patterns(store, run):
    code, out, _ = run("rate", store, store.with_name("log.parquet"), "--format", "json")
    assert code == 0
    assert (
        json.loads(out)["counts"]["rated"]
        == 2 * pl.read_parquet(store.with_name("log.parquet")).height
    )
    code, out, _ = run(
        "tally",
        str(store.with_name("*.sqlite")),
        "--keys",
        "judge",
        "-o",
        store.with_name("t.parquet"),
    )
    assert code == 0


def test_diff_compare_and_plot_take_stores(store, run, tmp_path):
    code, out, _ = run("compare", store, "m0", "m2", "--format", "json")
    assert code == 0 and json.loads(out)["difference"] > 0
    code, out, _ = run("diff", store.with_name("log.parquet"), store, "--format", "json")
    assert code == 0
    assert {move["status"] for move in json.loads(out)["moves"]} == {"same"}
    code, _, err = run("plot", "ranks", store, "-o", tmp_path / "ranks.json", "--bootstrap", "200")
    assert code == 0, err


def test_an_empty_store_and_another_database_are_refused(spec, tmp_path, run):
    people = tmp_path / "people.toml"
    people.write_text(SPEC.replace('"simulated"', '"people"'))
    run("tournament", "run", people, "--store", tmp_path / "empty.sqlite")
    code, _, err = run("rate", tmp_path / "empty.sqlite")
    assert code == 2 and "no judgments yet" in err
    import sqlite3  # noqa: PLC0415 - used only here

    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE votes (a, b)")
    code, _, err = run("rate", tmp_path / "other.sqlite")
    assert code == 2 and "other.sqlite" in err
