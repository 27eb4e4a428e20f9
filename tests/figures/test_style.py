import nbformat
import papermill

from ..conftest import ROOT

SETUP = """
import pandas as pd
from paperlib.figures.selection import overlap
from paperlib.figures.style import save

table = pd.DataFrame({"elements": [1, 2], "samples": [5, 3]})
"""


def test_a_notebook_shows_every_figure_it_saves(tmp_path):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    draw = [f"save(overlap(table, 'a note'), {str(tmp_path)!r}, {name!r})" for name in ("one", "two")]
    notebook.cells = [nbformat.v4.new_code_cell(code) for code in (SETUP, *draw)]
    nbformat.write(notebook, tmp_path / "in.ipynb")
    done = papermill.execute_notebook(tmp_path / "in.ipynb", None, cwd=ROOT, progress_bar=False)
    assert [["image/png" in output.data for output in cell.outputs] for cell in done.cells] == [[], [True], [True]]
