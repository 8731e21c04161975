"""`--format junit`: files as suites of tests and findings as cases, which CI servers show as a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...text.diagnostic import Diagnostic
from ...text.escape.xml import escape_attribute, escape_content
from .checked import Checked, Spot, describe_finding, fails, find_spot


def write_junit(files: Sequence[Checked], strict: bool) -> str:
    """A suite for each file, or variant; what makes it fail is a failure, all else passes. One without findings has one case."""
    suites = [suite for file in files for suite in _iterate_suites(file, strict)]
    return (
        "\n".join(['<?xml version="1.0" encoding="utf-8"?>', '<testsuites name="cnnlstm-spec">', *suites, "</testsuites>"]) + "\n"
    )


def _iterate_suites(file: Checked, strict: bool) -> Iterator[str]:
    for name, found in file.parts:
        failing = sum(fails(each, strict) for each in found)
        errors, failures = (failing, 0) if file.missing else (0, failing)
        numbers = f'tests="{max(len(found), 1)}" failures="{failures}" errors="{errors}" skipped="0"'
        cases = [_write_case(each, file, strict) for each in found] or [
            f'<testcase name="sound" classname="{escape_attribute(name)}"/>'
        ]
        yield "\n".join([f'<testsuite name="{escape_attribute(name)}" {numbers}>', *cases, "</testsuite>"])


def _write_case(found: Diagnostic, file: Checked, strict: bool) -> str:
    spot = find_spot(found.place.span, file.path)
    line = f' line="{spot.line}"' if spot.line is not None else ""
    path = escape_attribute(spot.path)
    head = f'<testcase name="{escape_attribute(_name(found, spot))}" classname="{path}" file="{path}"{line}>'
    text = escape_content(f"{spot}: {describe_finding(found, spot)}")
    sort = "error" if file.missing else "failure"
    if not fails(found, strict):
        return f"{head}<system-out>{found.severity}[{found.code.name}] {text}</system-out></testcase>"
    return f'{head}<{sort} type="{found.code.name}" message="{escape_attribute(found.message)}">{text}</{sort}></testcase>'


def _name(found: Diagnostic, spot: Spot) -> str:
    return found.code.name if spot.line is None else f"{found.code.name} at {spot.line}:{spot.column}"
