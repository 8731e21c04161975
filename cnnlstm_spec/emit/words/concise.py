"""`--format concise`: a line a finding, as editors and `grep` read them."""

from __future__ import annotations

from ...text.diagnostic import Diagnostic
from ...text.escape.terminal import make_line_safe
from .checked import FindingWriter, Spot


class ConciseWriter(FindingWriter):
    """`spec.yaml:7:9: error[wrong-rank]: message`, and what was set on the command line where it stands there."""

    def add(self, spot: Spot, found: Diagnostic) -> str:
        option = f" (in `{spot.option}`)" if spot.option is not None else ""
        return make_line_safe(f"{spot}: {found.severity}[{found.code.name}]: {found.message}{option}") + "\n"
