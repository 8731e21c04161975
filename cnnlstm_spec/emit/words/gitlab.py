"""`--format gitlab`: a code quality report, which GitLab shows in a merge request."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, RootModel

from ...text.diagnostic import Diagnostic
from ...text.document import Document
from ...text.escape.json import JsonList
from .checked import FindingWriter, Spot, describe_finding, make_relative
from .fingerprints import Fingerprints

SEVERITIES: dict[str, Literal["info", "minor", "major"]] = {"error": "major", "warning": "minor", "advice": "info"}


class Lines(Document):
    """The lines of an issue."""

    begin: int


class Location(Document):
    """Where an issue stands."""

    path: str
    """Relative to the root of the repository."""
    lines: Lines


class Issue(Document):
    """A finding."""

    description: str
    check_name: str
    """What `explain` takes."""
    fingerprint: str
    """One for each finding of a report, which stays when other lines change."""
    severity: Literal["info", "minor", "major"]
    location: Location


class QualityReport(RootModel[tuple[Issue, ...]]):
    """A code quality report of GitLab."""

    model_config = ConfigDict(frozen=True, title="cnnlstm-spec validate --format gitlab")


class GitlabWriter(FindingWriter):
    """An issue for each finding, paths relative to the root of the repository; one that no line holds is told at the first."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._prints, self._issues = Fingerprints(), JsonList([])

    def add(self, spot: Spot, found: Diagnostic) -> str:
        path = make_relative(spot.path, self.root)
        issue = Issue(
            description=describe_finding(found, spot),
            check_name=found.code.name,
            fingerprint=self._prints.take(found, path, spot.option),
            severity=SEVERITIES[found.severity],
            location=Location(path=path, lines=Lines(begin=spot.line or 1)),
        )
        return self._issues.add(issue.to_data())

    def end(self) -> str:
        return self._issues.end() + "\n"
