"""Fixtures that provide a folder for the snippets of a page, with the files that they read."""

import polars as pl
import pytest
from support.judged import log


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Changes to an empty folder and returns it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.fixture
def votes(folder):
    """Returns a folder with votes.csv and decisions.parquet: five models on 100 prompts."""
    rows = log((1120, 1060, 1000, 940, 880), 1500, ties=0.2, both=True)
    length = pl.col("joke_a").str.len_chars() - pl.col("joke_b").str.len_chars()
    rows.with_columns(length=length).drop("joke_a", "joke_b").write_csv("votes.csv")
    rows.write_parquet("decisions.parquet")
    return folder
