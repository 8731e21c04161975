"""What was found in files, as the document that `validate --format json` writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ...text.diagnostic import Diagnostic, Label, Severity
from ...text.document import Document, LeftOut
from ...text.escape.json import JsonList
from ...text.fix import Applicability, Edit, Fix
from ...text.source import NOWHERE, Span, format_path
from .checked import Checked, PartWriter

Position = Annotated[int, Field(ge=1)] | None


class FindingLabel(Document):
    """A place that belongs to a finding, and what is to be said of it."""

    message: str
    line: Position
    column: Position
    end_line: Position
    end_column: Position
    source: LeftOut[str] = None
    """The text that the position is in, where it is not the file: `--set`, or another file."""


class EditedSpan(Document):
    """A span of a text and what replaces it, at its place in the text as it is."""

    path: str
    """The file: the spec, or one that it extends."""
    line: Position
    column: Position
    end_line: Position
    end_column: Position
    text: str


class MadeFix(Document):
    """Edits that are made together and mend a finding."""

    title: str
    """What they do, in the imperative."""
    applicability: Applicability
    """`safe` keeps the meaning, or can only be what was meant; `unsafe` changes the model; with both, the spec was compiled with
    the edits: the finding is gone, and no other came. `display` only says how."""
    edits: tuple[EditedSpan, ...]


class Finding(Document):
    """A diagnostic; its position is that of what should change."""

    code: Annotated[str, Field(pattern="^[a-z0-9]+(-[a-z0-9]+)*$")]
    """What `explain` takes."""
    severity: Severity
    message: str
    path: str
    """Where in the spec, as `branches.video.layers[2].kernel_size`; empty for the whole."""
    line: Position
    column: Position
    end_line: Position
    end_column: Position
    source: LeftOut[str] = None
    """The text that the position is in, where it is not the file: `--set`, or another file."""
    labels: tuple[FindingLabel, ...]
    help: tuple[str, ...]
    """Ways out."""
    fixes: tuple[MadeFix, ...]
    """Ways out as edits of the text, likeliest first."""


class CheckedFile(Document):
    """A file and what was found in it."""

    path: str
    """As it was given."""
    ok: bool
    """Whether there is no error; warnings may be there."""
    diagnostics: tuple[Finding, ...]


class Findings(Document):
    """What was found in each file.

    Lines and columns count from 1, columns in code points; ends are excluded. Positions are null where nothing was written.
    """

    model_config = ConfigDict(title="cnnlstm-spec validate --format json")

    version: Literal[1]
    files: tuple[CheckedFile, ...]


class FindingsWriter(PartWriter):
    """The document, written a file at a time, or a variant."""

    def __init__(self) -> None:
        self._files = JsonList(make_findings([]).to_data())

    def add(self, checked: Checked) -> str:
        return self._files.add(_describe_file(checked.name, checked.found).to_data())

    def end(self) -> str:
        return self._files.end() + "\n"


def make_findings(files: Iterable[tuple[str, Iterable[Diagnostic]]]) -> Findings:
    """The document of what was found in files, by their paths."""
    return Findings(version=1, files=tuple(_describe_file(path, tuple(found)) for path, found in files))


def _describe_file(path: str, found: tuple[Diagnostic, ...]) -> CheckedFile:
    ok = not any(each.severity == "error" for each in found)
    return CheckedFile(path=path, ok=ok, diagnostics=tuple(_describe_finding(each, path) for each in found))


def _describe_finding(diagnostic: Diagnostic, file: str) -> Finding:
    return Finding(
        code=diagnostic.code.name,
        severity=diagnostic.severity,
        message=diagnostic.message,
        path=format_path(diagnostic.place.path),
        **_describe_position(diagnostic.place.span, file),
        labels=(*_make_caret(diagnostic, file), *(_describe_label(label, file) for label in diagnostic.labels)),
        help=diagnostic.help,
        fixes=tuple(_fix(fix) for fix in diagnostic.fixes if all(isinstance(edit, Edit) for edit in fix.edits)),
    )


def _fix(fix: Fix) -> MadeFix:
    edits = (edit for edit in fix.edits if isinstance(edit, Edit))
    return MadeFix(title=fix.title, applicability=fix.applicability, edits=tuple(map(_edit, edits)))


def _edit(edit: Edit) -> EditedSpan:
    name = edit.span.source.name
    return EditedSpan(path=name, **_describe_position(edit.span, name), text=edit.text)


def _make_caret(diagnostic: Diagnostic, file: str) -> tuple[FindingLabel, ...]:
    """What is said at the diagnostic's own place, as a label like the others."""
    return (_describe_label(Label(diagnostic.place, diagnostic.label), file),) if diagnostic.label else ()


def _describe_label(label: Label, file: str) -> FindingLabel:
    return FindingLabel(message=label.message, **_describe_position(label.place.span, file))


def _describe_position(span: Span, file: str) -> dict[str, Any]:
    """Where a span stands, its end excluded; `source` says in what text where that is not the file itself."""
    if span.source is NOWHERE.source:
        return {"line": None, "column": None, "end_line": None, "end_column": None}
    line, column = span.source.find_position(span.start)
    end_line, end_column = span.source.find_position(span.end)
    position: dict[str, Any] = {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
    return position if span.source.name == file else {**position, "source": span.source.name}
