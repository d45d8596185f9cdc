"""Leaderboards of groups as tabs of the page."""

import re

import pytest
from support.decided import JUDGES, by_judges

import humorrank
from humorrank._util.text import number_of
from humorrank.report import make_page

OPTIONS = {"bootstrap": 60, "elo_shuffles": 0}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("groups") / "r.html"
    make_page(by_judges(), by="judge", pictures=False, **OPTIONS).write(path)
    return path


def cells(panel):
    return [row.locator("> *").all_inner_texts() for row in panel.locator("tbody tr").all()]


def expected(boards, key):
    """Returns the cells of the table of a group."""
    return [
        [
            str(row.rank),
            row.model,
            f"{row.rating:.1f}",
            f"{row.rating_lower:.1f} to {row.rating_upper:.1f}",
            f"{100 * row.win_rate:.1f} %",
            f"{row.matches:,}",
        ]
        for row in boards[key]
    ]


def test_tabs_show_the_leaderboard_of_each_group(looked_at, page):
    boards = humorrank.rate(by_judges(), by="judge", **OPTIONS)
    with looked_at(page) as opened:
        assert opened.get_by_role("link", name="By judge").get_attribute("href") == "#groups"
        assert opened.get_by_role("tablist").get_attribute("aria-label") == "By judge"
        tabs = opened.get_by_role("tab")
        assert tabs.all_inner_texts() == [*JUDGES[:3], "no judge"]
        for place, key in enumerate(boards):
            tabs.nth(place).click()
            assert [tab.get_attribute("aria-selected") for tab in tabs.all()] == [
                str(place == other).lower() for other in range(4)
            ]
            panel = opened.get_by_role("tabpanel")
            assert panel.count() == 1, "only one panel is shown"
            assert panel.get_attribute("aria-labelledby") == tabs.nth(place).get_attribute("id")
            assert tabs.nth(place).get_attribute("aria-controls") == panel.get_attribute("id")
            assert not panel.locator("h3").is_visible()
            found = [[re.sub(r"\s+", " ", text).strip() for text in row] for row in cells(panel)]
            assert found == expected(boards, key)
            facts = number_of(boards[key].counts["rated"], "match", "matches")
            assert f"5 contestants, {facts} rated." in panel.inner_text()


def test_arrow_keys_move_between_tabs(looked_at, page):
    with looked_at(page) as opened:
        tabs = opened.get_by_role("tab")
        tabs.first.focus()
        for key, place in (
            ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 3), ("ArrowRight", 0),
            ("ArrowLeft", 3), ("Home", 0),
        ):  # fmt: skip
            opened.keyboard.press(key)
            assert opened.evaluate("document.activeElement.id") == f"group-{place + 1}-tab"
            assert tabs.nth(place).get_attribute("aria-selected") == "true"
            assert opened.locator(f"#group-{place + 1}").is_visible()
        assert [tab.get_attribute("tabindex") for tab in tabs.all()] == ["0", "-1", "-1", "-1"]
        opened.keyboard.press("Tab")
        name = opened.evaluate("document.activeElement.getAttribute('aria-label')")
        assert name == "Leaderboard of anna <b>", "the next stop is the panel, not another tab"


def test_an_address_opens_its_group(looked_at, page):
    with looked_at(page) as opened:
        opened.evaluate("window.location.hash = '#group-3'")
        opened.wait_for_selector("#group-3-tab[aria-selected=true]")
        assert opened.locator("#group-3").is_visible()


def test_without_javascript_groups_are_sections(browser, page):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800})
    try:
        opened = context.new_page()
        opened.goto(page.as_uri())
        assert opened.get_by_role("tab").count() == 0
        heads = opened.locator("#groups h3")
        assert heads.all_inner_texts() == [*JUDGES[:3], "no judge"]
        assert all(head.is_visible() for head in heads.all())
        assert opened.locator("#groups table").count() == 4
        assert all(len(cells(panel)) == 5 for panel in opened.locator("#groups .group").all())
        assert opened.evaluate("document.documentElement.scrollWidth") <= 360
    finally:
        context.close()


def test_on_paper_all_groups_are_printed(looked_at, page):
    with looked_at(page) as opened:
        opened.emulate_media(media="print")
        assert not opened.get_by_role("tablist").is_visible()
        assert all(head.is_visible() for head in opened.locator("#groups h3").all())
        assert all(table.is_visible() for table in opened.locator("#groups table").all())


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1280)])
def test_no_serious_violation_of_accessibility(looked_at, page, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with looked_at(page, width=width, scheme=scheme) as opened:
        opened.get_by_role("tab").nth(1).click()
        found = axe.Axe().run(opened, context="#groups").response
        assert len(found["passes"]) > 10
        assert not [
            (each["id"], [node["html"] for node in each["nodes"]][:3])
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_shows_rating_and_interval_of_a_group(looked_at, page, width):
    with looked_at(page, width=width) as opened:
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        tablist = opened.get_by_role("tablist")
        assert tablist.evaluate("each => each.scrollWidth > each.clientWidth")
        opened.get_by_role("tab").last.click()
        box = opened.get_by_role("tabpanel").locator(".scroll").bounding_box()
        for cell in opened.get_by_role("tabpanel").locator("tbody tr").first.locator("> *").all():
            if "interval" in (cell.get_attribute("class") or "") and width == 360:
                shown = cell.bounding_box()
                assert box["x"] <= shown["x"]
                assert shown["x"] + shown["width"] <= box["x"] + box["width"]
