"""Writes 1,797 handwritten digits beside this file, each as an image of 8x8 and as its eight rows, one after the other.

    python examples/digits-image-and-rows/make.py

The data lie inside scikit-learn (BSD-3), which the extra `runs` installs: E. Alpaydin and C. Kaynak, Optical Recognition of
Handwritten Digits, UCI, CC BY 4.0. The second half is the test part, as in scikit-learn's own example of a support vector
machine; it was written by other people than the first.
"""

from __future__ import annotations

from pathlib import Path

import numpy
from sklearn.datasets import load_digits

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    """Writes both parts, a name an array."""
    held = load_digits()
    half = len(held.target) // 2
    (FOLDER / "data").mkdir(exist_ok=True)
    for name, part in {"train": slice(None, half), "test": slice(half, None)}.items():
        rows = held.images[part].astype("float32")
        numpy.savez(FOLDER / "data" / f"{name}.npz", image=rows[..., None], rows=rows, digit=held.target[part].astype("int32"))


if __name__ == "__main__":
    main()
