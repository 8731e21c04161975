"""`--format github`: findings as annotations, which GitHub shows beside the lines of a change."""

from __future__ import annotations

from ...text.diagnostic import Diagnostic
from ...text.escape.github import escape_message, escape_value
from .checked import FindingWriter, Spot, describe_finding, make_relative

COMMANDS = {"error": "error", "warning": "warning", "advice": "notice"}


class GithubWriter(FindingWriter):
    """A workflow command for each finding, paths relative to the root of the repository."""

    def __init__(self, root: str) -> None:
        self.root = root

    def add(self, spot: Spot, found: Diagnostic) -> str:
        return f"{_write_command(spot, found, self.root)}\n"


def _write_command(spot: Spot, each: Diagnostic, root: str) -> str:
    where = {"file": make_relative(spot.path, root)}
    if spot.line is not None:
        where |= {"line": str(spot.line), "endLine": str(spot.end_line)}
        if spot.line == spot.end_line:
            # Columns are for annotations of one line alone; GitHub's include the end.
            where |= {"col": str(spot.column), "endColumn": str(max(spot.column or 1, (spot.end_column or 1) - 1))}
    where["title"] = f"cnnlstm-spec ({each.code.name})"
    properties = ",".join(f"{name}={escape_value(text)}" for name, text in where.items())
    return f"::{COMMANDS[each.severity]} {properties}::{escape_message(describe_finding(each, spot))}"
