"""docs/diagnostics.md is what `make docs` writes, and has each code once."""

from __future__ import annotations

import re

from cnnlstm_spec.text.diagnostic import CODES
from tools import diagnostics


def test_it_is_up_to_date() -> None:
    assert diagnostics.FILE.read_text("utf-8") == diagnostics.make_page(), "run `make docs`"


def test_every_code_has_a_section() -> None:
    page = diagnostics.make_page()
    assert sorted(re.findall(r"^### (.+)$", page, re.M)) == sorted(CODES)
