"""The notebook of the documentation runs, and is committed without its outputs."""

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "notebook.ipynb"


def test_no_output_is_committed():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)


@pytest.mark.filterwarnings("default")
def test_the_notebook_runs_and_shows_every_result(tmp_path):
    client = pytest.importorskip("nbclient", reason="nbclient is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    resources = {"metadata": {"path": str(tmp_path)}}
    client.NotebookClient(notebook, timeout=600, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.output_type == "error"]
    shown = [output.data for output in outputs if output.output_type == "execute_result"]
    assert sum("<table" in data.get("text/html", "") for data in shown) >= 5
    # Printing adds only text to the output.
    assert not [output for output in outputs if output.output_type == "display_data"]
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    assert "4 contestants, 2,000 matches" in text
    assert "reading  2,000" in text
    assert "\x1b" not in text
    assert any("prior of 1" in data["text/plain"] for data in shown)
