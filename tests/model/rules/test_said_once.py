"""A mistake made twice in a spec is one warning with both places: the page of each code that warns, with its network twice."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from places import ROOT

from cnnlstm_spec import load
from cnnlstm_spec.text.diagnostic import Diagnostic

PAGES = sorted((ROOT / "cnnlstm_spec/text/codes").glob("*.md"))
WARNINGS = [page for page in PAGES if "# warning" in page.read_text("utf-8")]
OF_THE_SPEC = {
    *(
        "masks-combined",
        "multipliers-and-callbacks",
        "optimizer-in-half",
        "patience-never-ends",
        "rate-not-positive",
        "search-for-the-worst",
        "search-of-few-values",
    ),
    *("phase-changes-nothing", "shared-alone", "silences-nothing", "unused-definition", "xla-not-used"),
}
"""What is said of keys of the spec, which are not of a branch or a head."""
SHARED = {"depends-on-size", "mask-unread", "sizes-undecided"}
"""What is said of a size or a mask that both branches have in common."""


class Plain(yaml.SafeLoader):
    """Scalars as they are written, but for null."""


Plain.yaml_implicit_resolvers = {
    letter: [each for each in found if each[0].endswith((":null", ":merge"))]
    for letter, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def twice(spec: dict[str, Any]) -> dict[str, Any]:
    """A spec of one branch and one head with two of each, alike."""
    ((_, branch),) = spec["branches"].items()
    made = {key: value for key, value in spec.items() if key not in ("branches", "head", "compile", "targets")}
    made["branches"] = {"one": branch, "two": branch}
    made["heads"] = {"p": {"inputs": ["one"], "layers": spec["head"]}, "q": {"inputs": ["two"], "layers": spec["head"]}}
    section = dict(spec.get("compile", {}))
    for key in ("loss", "metrics", "weighted_metrics"):
        if key in section:
            value = section[key]["head"] if isinstance(section[key], dict) and "head" in section[key] else section[key]
            section[key] = {"p": value, "q": value}
    made |= {"compile": section} if section else {}
    return made | ({"targets": dict.fromkeys("pq", spec["targets"]["head"])} if "targets" in spec else {})


def written(spec: dict[str, Any]) -> str:
    """A spec as text, without quotes and aliases."""
    return yaml.safe_dump(copy.deepcopy(spec), sort_keys=False, default_flow_style=None, width=10_000).replace("'", "")


def wrong(page: str) -> str:
    return page.partition("## Wrong")[2].partition("```yaml\n")[2].partition("```")[0]


def of(code: str, text: str) -> list[Diagnostic]:
    return [each for each in load(text).diagnostics if each.code.name == code]


@pytest.mark.parametrize("page", [each for each in WARNINGS if each.stem not in OF_THE_SPEC | SHARED], ids=lambda page: page.stem)
def test_it_is_told_once(page: Any) -> None:
    yaml.SafeDumper.ignore_aliases = lambda self, data: True  # type: ignore[method-assign]
    text = wrong(page.read_text("utf-8"))
    spec = yaml.load(text, Plain)
    (single,) = of(page.stem, text)
    if len(spec["branches"]) > 1 or not isinstance(spec.get("head"), list):
        pytest.fail("its network cannot be doubled: name it above")
    (both,) = of(page.stem, written(twice(spec)))
    assert len(both.labels) > len(single.labels)


def test_metrics_with_one_mistake_are_told_once() -> None:
    text = """version: 1
name: several
branches: {x: {input: {kind: vector, shape: [8]}}}
head: [{Dense: {units: 3, activation: softmax}}]
compile: {loss: sparse_categorical_crossentropy, metrics: [Precision, Recall]}
"""
    (found,) = load(text).diagnostics
    assert found.code.name == "metric-labels" and found.labels[-1].message == "`Recall` too"
