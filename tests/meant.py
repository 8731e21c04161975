"""The warnings that the specs of this repository have, each for a reason: `tests/warnings.yaml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from places import ROOT, TESTS

from cnnlstm_spec import Compilation

NETWORKS = [
    *sorted(ROOT.glob("specs/*.yaml")),
    *sorted(ROOT.glob("specs/published/*.yaml")),
    *sorted(TESTS.glob("networks/*.yaml")),
]
"""The specs of real networks, none of which was chosen for its silence."""


@cache
def listed() -> dict[str, dict[str, str]]:
    """By the path of a spec, the codes of its warnings with the reason why each is right."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(TESTS.joinpath("warnings.yaml").read_text("utf-8"))
    return loaded


def meant(path: Path) -> list[str]:
    """The codes of the warnings that a spec has for a reason."""
    return sorted(listed().get(str(path.relative_to(ROOT)), {}))


def said(compilation: Compilation) -> list[str]:
    """The codes of what is found, each as often as it is said."""
    return sorted(each.code.name for each in compilation.diagnostics)
