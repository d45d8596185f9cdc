"""The page in a real browser: sorting, filters, and numbers that match the leaderboard."""

import re

import polars as pl
import pytest
from support.decided import decisions

import humorrank
from humorrank.report import make_page

BAD = ("serious", "critical")


def numbers(text):
    return [float(part) for part in re.findall(r"-?\d+\.?\d*", text.replace("\u2212", "-"))]


def column(page, title):
    titles = [text.strip() for text in page.locator("#board-table thead th").all_inner_texts()]
    cells = f"#board-table tbody tr:visible > :nth-child({titles.index(title) + 1})"
    return page.locator(cells).all_inner_texts()


def test_every_column_sorts_in_both_directions(looked_at, tournament):
    path, found = tournament
    board = found.evidence.board
    ranks = board.ranks().table
    with looked_at(path) as opened:
        assert column(opened, "model") == [row.model for row in board]
        assert column(opened, "rating") == [f"{row.rating:.1f}" for row in board]
        heads = opened.locator("#board-table thead th")
        titles = heads.all_inner_texts()
        assert len(titles) == 13
        for place, title in enumerate(titles):
            head, button = heads.nth(place), heads.nth(place).locator("button")
            first = None if title == "rank" else head.get_attribute("aria-sort")
            assert first is None
            button.click()
            assert head.get_attribute("aria-sort") in ("ascending", "descending")
            once = column(opened, "model")
            button.click()
            twice = column(opened, "model")
            assert sorted(once) == sorted(twice) == sorted(row.model for row in board)
            if title in ("model", "rating", "95 % interval", "Elo"):
                assert once == twice[::-1]
            assert opened.locator("#board-table [aria-sort]").count() == 1
        by_wins = sorted(board, key=lambda row: -row.win_rate)
        heads.nth(titles.index("win rate")).locator("button").click()
        assert column(opened, "model") == [row.model for row in by_wins]
        heads.nth(titles.index("rank")).locator("button").click()
        for row, text in zip(board, column(opened, "95 % interval"), strict=True):
            assert text == f"{row.rating_lower:.1f} to {row.rating_upper:.1f}"
        likely = [text.lstrip("<> ") for text in column(opened, "P(best)")]
        assert [float(text) for text in likely] == pytest.approx(
            ranks["p_best"].clip(0.001, 0.999).to_list(), abs=5.1e-4
        )
        low, high = ranks["rank_lower"].to_list(), ranks["rank_upper"].to_list()
        shown = [numbers(text) for text in column(opened, "possible ranks")]
        assert shown == [[a] if a == b else [a, b] for a, b in zip(low, high, strict=True)]
        tiers = ["high" if row.rating >= 1020 else "low" for row in board]
        assert column(opened, "tier") == tiers
        matches = [int(text.replace(",", "")) for text in column(opened, "matches")]
        assert matches == [row.matches for row in board]


def test_the_filter_leaves_the_names_that_hold_its_text(looked_at, tournament):
    path, _ = tournament
    with looked_at(path) as opened:
        opened.get_by_label("Filter by name").fill("-03")
        assert column(opened, "model") == ["model-03"]
        assert opened.locator("#shown").inner_text() == "1 of 7 models"
        opened.get_by_label("Filter by name").fill("MODEL")
        assert len(column(opened, "model")) == 7
        opened.get_by_label("Filter by name").fill("<b>")
        assert column(opened, "model") == []


def choose(opened, a, b):
    for label, model in (("Model A", a), ("Model B", b)):
        select = opened.get_by_label(label)
        names = [text.split(". ", 1)[1] for text in select.locator("option").all_inner_texts()]
        select.select_option(index=names.index(model))


def test_head_to_head_says_what_compare_says(looked_at, tournament):
    path, found = tournament
    board = found.evidence.board
    models = [row.model for row in board]
    with looked_at(path) as opened:
        for a, b in ((0, 1), (1, 0), (2, 6), (6, 2), (5, 3), (0, 6)):
            choose(opened, models[a], models[b])
            said = board.compare(models[a], models[b])

            def read(name):
                shown = opened.locator(f"[data-figure={name}]")
                rest = shown.locator("small").inner_text().split(":")[-1]
                return numbers(shown.locator(".value").inner_text()), numbers(rest)

            (p,), ends = read("p_beats")
            assert [p, *ends] == pytest.approx(
                [said.p_beats, said.p_beats_lower, said.p_beats_upper], abs=5.1e-4
            )
            (difference,), ends = read("difference")
            assert [difference, *ends] == pytest.approx(
                [said.difference, said.difference_lower, said.difference_upper], abs=0.056
            )
            (sure,), _ = read("p_stronger")
            assert sure == pytest.approx(min(max(said.p_stronger, 0.001), 0.999), abs=5.6e-4)
            assert read("matches") == ([said.matches], [said.points_a, said.points_b])
        choose(opened, models[3], models[3])
        assert opened.locator("#said").inner_text() == "Choose two different models."
        choose(opened, models[3], models[4])
        opened.get_by_role("button", name="Swap").click()
        assert opened.locator("#said").inner_text().startswith(f"{models[4]} against {models[3]}")


def test_a_model_of_the_board_goes_to_head_to_head_and_details_show(looked_at, tournament):
    path, found = tournament
    fourth = found.evidence.board.rows[3].model
    with looked_at(path) as opened:
        button = opened.get_by_role("button", name=fourth)
        button.focus()
        tip = opened.locator("#tip")
        assert tip.is_visible()
        assert tip.inner_text().splitlines()[0] == fourth
        opened.keyboard.press("Escape")
        assert not tip.is_visible()
        opened.locator("#board-table tbody tr").nth(1).locator(".interval").hover()
        assert "95 % interval: " in tip.inner_text()
        button.focus()
        opened.keyboard.press("Enter")
        assert opened.locator("#said").inner_text().startswith(f"{fourth} against")
        assert opened.evaluate("document.activeElement.id") == "model-a"


def test_examples_are_decisions_of_the_log(looked_at, judged):
    path, _, log = judged
    with looked_at(path) as opened:
        for a, b in (("model-0", "model-1"), ("model-5", "model-2")):
            choose(opened, a, b)
            shown = opened.locator("article.example")
            assert shown.count() == 3
            for number in range(3):
                texts = (
                    shown.nth(number)
                    .locator(".joke .text")
                    .evaluate_all("all => all.map(each => each.textContent)")
                )
                heads = shown.nth(number).locator(".joke h5").all_inner_texts()
                first = heads[0].split(" (")[0]
                row = log.filter(
                    (pl.col("joke_a") == texts[0])
                    & (pl.col("joke_b") == texts[1])
                    & (pl.col("model_a") == first)
                    & (pl.col("prompt") == shown.nth(number).locator("h4").inner_text())
                )
                assert row.height >= 1
                assert {first, row["model_b"][0]} == {a, b}
                reasons = (
                    shown.nth(number)
                    .locator("> .text, > details .text")
                    .evaluate_all("all => all.map(each => each.textContent)")
                )
                told = row.filter(pl.col("reasoning") == reasons[0])
                assert told.height == 1
                word = {"model_a": "won", "model_b": "lost", "tie": "tie"}[told["winner"][0]]
                assert heads[0].endswith(f" ({word}, shown first)")


def test_offensive_jokes_are_folded_away_until_asked_for(looked_at, judged, tmp_path):
    path, found, log = judged
    hurt = log.filter(pl.col("loser_features") == '["offensive"]')
    bad = {
        (row["joke_b"] if row["winner"] == "model_a" else row["joke_a"])
        for row in hurt.iter_rows(named=True)
    }
    examples = found.data["examples"]
    row = next(
        row
        for row in examples["rows"]
        if row[2] != 0.5 and bad & {examples["texts"][row[6]], examples["texts"][row[7]]}
    )
    pair = [found.evidence.board.rows[place].model for place in row[:2]]
    text = next(examples["texts"][i] for i in row[6:8] if examples["texts"][i] in bad)
    with looked_at(path) as opened:
        choose(opened, *pair)
        joke = opened.get_by_text(text, exact=True).first
        assert not joke.is_visible()
        opened.get_by_text("Labeled offensive by a judge (show)").first.click()
        assert opened.locator("details[open] .text").first.is_visible()
    shown = make_page(log, offensive="show", pictures=False)
    shown.write(tmp_path / "shown.html")
    with looked_at(tmp_path / "shown.html") as opened:
        choose(opened, *pair)
        assert opened.locator("details").count() == 0
        assert opened.get_by_text(text, exact=True).first.is_visible()


def test_tables_of_rates_labels_bias_failures_and_origin(looked_at, tournament, judged):
    path, found = tournament
    board = found.evidence.board
    rates = board.win_matrix()
    with looked_at(path) as opened:
        rows = opened.locator("#rates-table tbody tr")
        for place, row in enumerate(board):
            cells = rows.nth(place).locator("td").all_inner_texts()
            for other, text in zip(board, cells, strict=True):
                share = rates.filter(pl.col("model") == row.model)[other.model].item()
                if share is None:
                    assert text.strip() in ("", "\u2013")
                else:
                    assert float(text.split()[0]) == pytest.approx(100 * share, abs=0.51)
        effect = found.evidence.bias.judges[0].effect
        shown = opened.locator("#bias-table tbody td").all_inner_texts()
        assert numbers(shown[5]) == pytest.approx(
            [effect.value, effect.lower, effect.upper], abs=0.051
        )
        failed = opened.locator("#failures-table tbody tr").all_inner_texts()
        assert len(failed) == 1
        assert "simulated failure of 2 attempts" in failed[0]
        assert opened.locator("#labels").inner_text().count("have no labels") == 1
        assert "judge.failure_rate" in opened.locator("#again").inner_text()
    path, found, log = judged
    won = log.filter(pl.col("winner") != "tie").select(
        pl.when(pl.col("winner") == "model_a").then("model_a").otherwise("model_b"),
        "winner_humor_features",
    )
    with looked_at(path) as opened:
        tables = opened.locator("#labels-tables table")
        assert tables.count() == 3
        titles = tables.nth(0).locator("thead th").all_inner_texts()
        for row in tables.nth(0).locator("tbody tr").all():
            model = row.locator("th").inner_text()
            own = won.filter(pl.col("model_a") == model)["winner_humor_features"]
            cells = row.locator("td").all_inner_texts()
            assert int(cells[0]) == len(own)
            for label, text in zip(titles[2:], cells[1:], strict=True):
                share = own.str.contains(f'"{label}"', literal=True).mean()
                assert float(text) == pytest.approx(100 * share, abs=0.51)


def test_the_origin_of_the_page_is_at_its_end(looked_at, tournament):
    path, found = tournament
    with looked_at(path) as opened:
        ids = opened.locator("main > section").evaluate_all("all => all.map(each => each.id)")
        assert ids[0] == "board"
        assert ids[-1] == "again"
        again = opened.locator("#again").inner_text()
        facts = opened.locator("header").inner_text()
        for part in (found.evidence.fingerprint, "seed", found.evidence.board.version):
            assert part in again
            assert part not in facts
        assert opened.locator("#facts dt").first.inner_text() == "models"


def test_columns_are_on_screen_whatever_the_number_of_groups(looked_at, wide):
    path, found = wide
    groups = found.data["board"]["columns"]["group"]
    assert max(text.count(",") for text in groups) >= 5
    with looked_at(path) as opened:
        shown = column(opened, "group")
        for text, short in zip(groups, shown, strict=True):
            spans = [[int(end) for end in part.split("\u2013")] for part in short.split(", ")]
            numbers = [n for span in spans for n in range(span[0], span[-1] + 1)]
            assert numbers == [int(n) for n in text.split(",")]
            assert len(short) <= 5
        box = opened.get_by_role("region", name="Leaderboard", exact=True).last
        assert box.evaluate("each => each.scrollWidth <= each.clientWidth")
        titles = opened.locator("#board-table thead th").all_inner_texts()
        assert {"tier", "win rate", "matches", "Elo sd"} <= {text.strip() for text in titles}


def test_win_rates_of_few_matches_are_pale(looked_at, tmp_path):
    rows = [("a", "b", "model_a")] * 3 + [("c", "a", "model_a")] * 4
    rows += [("b", "c", "model_a")] * 20 + [("d", "b", "model_a")] * 19
    rows += [("c", "d", "model_a")] + [("a", "d", "tie")] * 9
    board = humorrank.rate(rows, bootstrap=0)
    make_page(board, pictures=False).write(tmp_path / "few.html")
    strongest = {"ab": "m1", "ba": "l1", "ca": "m2", "ac": "l2", "bc": "m4", "cb": "l4"}
    strongest |= {"db": "m3", "bd": "l3", "cd": "m1", "dc": "l1", "ad": "z0", "da": "z0"}
    colors = "all => all.map(each => getComputedStyle(each).backgroundColor)"
    with looked_at(tmp_path / "few.html") as opened:
        table = opened.locator("#rates-table tbody")
        places = {row.model: place for place, row in enumerate(board)}
        for (row, other), kind in strongest.items():
            cell = table.locator("tr").nth(places[row]).locator("td").nth(places[other])
            assert cell.get_attribute("class") == kind, (row, other)
        legend = opened.locator("#rates-legend li")
        assert [text.strip() for text in legend.all_inner_texts()] == [
            "1 to 3 matches",
            "4 to 9 matches",
            "10 to 19 matches",
            "20 matches or more",
        ]
        drawn = [
            legend.nth(place).locator(".swatches span").evaluate_all(colors) for place in range(4)
        ]
        assert [len(set(each)) for each in drawn] == [3, 5, 7, 9]
        for kinds, allowed in (("l1 z0 m1", drawn[0]), ("l4 z0 m4", drawn[3])):
            for kind in kinds.split():
                assert table.locator(f".{kind}").first.evaluate_all(colors)[0] in allowed
        assert table.locator(".m4").first.evaluate_all(colors)[0] not in drawn[2]


def test_the_leaderboard_is_downloaded_as_csv(looked_at, tmp_path):
    names = ['a, "b"', "=c", "d\u202ee", "f;g"]
    rows = [(a, b, "model_a") for a in names for b in names if a != b]
    found = make_page([*rows, *rows[:2]], bootstrap=100, tiers="paper", pictures=False)
    path = tmp_path / "report.html"
    found.write(path)
    board = found.evidence.board
    with looked_at(path) as opened:
        opened.get_by_label("Filter by name").fill("nothing")
        with opened.expect_download() as download:
            opened.get_by_role("link", name="Download CSV").click()
        assert download.value.suggested_filename == "leaderboard.csv"
        download.value.save_as(tmp_path / "leaderboard.csv")
    read = pl.read_csv(tmp_path / "leaderboard.csv")
    assert read.columns[:2] == ["rank", "model"]
    assert read["model"].to_list() == [row.model for row in board]
    assert {"rank_lower", "p_best", "group", "tier", "elo_sd"} <= set(read.columns)
    for name in ("rank", "rating", "rating_lower", "rating_upper", "win_rate", "matches", "elo"):
        assert read[name].to_list() == pytest.approx(board.table[name].to_list(), abs=1e-4)


HOSTILE = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "{{ 7 * 7 }}{% raw %}",
    "]]><!-- <script>",
    "line\u2028separator\u2029and\u0085next",
    "\u202egnorw eht yaw\u202c",
    "'\"`&amp;&lt;\\u003c",
    "C:\\new\x00\r\nline",
    "javascript:alert(3)",
    "a" * 300,
]


def test_hostile_texts_are_shown_as_texts(looked_at, tmp_path):
    names = [name.replace("\x00", "").replace("\r\n", " ") for name in HOSTILE]
    log = decisions(names, 1_200, offensive=0, ties=0).with_columns(
        joke_a=pl.lit(HOSTILE[0]) + pl.col("joke_a"),
        reasoning=pl.lit(HOSTILE[1]) + pl.col("reasoning"),
        prompt=pl.lit(HOSTILE[3]) + pl.col("prompt"),
        judge=pl.lit(HOSTILE[2]),
        loser_features=pl.lit('["<script>alert(4)</script>", "</script>"]'),
    )
    title = "</title><script>alert(5)</script> {{ title }}"
    found = make_page(log, title=title, tiers={"<b>top</b>": 1000, "</td>": None}, pictures=False)
    found.write(tmp_path / "report.html")
    with looked_at(tmp_path / "report.html") as opened:
        assert opened.title() == title
        assert opened.locator("h1").text_content() == title
        shown = opened.locator("#board-table .name").evaluate_all(
            "all => all.map(each => each.textContent)"
        )
        assert shown == [row.model for row in found.evidence.board]
        assert sorted(shown) == sorted(names)
        choose_first = opened.locator("article.example").first
        text = choose_first.evaluate("each => each.textContent")
        for said in (HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], "<script>alert(4)</script>"):
            assert said in text
        assert opened.locator("script").count() == 2
        assert opened.locator("img, b").count() == 0
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
        opened.set_viewport_size({"width": 390, "height": 800})
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_violation_of_accessibility(looked_at, judged, tournament, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    # The log has labels; the store has failures and tiers.
    path, width = {"light": (tournament[0], 390), "dark": (judged[0], 1280)}[scheme]
    with looked_at(path, width=width, scheme=scheme) as opened:
        opened.locator("#board-table .name").first.focus()
        found = axe.Axe().run(opened).response
        assert len(found["passes"]) > 20
        serious = [each for each in found["violations"] if each["impact"] in BAD]
        assert not serious, [
            (each["id"], [node["html"] for node in each["nodes"]][:3]) for each in serious
        ]


@pytest.mark.parametrize("width", [320, 390])
def test_a_narrow_window_scrolls_tables_and_not_the_page(looked_at, judged, width):
    with looked_at(judged[0], width=width) as opened:
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        box = opened.get_by_role("region", name="Leaderboard", exact=True).last
        assert box.evaluate("each => each.scrollWidth > each.clientWidth")
        assert box.evaluate("each => each.tabIndex") == 0


def test_a_phone_shows_model_rating_and_interval(looked_at, wide):
    with looked_at(wide[0], width=390) as opened:
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
        box = opened.get_by_role("region", name="Leaderboard", exact=True).last
        assert box.evaluate("each => each.scrollWidth > each.clientWidth && !each.scrollLeft")
        left, right = box.evaluate(
            "each => [each.getBoundingClientRect().left, each.getBoundingClientRect().right]"
        )
        titles = [
            text.strip() for text in opened.locator("#board-table thead th").all_inner_texts()
        ]
        assert titles[1:4] == ["model", "rating", "95 % interval"]
        for row in opened.locator("#board-table tbody tr").all()[:6]:
            for cell in row.locator("> *").all()[:4]:
                shown = cell.bounding_box()
                assert left <= shown["x"] < shown["x"] + shown["width"] <= right


def test_the_keyboard_reaches_what_a_mouse_does(looked_at, judged):
    with looked_at(judged[0]) as opened:
        opened.keyboard.press("Tab")
        assert opened.evaluate("document.activeElement.className") == "skip"
        opened.keyboard.press("Enter")
        reached = set()
        for _ in range(40):
            opened.keyboard.press("Tab")
            reached.add(
                opened.evaluate("document.activeElement.id || document.activeElement.textContent")
            )
        assert {"filter", "rank", "model", "model-0", "model-a", "swap", "model-b"} <= reached


def test_it_prints_without_what_only_a_screen_needs(looked_at, judged):
    with looked_at(judged[0]) as opened:
        opened.emulate_media(media="print")
        assert not opened.locator("nav").is_visible()
        assert not opened.get_by_label("Filter by name").is_visible()
        assert opened.locator("#board-table table").is_visible()
        assert len(opened.pdf(format="A4")) > 10_000


@pytest.mark.slow
def test_a_hundred_models_open(looked_at, tmp_path):
    names = [f"model-{i:03}" for i in range(100)]
    found = make_page(
        decisions(names, 10_800, prompts=300, length=200), bootstrap=100, pictures=False
    )
    size = found.write(tmp_path / "report.html")
    assert size <= 3_000_000
    with looked_at(tmp_path / "report.html") as opened:
        board = found.evidence.board
        assert column(opened, "model") == [row.model for row in board]
        last, first = board.rows[-1].model, board.rows[0].model
        choose(opened, last, first)
        said = board.compare(last, first)
        shown = opened.locator("[data-figure=difference] .value").inner_text()
        assert numbers(shown) == [pytest.approx(said.difference, abs=0.051)]


def test_boards_without_intervals_or_with_open_ends(looked_at, tmp_path):
    rows = [("a", "b", "model_a")] * 30 + [("b", "a", "model_a")] + [("b", "c", "tie")] * 3
    board = humorrank.rate(rows, bootstrap=100)
    make_page(board, pictures=False).write(tmp_path / "open.html")
    with looked_at(tmp_path / "open.html") as opened:
        assert "∞" in "".join(column(opened, "95 % interval"))
        choose(opened, "a", "b")
        said = board.compare("a", "b")
        shown = opened.locator("[data-figure=difference] small").inner_text()
        assert ("∞" in shown) == (said.difference_upper == float("inf"))
        assert "keeps no texts" in opened.locator("#examples").inner_text()
    make_page(humorrank.rate(rows, bootstrap=0), pictures=False).write(tmp_path / "none.html")
    with looked_at(tmp_path / "none.html") as opened:
        assert opened.locator("[data-figure=difference] small").inner_text() == "no interval"
        assert "without intervals" in opened.locator("#board-notes").inner_text()


def test_a_page_of_a_saved_board_opens_without_pairs(looked_at, tournament, tmp_path):
    _, found = tournament
    (tmp_path / "board.json").write_text(found.evidence.board.to_json(), encoding="utf-8")
    make_page(tmp_path / "board.json", pictures=False).write(tmp_path / "saved.html")
    with looked_at(tmp_path / "saved.html") as page:
        assert len(column(page, "model")) == 7
        assert "does not contain its matches" in page.locator("#said").inner_text()
        assert "does not contain its matches" in page.locator("#rates-table").inner_text()
        page.locator("#board-table tbody tr").first.click()
