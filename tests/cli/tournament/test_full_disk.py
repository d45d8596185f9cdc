"""Full disks, while a store is made, written and continued."""

import pytest
from attack import full_disk


@pytest.mark.parametrize("kind", full_disk.KINDS)
def test_a_full_disk_damages_nothing_and_loses_nothing(kind):
    """`make soak` tries disks of all sizes."""
    why = full_disk.can_mount()
    if why is not None:
        pytest.skip(why)
    (report,) = full_disk.attack([kind], [4, 96, 176], growth=48).values()
    assert report.disks >= 2
    assert report.refused > report.without_store > 0
