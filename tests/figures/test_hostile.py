"""Names, labels and judges that are markup, script or words of JavaScript, in every figure."""

import itertools
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from support.browser import chromium, watched
from support.drawings import SVG

import humorrank
from humorrank import figures
from humorrank.report import make_page

SHORT = [
    "<b>x</b>",
    "<!-- <script>",
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "if",
    "a\"b'c`${d}",
    "&lt;&amp;",
    "\\u003c \\x3c",
    "datum.label",
]
LONG = [
    "</script><img src=x onerror=alert(1)>",
    "]]></text><script>alert(1)</script>" + "x" * 60,
    "constructor" * 8 + "'+alert(1)+'",
]
NAMES = SHORT + LONG
JUDGES = ["</script><script>alert(1)</script>", "constructor"]


@pytest.fixture(scope="module")
def log():
    """Returns a decision log in which each pair meets four times, twice per judge."""
    rows = []
    for number, (one, other) in enumerate(itertools.combinations(NAMES, 2)):
        for judge, swapped in itertools.product(JUDGES, (False, True)):
            a, b = (other, one) if swapped else (one, other)
            rows.append(
                {
                    "question_id": f"q{number % 7}",
                    "model_a": a,
                    "model_b": b,
                    "winner": "model_a" if judge == JUDGES[0] or number % 3 == 0 else "model_b",
                    "judge": judge,
                    "winner_humor_features": json.dumps([NAMES[number % len(NAMES)]]),
                    "winner_delivery_features": json.dumps(["__proto__"]),
                    "loser_features": json.dumps(["</script>", "valueOf"]),
                }
            )
    return pl.DataFrame(rows)


@pytest.fixture(scope="module")
def board(log):
    return humorrank.rate(log, bootstrap=40, elo_shuffles=2)


DRAWN = {
    "leaderboard": lambda log, board: figures.leaderboard(board),
    "ranks": lambda log, board: figures.ranks(board),
    "win_rates": lambda log, board: figures.win_rates(board),
    "elo": lambda log, board: figures.elo_against_bt(board),
    "features": lambda log, board: figures.features(log),
    "judges": lambda log, board: figures.judges(log, *JUDGES, bootstrap=0),
    "position_bias": lambda log, board: figures.position_bias(log),
    "budget": lambda log, board: figures.budget(log, steps=4),
    "history": lambda log, board: figures.history(
        log.with_columns(day=20250101 + pl.int_range(pl.len()) % 7),
        top=len(NAMES),
        prior=1.0,
        bootstrap=40,
        anchor={NAMES[-2]: 1000.0},
    ),
    "reliability": lambda log, board: figures.reliability(log),
}


@pytest.fixture(scope="module")
def charts(log, board):
    return {kind: draw(log, board) for kind, draw in DRAWN.items()}


@pytest.fixture(scope="module")
def svgs(charts):
    return {kind: ET.fromstring(figures.svg(chart)) for kind, chart in charts.items()}


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("kind", DRAWN)
def test_figures_show_hostile_names_as_text_and_run_nothing(charts, svgs, browser, tmp_path, kind):
    figures.save(charts[kind], tmp_path / "x.html")
    texts = ["".join(node.itertext()) for node in svgs[kind].iter(f"{SVG}text")]
    with watched(browser, tmp_path / "x.html") as page:
        page.wait_for_selector("#figure svg text")
        shown = page.locator("#figure svg text").all_text_contents()
        assert page.locator("img").count() == 0
    texts = [text for text in texts if text.strip()]
    assert sorted(filter(str.strip, shown)) == sorted(texts)
    if kind in ("leaderboard", "ranks", "win_rates", "features", "budget", "history"):
        assert set(SHORT) <= set(texts)
    if kind == "position_bias":
        assert "constructor" in texts


def test_tooltips_show_names_as_text(charts, browser, tmp_path):
    figures.save(charts["win_rates"], tmp_path / "x.html")
    with watched(browser, tmp_path / "x.html") as page:
        seen = set()
        for cell in page.locator("#figure svg .mark-rect path").all()[:30:5]:
            # The numbers in the middle of a cell have no tooltip.
            box = cell.bounding_box()
            page.mouse.move(box["x"] + 4, box["y"] + 4)
            tip = page.locator("#vg-tooltip-element.visible td.value")
            seen.update(tip.all_text_contents()[:2])
        assert page.locator("#vg-tooltip-element td.key").all_text_contents()[:2] == [
            "row",
            "against",
        ]
        assert seen & set(SHORT)
        assert page.locator("#vg-tooltip-element b, #vg-tooltip-element img").count() == 0


def test_a_figure_can_be_saved_from_its_page(charts, browser, tmp_path):
    figures.save(charts["leaderboard"], tmp_path / "x.html")
    with watched(browser, tmp_path / "x.html") as page:
        for ending, magic in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
            with page.expect_download() as found:
                page.locator(".vega-actions a", has_text=ending).click()
            found.value.save_as(tmp_path / "saved")
            assert (tmp_path / "saved").read_bytes().startswith(magic)


def test_the_policy_of_a_figure_allows_only_its_own_scripts(charts, tmp_path):
    figures.save(charts["leaderboard"], tmp_path / "x.html")
    html = (tmp_path / "x.html").read_text()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert "unsafe" not in policy
    assert policy.startswith("default-src &#x27;none&#x27;; script-src &#x27;sha256-")
    assert html.count("<script") == html.count("</script>") == 3
    (held,) = re.findall(r'type="application/json">(.*?)</script>', html, re.DOTALL)
    assert json.loads(held) == charts["leaderboard"].to_dict()
    assert not set("<>&") & set(held)


@pytest.mark.parametrize("kind", DRAWN)
def test_an_svg_has_no_elements_from_names(svgs, kind):
    tags = {node.tag.removeprefix(SVG) for node in svgs[kind].iter()}
    assert tags <= {"svg", "g", "rect", "path", "text", "tspan", "line", "defs", "clipPath"} | {
        "linearGradient",
        "stop",
        "title",
    }


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)


@pytest.mark.parametrize("kind", ["leaderboard", "win_rates", "features"])
def test_notebooks_show_names_as_text(charts, kind):
    for html in (charts[kind]._repr_mimebundle_()["text/html"], charts[kind].to_html()):
        found = Tags()
        found.feed(html)
        assert not {"img", "b", "text"} & set(found.seen)
        assert html.count("<script") == html.count("</script>")
        assert not any(name in html for name in NAMES if "<" in name)


def test_a_report_shows_hostile_names_as_text(log, browser, tmp_path):
    page = make_page(log, bootstrap=40, elo_shuffles=2)
    assert page.data["notes"].get("pictures") is None
    page.write(tmp_path / "x.html")
    with watched(browser, tmp_path / "x.html") as opened:
        shown = opened.locator("#board-table tbody th, #board-table tbody td").all_inner_texts()
        assert set(NAMES) <= {*shown}
        opened.locator("#model-a").select_option(label=f"{shown[0]}. {shown[1]}")
        assert opened.locator("main b, main img[src=x]").count() == 0


def test_groups_of_a_report_are_shown_as_text(log, browser, tmp_path):
    page = make_page(log, by="judge", bootstrap=0, elo_shuffles=0, pictures=False)
    page.write(tmp_path / "x.html")
    with watched(browser, tmp_path / "x.html") as opened:
        assert set(JUDGES) <= set(
            opened.locator("main").inner_text().replace("\t", "\n").split("\n")
        )
        assert opened.locator("main b, main img[src=x]").count() == 0
