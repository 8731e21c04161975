"""`--format junit`: files as suites of tests and findings as cases, which CI servers show as a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...text.diagnostic import Diagnostic
from ...text.escape.xml import attribute, content
from .checked import Checked, Spot, fails, spot_of, told


def junit(files: Sequence[Checked], strict: bool) -> str:
    """A suite for each file, or variant; what makes it fail is a failure, all else passes. One without findings has one case."""
    suites = [suite for file in files for suite in _suites(file, strict)]
    return (
        "\n".join(['<?xml version="1.0" encoding="utf-8"?>', '<testsuites name="cnnlstm-spec">', *suites, "</testsuites>"]) + "\n"
    )


def _suites(file: Checked, strict: bool) -> Iterator[str]:
    for name, found in file.parts:
        failing = sum(fails(each, strict) for each in found)
        errors, failures = (failing, 0) if file.missing else (0, failing)
        numbers = f'tests="{max(len(found), 1)}" failures="{failures}" errors="{errors}" skipped="0"'
        cases = [_case(each, file, strict) for each in found] or [f'<testcase name="sound" classname="{attribute(name)}"/>']
        yield "\n".join([f'<testsuite name="{attribute(name)}" {numbers}>', *cases, "</testsuite>"])


def _case(found: Diagnostic, file: Checked, strict: bool) -> str:
    spot = spot_of(found.place.span, file.path)
    line = f' line="{spot.line}"' if spot.line is not None else ""
    path = attribute(spot.path)
    head = f'<testcase name="{attribute(_name(found, spot))}" classname="{path}" file="{path}"{line}>'
    text = content(f"{spot}: {told(found, spot)}")
    sort = "error" if file.missing else "failure"
    if not fails(found, strict):
        return f"{head}<system-out>{found.severity}[{found.code.name}] {text}</system-out></testcase>"
    return f'{head}<{sort} type="{found.code.name}" message="{attribute(found.message)}">{text}</{sort}></testcase>'


def _name(found: Diagnostic, spot: Spot) -> str:
    return found.code.name if spot.line is None else f"{found.code.name} at {spot.line}:{spot.column}"
