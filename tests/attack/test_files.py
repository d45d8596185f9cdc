"""Damaged files are refused or read as other readers read them, and never end the process."""

import pytest

from attack.files import attack, attack_every
from attack.originals import FORMATS

SMALL = [("parquet", variant) for variant in (0, 1, 2, 4)]
SMALL += [("arrow", variant) for variant in (0, 1, 2)]
SMALL += [("arrow-stream", variant) for variant in (0, 2)]
"""Formats and variants: uncompressed, snappy, zstd, LZ4 and differences, dictionaries, polars."""


def test_randomly_damaged_files(tmp_path):
    report = attack(20 * len(FORMATS), seed=1, folder=tmp_path)
    assert not report.faults
    assert all(report.told[kind, "refused"] for kind in FORMATS)
    assert sum(n for (_, result), n in report.told.items() if result == "read") > 10


@pytest.mark.parametrize(("kind", "variant"), SMALL)
def test_files_with_one_changed_byte(tmp_path, kind, variant):
    report = attack_every(kind, variant, tmp_path, step=41)
    assert not report.faults
    assert report.told[kind, "refused"] and report.told[kind, "read"]
