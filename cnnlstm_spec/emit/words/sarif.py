"""`--format sarif`: findings as SARIF 2.1.0, which code scanning reads. Its schema is that of OASIS, not one of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...text.diagnostic import Code, Diagnostic, Label
from ...text.escape.json import to_json
from ...text.escape.sarif import escape_message, escape_uri
from ...text.files import read_own
from ...text.fix import Edit, Fix
from ...text.source import format_path
from .checked import Checked, Spot, describe_finding, find_spot, make_relative, order_findings
from .fingerprints import Fingerprints

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
LEVELS = {"error": "error", "warning": "warning", "advice": "note"}

Json = dict[str, Any]


def write_sarif(files: Sequence[Checked], root: str, version: str) -> str:
    """The log of one run; paths are relative to the root of the repository, columns count code points."""
    found = order_findings(files)
    codes = list({each.code.name: each.code for _, each in found}.values())
    numbers = {code.name: number for number, code in enumerate(codes)}
    prints = Fingerprints()
    results = [_describe_result(spot, each, numbers[each.code.name], root, prints) for spot, each in found]
    driver = {"name": "cnnlstm-spec", "semanticVersion": version, "rules": [_describe_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": _describe_artifact(path, root)} for path in dict.fromkeys(file.path for file in files)],
        "invocations": [{"executionSuccessful": not any(file.missing for file in files)}],
        "results": results,
    }
    return to_json({"$schema": SCHEMA, "version": VERSION, "runs": [run]}) + "\n"


def _describe_rule(code: Code) -> Json:
    """A code with its manual page."""
    page = read_own("text", "codes", f"{code.name}.md").decode("utf-8")
    first = " ".join(page.partition("\n\n")[0].split())
    name = "".join(word.capitalize() for word in code.name.split("-"))
    return {
        "id": code.name,
        "name": name,
        "shortDescription": {"text": escape_message(code.name.replace("-", " ").capitalize())},
        "fullDescription": {"text": escape_message(first)},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": LEVELS[code.severity]},
        "properties": {"tags": [code.sort] if code.severity == "error" else [code.severity]},
    }


def _describe_result(spot: Spot, found: Diagnostic, number: int, root: str, prints: Fingerprints) -> Json:
    location: Json = {"physicalLocation": _locate(spot, root)}
    if found.place.path:
        location["logicalLocations"] = [{"fullyQualifiedName": format_path(found.place.path)}]
    result: Json = {
        "ruleId": found.code.name,
        "ruleIndex": number,
        "level": LEVELS[found.severity],
        "message": {"text": escape_message(describe_finding(found, spot))},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": prints.take(found, make_relative(spot.path, root), spot.option)},
    }
    if fixes := [_fix(fix, root) for fix in found.fixes if fix.applicability != "display"]:
        result["fixes"] = fixes
    related = [_describe_related(index, label, spot.path, root) for index, label in enumerate(found.labels, 1)]
    return {**result, "relatedLocations": related} if related else result


def _fix(fix: Fix, root: str) -> Json:
    """A fix that was tried: what it deletes and inserts, by file."""
    changes: dict[str, list[Json]] = {}
    for edit in fix.edits:
        if isinstance(edit, Edit):
            region = _locate(find_spot(edit.span, edit.span.source.name), root)["region"]
            change = {"deletedRegion": region, "insertedContent": {"text": edit.text}}
            changes.setdefault(edit.span.source.name, []).append(change)
    parts = [{"artifactLocation": _describe_artifact(path, root), "replacements": each} for path, each in changes.items()]
    return {"description": {"text": escape_message(fix.title)}, "artifactChanges": parts}


def _describe_related(index: int, label: Label, path: str, root: str) -> Json:
    physical = _locate(find_spot(label.place.span, path), root)
    return {"id": index, "message": {"text": escape_message(label.message)}, "physicalLocation": physical}


def _locate(spot: Spot, root: str) -> Json:
    """A place in a file; one that no line holds is told at the first."""
    region = {"startLine": 1}
    if spot.line is not None:
        region = {
            "startLine": spot.line,
            "startColumn": spot.column or 1,
            "endLine": spot.end_line or spot.line,
            "endColumn": spot.end_column or 1,
        }
    return {"artifactLocation": _describe_artifact(spot.path, root), "region": region}


def _describe_artifact(path: str, root: str) -> Json:
    written = make_relative(path, root)
    return {"uri": escape_uri(written)} if written.startswith("/") else {"uri": escape_uri(written), "uriBaseId": ROOT}
