"""Helpers for the tests of figures: logs to plot, and the data in a chart."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl

import humorrank
from humorrank import figures

SVG = "{http://www.w3.org/2000/svg}"


def names(models):
    return [f"model-{i:03}" for i in range(models)]


def log(models, matches, *, seed=0, ties=0.1, gap=None, called=None):
    """Returns a log of models that are `gap` points apart; by default, all span 400 points."""
    random = np.random.default_rng(seed)
    called = called or names(models)
    gap = 400 / models if gap is None else gap
    first = random.integers(models, size=matches)
    second = (first + random.integers(1, models, size=matches)) % models
    p = 1 / (1 + 10 ** ((first - second) * gap / 400))
    won, tied = random.random(matches) < p, random.random(matches) < ties
    return pl.DataFrame(
        {
            "model_a": [called[i] for i in first],
            "model_b": [called[i] for i in second],
            "winner": np.where(tied, "tie", np.where(won, "model_a", "model_b")),
        }
    )


def board(models=9, matches=900, **options):
    settings = {"bootstrap": 50, "elo_shuffles": 5, **options}
    return humorrank.rate(log(models, matches), **settings)


def datasets(chart):
    """Returns every data set in a chart, and validates its spec against the Vega-Lite schema."""
    out = []

    def walk(node):
        if isinstance(node, dict):
            if isinstance(node.get("data"), dict):
                rows = node["data"].get("values")
                if rows is None:
                    rows = spec.get("datasets", {}).get(node["data"].get("name"))
                if rows is not None and rows not in out:
                    out.append(rows)
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    spec = chart.to_dict()
    json.dumps(spec, allow_nan=False)
    walk({key: value for key, value in spec.items() if key != "datasets"})
    assert all(len(rows) <= 5_000 for rows in out), "Altair refuses larger data sets"
    return out


def rows(chart, *fields):
    """Returns the rows that have all of these fields, from all data sets of a chart."""
    return [row for found in datasets(chart) for row in found if set(fields) <= row.keys()]


def notes(chart):
    """Returns the text below the title."""
    return " ".join(chart.title.subtitle)


def drawn(chart):
    """Returns a chart as a parsed SVG, and the texts in it."""
    root = ET.fromstring(figures.svg(chart))
    return root, ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
