"""`python tools/needed.py EXTRA ...`: what the project and those extras need, a requirement a line."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def main() -> None:
    """Prints them."""
    project = tomllib.loads(Path(__file__).parent.parent.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    extras = [each for extra in sys.argv[1:] for each in project["optional-dependencies"][extra]]
    print(*project["dependencies"], *extras, sep="\n")


if __name__ == "__main__":
    main()
