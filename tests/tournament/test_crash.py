"""Crashes: committed judgments are kept, and the final log is the same as without crashes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.fields import LOG, field, finish, made, rows, spec_of

from humorrank.tournament.opening import resume

TESTS = Path(__file__).parents[1]

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void note(int fd) {
  char link[64], name[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, name, sizeof name - 2);
  if (n < 0) return;
  name[n++] = '\n';
  int log = open(getenv("SYNC_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0666);
  if (write(log, name, n) != n) abort();
  close(log);
}
int fsync(int fd) { note(fd); return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd); }
int fdatasync(int fd) { note(fd); return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd); }
"""

PLAY = """
import os, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from support.fields import field, finish, made, spec_of
from humorrank.store.writer import Writer
tell = Writer._tell
def noted(self, futures):
    with open(os.environ["SYNC_LOG"], "ab", 0) as log:
        log.write(b"told %d\\n" % len(futures))
    tell(self, futures)
Writer._tell = noted
spec = spec_of(20, budget=6000, schedule={{"prompts_per_pairing": {prompts}}})
ending = finish(made(Path({store!r}), spec, field(20, 40)))
print(ending.commits, ending.judged)
"""


@pytest.mark.slow
def test_kill_9_loses_nothing_and_changes_nothing():
    """Runs in a separate process, because it forks, which is unsafe with threads of other tests."""
    script = TESTS / "soak" / "crash.py"
    done = subprocess.run(
        [sys.executable, str(script), "--kills", "24", "--seed", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"^24 kills \(\d+ after new commits\), \d+ tournaments, ", done.stdout, re.MULTILINE
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="counting fsync calls needs a C compiler")
@pytest.mark.parametrize("prompts", [1, 40])
def test_nobody_learns_of_a_judgment_before_the_disk_has_it(tmp_path, prompts):
    """SQLite syncs its write-ahead log to the disk before every report of a commit."""
    (tmp_path / "shim.c").write_text(SHIM)
    shim, log, store = tmp_path / "shim.so", tmp_path / "syncs", tmp_path / "T.sqlite"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, tmp_path / "shim.c", "-ldl"], check=True)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            PLAY.format(tests=str(TESTS), store=str(store), prompts=prompts),
        ],
        env={**os.environ, "LD_PRELOAD": str(shim), "SYNC_LOG": str(log)},
        capture_output=True,
        text=True,
        check=True,
    )
    commits, judged = map(int, done.stdout.split())
    assert judged == 6_000
    lines = log.read_text().splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("told"))
    synced, told = True, 0
    for line in lines[begin - 1 :]:
        if line.startswith("told"):
            assert synced, "a commit was reported without a sync before it"
            synced, told = False, told + 1
        elif line == f"{store}-wal":
            synced = True
    assert told == commits >= judged / 1_000
    assert lines[begin - 1] == f"{store}-wal"


def test_a_resumed_tournament_that_has_ended_does_nothing(tmp_path):
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(5), field(5, 4)))
    before = rows(path, LOG)
    ending = finish(resume(path))
    assert (ending.judged, ending.reason) == (0, "the budget is spent")
    assert rows(path, LOG) == before
