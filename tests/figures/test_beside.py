"""The placement of names next to points."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humorrank.figures.beside import ACROSS, LONGEST, MOST, placed, short, spread
from humorrank.figures.theme import FONT, name_font, names_of, text_font, text_width

numbers = st.floats(0, 400, allow_nan=False)


@given(st.lists(st.tuples(numbers, numbers, numbers), max_size=40))
def test_no_name_covers_a_name_or_a_point(points):
    spots = [(x, y) for x, y, _ in points]
    names = [f"model {n}" for n in range(len(points))]
    found = placed(spots, names, [weight for *_, weight in points], (400, 400))
    boxes = []
    for (x, y), label in zip(spots, found, strict=True):
        if label is None:
            continue
        width = text_width(label.text, 10)
        left = x + ACROSS if label.side == "right" else x - ACROSS - width
        box = (left, y + label.down - 5, left + width, y + label.down + 5)
        assert left >= 0
        for other in boxes:
            assert (
                box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
            )
        for px, py in spots:
            if (px, py) != (x, y):
                inside = box[0] < px < box[2] and box[1] < py < box[3]
                assert not inside
        boxes.append(box)
    assert len(boxes) <= MOST
    if len(points) == 1:
        assert len(boxes) == 1


@given(st.lists(numbers, min_size=1, max_size=30))
def test_spread_labels_keep_their_order_and_their_distance(heights):
    gap, low, high = 12.0, -10.0, 410.0
    out = spread(heights, gap, low, high)
    gap = min(gap, (high - low) / max(1, len(heights) - 1))
    order = sorted(range(len(heights)), key=lambda at: heights[at])
    moved = [out[at] for at in order]
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(moved))
    assert low - 1e-6 <= moved[0]
    assert moved[-1] <= high + 1e-6
    apart = sorted(heights)
    if all(b - a >= gap for a, b in pairwise(apart)):
        assert out == pytest.approx(heights)


def test_names_are_shown_on_one_line_and_stay_apart():
    assert names_of(["a\nb", "a\\nb", ""]) == ["a\\nb", "a\\nb (2)", "(no name)"]
    assert short(["x" * 28, "x" * 29]) == ["x" * LONGEST, "x" * 13 + "…" + "x" * 14]
    dates = [f"gemini-2.5-flash-preview-{month}-2025-thinking-high" for month in ("04", "05", "09")]
    assert len({*short(dates)}) == 3
    assert all(len(name) <= LONGEST for name in short(dates))


def test_a_font_for_each_script_that_occurs():
    assert name_font(["gpt-5", "модель"]) == FONT == text_font(["gpt"], "label")
    fonts = [part["value"].split(",")[0] for part in name_font(["模型", "ไทย", "😀"])["condition"]]
    assert fonts == ["Noto Sans Thai", "Noto Sans CJK SC", "DejaVu Sans"]
    assert "Noto Sans Hebrew" in text_font(["דגם"], "label").to_dict()["expr"]
