"""Findings as LSP has diagnostics, by the file that each stands in."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ...text.diagnostic import Diagnostic
from ...text.escape.terminal import make_line_safe, make_lines_safe
from ...text.source import Source, Span
from ..positions import to_range
from ..server.documents import make_uri

SEVERITIES = {"error": 1, "warning": 2, "advice": 4}
NAME = "cnnlstm-spec"
UNNECESSARY = 1
"""The tag of what has no effect, which editors show faded."""
Json = dict[str, Any]


class Uris:
    """The URIs of the texts of a spec: its own, as the editor names it, and those of the files that it extends."""

    def __init__(self, source: Source, uri: str) -> None:
        self.name, self.uri = source.name, uri

    def find_uri(self, source: Source) -> str:
        """The URI of a text."""
        return self.uri if source.name == self.name else make_uri(os.path.normpath(source.name))

    def make_location(self, span: Span) -> Json:
        """A place in one of the texts."""
        return {"uri": self.find_uri(span.source), "range": to_range(span)}


def make_diagnostics(found: Iterable[Diagnostic], uris: Uris) -> dict[str, list[Json]]:
    """By URI, what was found there; the spec's own is always among them."""
    by_uri: dict[str, list[Json]] = {uris.uri: []}
    for each in found:
        by_uri.setdefault(uris.find_uri(each.place.span.source), []).append(make_diagnostic(each, uris))
    return by_uri


def make_diagnostic(found: Diagnostic, uris: Uris) -> Json:
    """One finding: its first line, what is said at its place, and the ways out."""
    lines = [make_line_safe(found.message), *([make_line_safe(found.label)] if found.label else [])]
    lines += [f"help: {make_lines_safe(each)}" for each in found.help]
    made: Json = {
        "range": to_range(found.place.span),
        "severity": SEVERITIES[found.severity],
        "code": found.code.name,
        "source": NAME,
        "message": "\n".join(lines),
    }
    related = [
        {"location": uris.make_location(label.place.span), "message": make_line_safe(label.message)}
        for label in found.labels
        if label.place.span.source.text
    ]
    if related:
        made["relatedInformation"] = related
    if found.code.is_idle:
        made["tags"] = [UNNECESSARY]
    return made
