"""A spec with what a trial draws set in it, compiled: its `search` left out, which no trial has. Imports no Keras."""

from __future__ import annotations

from dataclasses import replace

from ...compiler.compile import Compilation
from ...compiler.processes import SentSpec
from ...compiler.variants import Sweep
from ...text.diagnostic import Diagnostic
from ...text.edits.overrides import read_overrides, set_all
from ...text.nodes import Mapping


def prepare(spec: SentSpec) -> Sweep:
    """The spec with its overrides and without its search; trials that are compiled of it share what they can."""
    base = spec.prepare()
    document, found = base.document, list(base.found)
    if document is not None:
        document = set_all(document, base.overrides, found, base.memory)
    if isinstance(document, Mapping):
        document = replace(document, entries=tuple(each for each in document.entries if each.key.text != "search"))
    return replace(base, document=document, found=tuple(found), overrides=())


def compile_variant(base: Sweep, texts: tuple[str, ...]) -> Compilation:
    """A trial's spec; values that name nothing in it are findings like all others."""
    found: list[Diagnostic] = list(base.found)
    document = base.document
    if document is not None:
        document = set_all(document, read_overrides(texts, found), found, base.memory)
    return replace(base, document=document, found=tuple(found)).compile(None)
