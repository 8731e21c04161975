"""`--format gitlab`: a code quality report, which GitLab shows in a merge request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import ConfigDict, RootModel

from ...text.document import Document
from ...text.escape.json import to_json
from .checked import Checked, describe_finding, make_relative, order_findings
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


class Report(RootModel[tuple[Issue, ...]]):
    """A code quality report of GitLab."""

    model_config = ConfigDict(frozen=True, title="cnnlstm-spec validate --format gitlab")


def write_gitlab(files: Sequence[Checked], root: str) -> str:
    """An issue for each finding; one that no line holds is told at the first."""
    prints, issues = Fingerprints(), []
    for spot, each in order_findings(files):
        path = make_relative(spot.path, root)
        issues.append(
            Issue(
                description=describe_finding(each, spot),
                check_name=each.code.name,
                fingerprint=prints.take(each, path, spot.option),
                severity=SEVERITIES[each.severity],
                location=Location(path=path, lines=Lines(begin=spot.line or 1)),
            )
        )
    return to_json(Report(tuple(issues)).model_dump(mode="json")) + "\n"
