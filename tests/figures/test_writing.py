"""Charts written as files and as text."""

import json
import re
import struct
import sys

import altair
import pytest
from support.drawings import board, drawn, log

import humorrank
from humorrank import figures
from humorrank.errors import MissingExtraError, OptionError


@pytest.fixture(scope="module")
def chart():
    return figures.leaderboard(board(4, 200))


def test_png_has_its_magic_bytes_and_two_pixels_a_point(chart, tmp_path):
    figures.save(chart, tmp_path / "x.PNG")
    content = (tmp_path / "x.PNG").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    root, _ = drawn(chart)
    assert width == pytest.approx(2 * float(root.get("width")), abs=3)
    assert height == pytest.approx(2 * float(root.get("height")), abs=3)


def test_svg_html_and_json_say_the_same(chart, tmp_path):
    for ending in ("svg", "html", "json"):
        figures.save(chart, str(tmp_path / f"x.{ending}"))
    assert (tmp_path / "x.svg").read_text() == figures.svg(chart)
    spec = json.loads((tmp_path / "x.json").read_text())
    assert spec == chart.to_dict()
    page = (tmp_path / "x.html").read_text()
    assert "model-003" in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)


def test_files_hold_their_data_whatever_a_notebook_has_enabled(chart, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, spec = figures.svg(chart), chart.to_dict()
    with altair.data_transformers.enable("json"):
        assert figures.svg(chart) == text
        figures.save(chart, "x.json")
    assert json.loads((tmp_path / "x.json").read_text()) == spec
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]


def test_svg_loads_nothing_runs_nothing_and_has_a_description():
    called = ["<script>", 'id="clip1"', "url(#clip1)", "&amp;"]
    made = humorrank.rate(log(4, 400, called=called), bootstrap=40, elo_shuffles=0)
    for draw in (figures.leaderboard, figures.win_rates):
        root, texts = drawn(draw(made))
        assert set(called) <= set(texts)
        assert root.get("role") == "img"
        assert root.get("aria-label").startswith(root_title(draw(made)))
        for node in root.iter():
            assert node.tag.rpartition("}")[2] not in ("script", "style", "image", "foreignObject")
            for name, value in node.attrib.items():
                assert not name.startswith("on")
                assert name != "style"
                assert "http" not in value


def root_title(chart):
    return chart.to_dict()["title"]["text"]


def test_ids_are_found_and_no_two_figures_share_one():
    charts = [figures.win_rates(board(models, 300)) for models in (3, 4, 5)]
    seen = set()
    for text in map(figures.svg, charts):
        ids = re.findall(r' id="([^"]+)"', text)
        assert ids
        assert len(set(ids)) == len(ids)
        assert not seen.intersection(ids)
        assert set(re.findall(r'="url\(#([^)]+)\)', text)) <= set(ids)
        seen.update(ids)


@pytest.mark.parametrize("name", ["x.pdf", "x", "x.svg.gz", ".png"])
def test_another_ending_is_refused(chart, tmp_path, name):
    with pytest.raises(OptionError, match=r"a figure must end in \.png, \.svg, \.json, \.html"):
        figures.save(chart, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_refused(chart, tmp_path):
    with pytest.raises(OptionError, match="no directory"):
        figures.save(chart, tmp_path / "none" / "x.svg")


def test_a_fault_while_drawing_leaves_the_old_file(chart, tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    def fail(*_, **__):
        raise RuntimeError("fault")

    monkeypatch.setattr(type(chart), "save", fail)
    with pytest.raises(RuntimeError, match="fault"):
        figures.save(chart, path)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["x.png"]


def test_without_altair_the_error_says_what_to_install(monkeypatch):
    made = board(3, 100)
    for name in [name for name in sys.modules if name.startswith("humorrank.figures")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'humorrank\[figures\]'"):
        made.plot()


def test_without_vl_convert_charts_are_made_and_not_rendered(chart, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    assert figures.leaderboard(board(3, 100))
    with pytest.raises(MissingExtraError, match=r"pip install 'humorrank\[figures\]'"):
        figures.svg(chart)
