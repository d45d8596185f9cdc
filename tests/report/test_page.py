"""The page without a browser: its contents, errors and provenance."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from html import unescape

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.decided import decisions
from support.fields import field, finish, made, spec_of

import humorrank
from humorrank._util.page import embedded
from humorrank.errors import InputError, NoMaximumError, OptionError
from humorrank.judge import Field, Prompt
from humorrank.rating.board.tiers import PAPER, tier_of, tiers_of
from humorrank.report import fingerprint, make_page
from humorrank.report.decisions import of_log, of_store
from humorrank.report.examples import chosen, packed
from humorrank.report.pairs import pair_columns
from humorrank.store.export import export_decisions, export_matches
from humorrank.store.store import Store

NAMES = [f"model-{i}" for i in range(5)]


@pytest.fixture(scope="module")
def log():
    return decisions(NAMES, 600)


def inside(html, tag):
    """Returns the contents of the elements with a tag, as an HTML parser reads them."""
    return re.findall(rf"<{tag}(?: [^>]*)?>(.*?)</{tag}", html, re.DOTALL)


@given(st.text(), st.text(alphabet="<>/!-scriptSCRIPT\u2028\u2029&\\\"'\x00\n{}%]"))
@settings(max_examples=60)
def test_no_text_ends_the_data_or_changes_in_it(text, steering):
    tree = {"name": text, steering: [text + steering, None, 1.5]}
    held = embedded(tree)
    assert json.loads(held) == tree
    assert not set("<>&\u2028\u2029") & set(held)


def test_the_policy_names_the_hashes_of_what_runs_and_lets_nothing_else(log):
    html = make_page(log, pictures=False).html
    (style,) = inside(html, "style")
    data, script = inside(html, "script")
    assert json.loads(data)["title"] == "Leaderboard of 5 contestants, 600 matches"
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    rules = dict(rule.strip().split(" ", 1) for rule in unescape(policy).split(";"))
    for text, name in ((style, "style-src"), (script, "script-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert set(rules) - {"style-src", "script-src"} == {
        "default-src",
        "img-src",
        "base-uri",
        "form-action",
    }
    assert rules["img-src"] == "data:"
    # Styles and scripts contain no address, and no text is parsed as markup.
    assert not re.findall(r"https?://|//cdn|@import|url\(", style + script)
    for means in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "srcdoc"):
        assert means not in script
    assert not re.findall(r" (style|on\w+)=", re.sub(r"<script.*", "", html, flags=re.DOTALL))


def test_the_title_is_escaped_and_one_line(log):
    made = make_page(log, title="</title>\n<script>{{ 1 }}\x00\udcff", pictures=False, bootstrap=0)
    assert made.title == "</title> <script>{{ 1 }} ?"
    assert "<title>&lt;/title&gt; &lt;script&gt;{{ 1 }} ?</title>" in made.html


def test_pairs_are_those_of_compare():
    rng = np.random.default_rng(5)
    rows = []
    for _ in range(400):
        a, b = rng.choice(6, 2, replace=False)
        p = 1 / (1 + 10 ** ((a - b) / 4))
        draw = rng.random()
        winner = "tie" if draw < 0.1 else "model_a" if rng.random() < p else "model_b"
        rows.append((f"m{a}", f"m{b}", winner))
    table = pl.DataFrame(rows, ["model_a", "model_b", "winner"], orient="row")
    for options in (
        {},
        {"interval": "basic"},
        {"interval": "bca", "bootstrap": 1_000},
        {"interval": "wald"},
        {"interval": "sandwich"},
        {"ties": "davidson"},
        {"anchor": {"m0": 500}},
    ):
        board = humorrank.rate(table, **{"bootstrap": 100, "elo_shuffles": 0, **options})
        found = pair_columns(board)
        models, place = board.columns["model"], 0
        for i, a in enumerate(models):
            for b in models[i + 1 :]:
                said = board.compare(a, b)
                ends = [float(found[name][place]) for name in ("lower", "upper")]
                assert ends == pytest.approx(
                    [said.difference_lower, said.difference_upper], abs=5.1e-3
                )
                assert found["stronger"][place] == pytest.approx(said.p_stronger, abs=5.1e-5)
                assert found["matches"][place] == said.matches
                assert found["points"][place] == said.points_a
                assert found["against"][place] == said.points_b
                place += 1
        assert place == len(found["lower"])


def test_the_fingerprint_is_of_the_matches_and_not_of_their_order(log, tmp_path):
    whole = humorrank.tally(log)
    shuffled = humorrank.tally(log.sample(fraction=1, shuffle=True, seed=1))
    assert fingerprint(whole) == fingerprint(shuffled)
    assert len(fingerprint(whole)) == 64
    log.head(300).write_csv(tmp_path / "one.csv")
    log.tail(300).write_parquet(tmp_path / "two.parquet")
    parts = make_page([tmp_path / "one.csv", tmp_path / "two.parquet"], pictures=False, bootstrap=0)
    assert parts.evidence.fingerprint == fingerprint(whole)
    files = [(each["name"].rsplit("/")[-1], each["sha256"]) for each in parts.evidence.files]
    assert files == [
        (name, hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
        for name in ("one.csv", "two.parquet")
    ]
    swapped = log.with_columns(
        winner=pl.when(pl.int_range(pl.len()) == 0)
        .then(pl.lit("tie") if log["winner"][0] != "tie" else pl.lit("model_a"))
        .otherwise("winner")
    )
    assert fingerprint(humorrank.tally(swapped)) != fingerprint(whole)
    renamed = log.with_columns(pl.col("model_a", "model_b").str.replace("model-4", "model-5"))
    assert fingerprint(humorrank.tally(renamed)) != fingerprint(whole)
    board = humorrank.rate(log, bootstrap=0, elo_shuffles=0)
    again = humorrank.rate(log.reverse(), bootstrap=0, elo_shuffles=0)
    assert fingerprint(board) == fingerprint(again) != fingerprint(whole)


def test_the_same_matches_make_the_same_page(log):
    once = make_page(log, pictures=False, bootstrap=100)
    again = make_page(log.sample(fraction=1, shuffle=True, seed=3), pictures=False, bootstrap=100)
    assert once.html == again.html
    other = make_page(log, pictures=False, bootstrap=100, seed=1)
    assert other.data["examples"]["rows"] != once.data["examples"]["rows"]


def test_examples_are_bounded_by_pair_and_by_bytes(log):
    board = humorrank.rate(log, bootstrap=0, elo_shuffles=0)
    places = {name: place for place, name in enumerate(board.columns["model"])}
    found = of_log(humorrank.MatchLog(log), ("joke_a", "joke_b"))
    for most in (1, 2, 5):
        rows = chosen(found, places, most, 0)
        pairs = rows.group_by("low", "high").len()
        assert pairs.height == 10
        assert pairs["len"].to_list() == [most] * 10
    rows = chosen(found, places, 5, 0)
    whole = packed(found, rows, 10**7)
    assert len(whole["rows"]) == 50
    size = len(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode())
    for share in (0.9, 0.5, 0.15, 0.05):
        part = packed(found, rows, int(share * size))
        taken = len(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())
        assert taken < share * size + 1_000
        assert 0 < len(part["rows"]) < 50
        pairs = {tuple(sorted(row[:2])) for row in part["rows"]}
        # Every pair gets its first example before any pair gets a second one.
        assert len(pairs) == min(10, len(part["rows"]))


def test_long_texts_are_cut_with_a_mark():
    long = decisions(NAMES, 200, length=4_000)
    made = make_page(long, pictures=False, bootstrap=0)
    examples = made.data["examples"]
    assert examples["cut"] > 50
    cut = [text for text in examples["texts"] if "[cut: " in text]
    assert len(cut) == examples["cut"]
    assert max(map(len, examples["texts"])) < 1_600
    assert "long texts are cut" in made.data["notes"]["examples"]


def test_a_joke_called_offensive_once_is_so_wherever_it_is_shown():
    rows = [
        ("a", "b", "model_a", "1", "fine", "rude", '["offensive"]'),
        ("b", "c", "model_a", "1", "rude", "dull", '["weak_punchline"]'),
        ("c", "b", "tie", "1", "dull", "rude", None),
        ("b", "a", "model_a", "2", "nice", "bad", '["OFFENSIVE", "cliché"]'),
        ("a", "c", "tie", "3", "x", "y", '["offensive"]'),
    ]
    names = ["model_a", "model_b", "winner", "question_id", "joke_a", "joke_b", "loser_features"]
    table = pl.DataFrame(rows, names, orient="row")
    made = make_page(table, pictures=False, bootstrap=0, disconnected="largest", examples=5)
    examples = made.data["examples"]
    hidden = {examples["texts"][i] for i in examples["offensive"]}
    assert hidden == {"rude", "bad", "x", "y"}


def test_a_store_and_its_exports_hold_the_same_decisions(tmp_path):
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(4, judge={"failure_rate": 0.4, "retries": 0}, budget=200),
                field(4, 60, twins=2)))  # fmt: skip
    with Store(path, write=False) as store:
        export_decisions(store, tmp_path / "decisions.parquet")
        export_matches(store, tmp_path / "log.parquet")
    one = of_store(path)
    other = of_log(humorrank.MatchLog(tmp_path / "decisions.parquet"), ("joke_a", "joke_b"))
    columns = ["question_id", "model_a", "model_b", "judge", "score"]
    assert one.table.select(columns).equals(other.table.select(columns))
    assert (
        one.texts(one.table)
        .sort("row")
        .equals(
            other.texts(other.table)
            .sort("row")
            .select("row", "prompt", "joke_a", "joke_b", "reasoning")
        )
    )
    found = make_page(path, pictures=False, bootstrap=0)
    assert found.evidence.fingerprint == fingerprint(humorrank.tally(tmp_path / "log.parquet"))
    with Store(path, write=False) as store:
        failed = store.count("SELECT COUNT(*) FROM failures")
    assert failed > 20
    assert found.data["failures"] == [("simulated failure of 1 attempt", failed)]
    assert dict(found.data["head"]["facts"])["failures"] == str(failed)
    assert dict(found.data["head"]["store"])["judge.failure_rate"] == "0.4"
    assert found.data["head"]["reading"] == "store"


def test_sources_without_texts_judges_or_order_say_so(log, tmp_path):
    votes = log.select("model_a", "model_b", "winner")
    notes = make_page(votes, pictures=False, bootstrap=0).data["notes"]
    assert "have no texts" in notes["examples"]
    assert "have no labels" in notes["features"]
    humorrank.tally(votes).write(tmp_path / "t.parquet")
    made = make_page(tmp_path / "t.parquet", pictures=False, bootstrap=0)
    assert "keeps no texts" in made.data["notes"]["examples"]
    assert made.data["bias"][0]["judgments"] == 600
    pairs = [("a", "b"), ("b", "a"), ("a", "b"), ("b", "c"), ("c", "b")]
    winners = pl.DataFrame(pairs, ["winner", "loser"], orient="row")
    made = make_page(winners, pictures=False, bootstrap=0)
    assert "names the winner first" in made.data["notes"]["bias"]
    assert made.data["bias"] == []
    made = make_page(iter([("a", "b", "tie")] * 3), pictures=False, bootstrap=0)
    assert len(made.data["board"]["columns"]["model"]) == 2
    odd = log.with_columns(loser_features=pl.lit("what"), prompt=pl.lit([1, 2]))
    made = make_page(odd, pictures=False, bootstrap=0)
    assert "'what' is not a JSON list" in made.data["notes"]["features"]
    assert "not being lists of labels: 600 label values" in made.data["notes"]["examples"]
    assert "left out: prompt" in made.data["notes"]["examples"]


def test_many_judges_are_taken_as_one():
    many = decisions(NAMES, 400).with_columns(judge=pl.format("j{}", pl.int_range(pl.len()) % 40))
    made = make_page(many, pictures=False, bootstrap=0)
    assert len(made.data["bias"]) == 1
    assert "40 judges, treated as one" in made.data["notes"]["bias"]
    assert len(made.data["head"]["judges"]) == 20
    assert made.data["head"]["more_judges"] == 20


def test_what_is_refused(log, tmp_path):
    board = humorrank.rate(log, bootstrap=0, elo_shuffles=0)
    for source, options, words in (
        (log, {"offensive": "maybe"}, "offensive must be one of hide, show"),
        (log, {"examples": -1}, "examples must be a whole number, 0 to 100"),
        (log, {"tiers": "strong"}, None),
        (log, {"tiers": "strong=x"}, "NAME=RATING"),
        (log, {"by": "author"}, "no column 'author' to count by"),
        (log, {"by": "judge", "cluster": "question_id"}, "by supports only percentile intervals"),
        (log, {"by": "judge", "controls": ["length"]}, "by (--by) cannot be combined"),
        (board, {"by": "judge"}, "by cannot be set for a leaderboard"),
        (log, {"texts": ("left", "right")}, "no column 'left' with texts"),
        (board, {"bootstrap": 100}, "cannot be set for a leaderboard"),
        (board, {"reading": {"where": "x"}}, "cannot be set for a leaderboard"),
        (humorrank.tally(log), {"texts": ("a", "b")}, "a tally contains no texts"),
    ):
        if words is None:
            assert make_page(source, pictures=False, bootstrap=0, **options).data["board"]["tiers"]
            continue
        with pytest.raises(OptionError, match=re.escape(words)):
            make_page(source, pictures=False, **options)
    with pytest.raises(InputError, match="does not exist"):
        make_page(tmp_path / "absent.csv")
    with pytest.raises(NoMaximumError):
        make_page([("a", "b", "model_a")] * 5)


def test_tiers_are_bands_of_ratings():
    assert tiers_of(None) == ()
    assert tiers_of("paper") == PAPER
    said = [tier_of(rating, PAPER) for rating in (1200, 1100.1, 1100, 970, 969, 800, 799)]
    elite, middle, weak = (tier.name for tier in PAPER)
    assert said == [elite, elite, middle, middle, None, None, weak]
    assert [tier.span for tier in PAPER] == ["above 1100", "970 to 1100", "below 800"]
    own = tiers_of("low,high=1100,mid=950")
    assert own == tiers_of({"mid": 950, "low": None, "high": 1100})
    assert [tier_of(rating, own) for rating in (2000, 1100, 1000, 0)] == [
        "high", "high", "mid", "low",
    ]  # fmt: skip
    assert [tier.span for tier in own] == ["from 1100", "from 950 below 1100", "below 950"]
    for bad in ("", "a=1,a=2", "a=1,b=1", "a=nan", "=3", "a=1,b=", "a=inf", "a,b"):
        with pytest.raises(OptionError):
            tiers_of(bad)
    with pytest.raises(OptionError):
        tiers_of({})


def test_pictures_stand_in_the_page_where_they_can_be_drawn(log, monkeypatch):
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    made = make_page(log, bootstrap=100)
    places = [place for place, _, _ in made.data["pictures"]]
    assert places == ["pictures", "pictures", "rates-table", "labels-tables"]
    for _, _, address in made.data["pictures"]:
        svg = base64.b64decode(address.removeprefix("data:image/svg+xml;base64,")).decode()
        assert svg.startswith("<svg")
    assert "pictures" not in made.data["notes"]


def test_without_what_draws_them_the_page_has_no_pictures_and_says_so(log, tmp_path):
    path = tmp_path / "log.parquet"
    log.write_parquet(path)
    # This needs its own process, because modules stay imported.
    code = (
        "import sys; sys.modules['altair'] = None\n"
        "from humorrank.report import make_page\n"
        f"made = make_page({str(path)!r}, bootstrap=0)\n"
        "assert made.data['pictures'] == []\n"
        "assert 'pip install \\'humorrank[figures]\\'' in made.data['notes']['pictures']\n"
        "assert 'pip install' in made.html\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_prompts_that_stand_for_themselves_and_odd_names(tmp_path):
    texts = Field(
        ["two\u00a0spaces", "two\nlines", "x" * 400],
        [Prompt(f"p{i}", f"p{i}", "headline") for i in range(9)],
        [[f"{m} on {p}" for m in range(3)] for p in range(9)],
    )
    spec = spec_of(0, judge={"ratings": {"x" * 400: 1000.0}}, budget=27)
    finish(made(tmp_path / "T.sqlite", spec, texts))
    found = make_page(tmp_path / "T.sqlite", pictures=False, bootstrap=0, prior=1.0)
    assert sorted(found.data["board"]["columns"]["model"]) == sorted(texts.models)
    assert all(row[5] is None for row in found.data["examples"]["rows"])
