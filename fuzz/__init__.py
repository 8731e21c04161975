"""Whole random specs against Keras: `python -m fuzz N`. The same criterion as for single layers, and no cascades."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
if str(TESTS) not in sys.path:
    # `networks` compares a compiled spec with its model, for the tests and for this.
    sys.path.append(str(TESTS))
