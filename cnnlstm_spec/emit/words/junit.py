"""`--format junit`: files as suites of tests and findings as cases, which CI servers show as a report."""

from __future__ import annotations

from ...text.diagnostic import Diagnostic
from ...text.escape.xml import escape_attribute, escape_content
from .checked import Checked, PartWriter, Spot, describe_finding, fails, find_spot

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="cnnlstm-spec">\n'
TAIL = "</testsuites>\n"


class JunitWriter(PartWriter):
    """A suite for each file, or variant; what makes it fail is a failure, all else passes. One without findings has one case."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self._before = HEAD

    def add(self, checked: Checked) -> str:
        before, self._before = self._before, ""
        return f"{before}{_write_suite(checked, self.strict)}\n"

    def end(self) -> str:
        return self._before + TAIL


def _write_suite(part: Checked, strict: bool) -> str:
    name = escape_attribute(part.name)
    failing = sum(fails(each, strict) for each in part.found)
    errors, failures = (failing, 0) if part.missing else (0, failing)
    numbers = f'tests="{max(len(part.found), 1)}" failures="{failures}" errors="{errors}" skipped="0"'
    cases = [_write_case(each, part, strict) for each in part.found] or [f'<testcase name="sound" classname="{name}"/>']
    return "\n".join([f'<testsuite name="{name}" {numbers}>', *cases, "</testsuite>"])


def _write_case(found: Diagnostic, part: Checked, strict: bool) -> str:
    spot = find_spot(found.place.span, part.path)
    line = f' line="{spot.line}"' if spot.line is not None else ""
    path = escape_attribute(spot.path)
    head = f'<testcase name="{escape_attribute(_name(found, spot))}" classname="{path}" file="{path}"{line}>'
    text = escape_content(f"{spot}: {describe_finding(found, spot)}")
    sort = "error" if part.missing else "failure"
    if not fails(found, strict):
        return f"{head}<system-out>{found.severity}[{found.code.name}] {text}</system-out></testcase>"
    return f'{head}<{sort} type="{found.code.name}" message="{escape_attribute(found.message)}">{text}</{sort}></testcase>'


def _name(found: Diagnostic, spot: Spot) -> str:
    return found.code.name if spot.line is None else f"{found.code.name} at {spot.line}:{spot.column}"
