"""A tiny model for the tests with a real vLLM."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "tiny"
    maker = Path(__file__).with_name("tiny_llama.py")
    subprocess.run([sys.executable, maker, folder], check=True, capture_output=True)
    return folder
