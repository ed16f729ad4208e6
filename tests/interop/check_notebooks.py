"""Runs the code of the notebooks on the result of the demo, as a reader of them would.

    python check_notebooks.py DEMO.h5 NOTEBOOKS

Needs: pip install h5py numpy matplotlib. Exit code 0 if every cell runs and every figure shows something.
"""

import json
import os
import pathlib
import sys
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def shown():
    """In the place of `plt.show`: every axis has data in its view."""
    assert plt.get_fignums(), "nothing to show"
    for number in plt.get_fignums():
        for axes in plt.figure(number).axes:
            assert axes.has_data(), "an empty axis"
    plt.close("all")


def run(notebook):
    cells = json.loads(notebook.read_text())["cells"]
    names = {}
    for cell in (c for c in cells if c["cell_type"] == "code"):
        exec(compile("".join(cell["source"]), notebook.name, "exec"), names)


def main(demo, folder):
    notebooks = sorted(pathlib.Path(folder).resolve().glob("*.ipynb"))
    assert notebooks, "no notebooks"
    plt.show = shown
    with tempfile.TemporaryDirectory() as root:
        # They look for it where `make demo` writes it.
        place, out = pathlib.Path(root, "notebooks"), pathlib.Path(root, "out")
        place.mkdir()
        out.mkdir()
        (out / "demo.h5").symlink_to(pathlib.Path(demo).resolve())
        os.chdir(place)
        for notebook in notebooks:
            run(notebook)
            print(f"{notebook.name}: every cell runs")


if __name__ == "__main__":
    main(*sys.argv[1:])
