"""`rules`: how severe findings are, by code, as a spec or a person who runs the tool says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..language.kinds import NOT_A_CHOICE, Choice
from ..language.meanings import RuleCode, RuleLevel, TextMeaning
from ..language.read_record import NOT_A_MAPPING
from ..language.scope import POISON, Scope
from ..text.diagnostic import Code, Diagnostic
from ..text.frozen import dataclass
from ..text.nodes import Entry, Mapping, Node, Scalar, describe_sort
from ..text.source import Place, Source, Span

LEVELS = ("ignore", "advice", "warning", "error")
LEVEL = Choice(*LEVELS, code=NOT_A_CHOICE)
KEY = "rules"
OPTION = "--rule"
UNCLEAR = Code("unclear-rule", "error", "`{text}` is not of the form CODE=LEVEL", help="write `--rule mask-lost=ignore`")


@dataclass(frozen=True)
class SetLevel:
    """A code, the level that it is given, and where the code is written."""

    code: str
    level: str
    place: Place


def read_rules(document: Node, found: list[Diagnostic], index: list[TextMeaning] | None = None) -> tuple[SetLevel, ...]:
    """The section `rules` of a spec, as far as it could be read; what its words mean is noted in an index."""
    section = document.get(KEY) if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or section is None or section.key.broken:
        return ()
    variables = document.get("vars")
    held = variables.value.entries if variables is not None and isinstance(variables.value, Mapping) else ()
    scope = Scope(found, variables={each.key.text: each.value for each in held}, index=index).enter(KEY)
    node = scope.resolve(section.value)
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return ()
    if not isinstance(node, Mapping):
        example = ("write a code and its level: `rules: {mask-lost: ignore}`",)
        scope.report(NOT_A_MAPPING, node, owner=KEY, given=describe_sort(node), help=example)
        return ()
    return tuple(_read_levels(node.entries, scope))


def read_rule_texts(texts: Sequence[str], found: list[Diagnostic]) -> tuple[SetLevel, ...]:
    """Texts of the form CODE=LEVEL; the last of a code counts."""
    if not texts:
        return ()
    from ..text.edits.overrides import read_text

    read: dict[str, SetLevel] = {}
    for text in texts:
        if not text.partition("=")[0].strip() or "=" not in text:
            found.append(Diagnostic(UNCLEAR, Place((), Span(Source(OPTION, text), 0, len(text))), {"text": text}))
        elif (parts := read_text(text, OPTION, found)) is not None:
            read |= {each.code: each for each in _read_levels((Entry(*parts),), Scope(found))}
    return tuple(read.values())


def _read_levels(entries: Iterable[Entry], scope: Scope) -> Iterable[SetLevel]:
    for entry in entries:
        at = scope.enter(entry.key.text)
        at.note(RuleCode(entry.key.span, entry.key.text))
        at.note(RuleLevel(entry.value.span, LEVELS))
        level = POISON if entry.key.broken else LEVEL.read(entry.value, at)
        if level is not POISON:
            yield SetLevel(entry.key.text, level, at.make_place(entry.key))
