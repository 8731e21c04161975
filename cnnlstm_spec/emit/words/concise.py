"""`--format concise`: a line a finding, as editors and `grep` read them."""

from __future__ import annotations

from collections.abc import Sequence

from ...text.escape.terminal import one_line
from .checked import Checked, Spot, order_findings


def write_concise(files: Sequence[Checked]) -> str:
    """`spec.yaml:7:9: error[wrong-rank]: message`, and what was set on the command line where it stands there."""
    return "".join(
        f"{one_line(_write_line(spot, each.severity, each.code.name, each.message))}\n" for spot, each in order_findings(files)
    )


def _write_line(spot: Spot, severity: str, code: str, message: str) -> str:
    option = f" (in `{spot.option}`)" if spot.option is not None else ""
    return f"{spot}: {severity}[{code}]: {message}{option}"
