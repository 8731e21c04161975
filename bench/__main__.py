"""`python -m bench`: prints every row. `--quick` takes fewer runs."""

from __future__ import annotations

import sys

from . import validate
from .pairs import machine


def main() -> None:
    quick = "--quick" in sys.argv
    print(machine())
    for rows in (validate.cold(7 if quick else 25), validate.growth(), validate.many()):
        print()
        print("\n".join(rows))


if __name__ == "__main__":
    main()
