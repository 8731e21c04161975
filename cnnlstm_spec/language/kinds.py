"""The leaves: what a value of an argument may be. pydantic checks each strictly; here are the words for what it finds."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, ClassVar

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ..text.diagnostic import Code
from ..text.fix import Fix, write
from ..text.nodes import BAD_NAME, WRONG_TYPE, Listing, Node, Scalar, explain_letters, explain_unfit, show_given
from ..text.source import Span
from ..text.spelling import guess
from ..text.yaml_scalars import read_fraction
from .json_schema import Schema
from .leaf import Leaf, OpenLeaf, Quoted, Steps
from .scope import POISON, Poison, Scope

OUT_OF_RANGE = Code(
    "out-of-range", "error", "`{key}` is {words}; this is {given}", sort="keras", help="write a value within the bounds"
)
NOT_ALLOWED = Code("value-not-allowed", "error", "`{key}` is {words}; this is {given}", help="write a value within the bounds")
"""For what Keras would take, such as a size of 0, and for the keys of our own."""
UNKNOWN_CHOICE = Code("unknown-choice", "error", "`{key}` has no choice `{given}`", sort="keras")
NOT_A_CHOICE = Code("not-a-choice", "error", "`{key}` has no choice `{given}`")
"""For the choices of our own, and for those that Keras does not check."""
NO_FLOATS = Code("policy-of-no-floats", "error", "`{key}` is a policy that trains: of floats, not `{given}`")


def report_wrong_type(node: Node, scope: Scope, words: str) -> Poison:
    """Reports a value of the wrong type, with the way out where it is plain."""
    help, meant = _explain_meant(node, scope, words)
    fixes: tuple[Fix, ...] = (write(node.span, meant, "safe"),) if meant is not None else ()
    if isinstance(node, Scalar) and node.text.startswith("("):
        fixes = fix_parentheses(node)
    return scope.report(WRONG_TYPE, node, key=scope.name, words=words, given=show_given(node), help=help, fixes=fixes)


def _explain_meant(node: Node, scope: Scope, words: str) -> tuple[tuple[str, ...], str | None]:
    """The way out of a value of the wrong type, and what is to be written instead where that can only be one thing."""
    if isinstance(node, Listing) and len(node.items) == 1 and "list" not in words:
        only = node.items[0]
        text = only.text if isinstance(only, Scalar) else _as_written(only).strip()
        return (f"write the value without brackets: {text}",) if "\n" not in text else (), _as_written(only).strip() or text
    if not isinstance(node, Scalar):
        return (), None
    value, takes_number = node.value, "integer" in words or "number" in words
    if isinstance(value, str):
        from .meant_by_text import suggest_for_text

        return suggest_for_text(node, value, words)
    if isinstance(value, bool) and takes_number:
        return (f"write a number, such as `{scope.name}: 1`",), None
    if isinstance(value, float) and value.is_integer() and "integer" in words:
        return (f"write {int(value)}",), str(int(value))
    if "a list" in words and not re.search("(or|each) a list", words) and value is not None:
        return (f"a list is written [{node.text}]",), f"[{_as_written(node)}]"
    return (), None


def _as_written(node: Node) -> str:
    """A value as its text has it."""
    span = node.span
    return span.source.text[span.start : span.end] if span.source.text else node.text if isinstance(node, Scalar) else ""


def fix_parentheses(node: Scalar) -> tuple[Fix, ...]:
    """The list that is meant by a `(64, 3)`, which braces cut off at its first comma."""
    source, start = node.span.source, node.span.start
    found = re.compile(r"\(([-\w.+, ]*)\)").match(source.text, start) if node.plain else None
    if found is None:
        return ()
    return (write(Span(source, start, found.end()), f"[{found[1].strip(', ')}]", "safe"),)


BOUNDS_OF_INT64 = (-(2**63), 2**63 - 1)
"""The integers of 64 bits."""


class Integer(Leaf[int]):
    """An integer within bounds, both included."""

    def __init__(self, least: int | None = None, most: int | None = None, code: Code = OUT_OF_RANGE) -> None:
        self.least, self.most, self.code = least, most, code
        self.words = {1: "a positive integer", 0: "an integer of 0 or more"}.get(least if least is not None else -1, "an integer")
        if least is not None and most is not None:
            self.words = f"an integer from {least} to {most}" if least < most else f"always {least}"
            if (least, most) == BOUNDS_OF_INT64:
                self.words = "an integer of 64 bits"
        elif least is not None and least > 1:
            self.words = f"an integer of {least} or more"

    def make_core(self) -> CoreSchema:
        return core_schema.int_schema(strict=True, ge=self.least, le=self.most)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        bound = {"greater_than_equal": f"{self.least} is the least", "less_than_equal": f"{self.most} is the most"}
        if self.least is not None and self.least == self.most:
            code = WRONG_TYPE if problem not in bound else self.code
            help, fixes = (f"write {self.least}",), (write(node.span, str(self.least)),)
            scope.report(code, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes)
            return
        if problem not in bound:
            report_wrong_type(node, scope, self.words)
            return
        assert isinstance(node, Scalar)
        scope.report(self.code, node, key=scope.name, words=self.words, given=node.value, help=(bound[problem],))

    def make_schema(self) -> Schema:
        bounds = {"minimum": self.least, "maximum": self.most}
        return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}


class Number(Leaf[float]):
    """A finite float, or a fraction such as 1/255, within bounds; `above` and `below` are not included."""

    floats: ClassVar[bool] = False
    """Whether an integer is made a float."""
    finite: ClassVar[bool] = True
    """Whether infinity and NaN are no values."""

    def __init__(
        self,
        least: float | None = None,
        most: float | None = None,
        above: float | None = None,
        below: float | None = None,
        code: Code = OUT_OF_RANGE,
    ) -> None:
        self.least, self.most, self.above, self.below, self.code = least, most, above, below, code
        low = f"at least {least:g}" if least is not None else f"above {above:g}" if above is not None else ""
        high = f"at most {most:g}" if most is not None else f"below {below:g}" if below is not None else ""
        self.words = " ".join(["a number", " and ".join(filter(None, (low, high)))]).strip()

    def holds(self, value: float) -> bool:
        """Whether a value is within the bounds."""
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def make_core(self) -> CoreSchema:
        bounds: dict[str, Any] = {"ge": self.least, "le": self.most, "gt": self.above, "lt": self.below}
        real = core_schema.float_schema(strict=True, allow_inf_nan=not self.finite, **bounds)
        whole = core_schema.int_schema(strict=True, **bounds)
        choices: dict[Any, Any] = {"float": real, "int": real if self.floats else whole}
        number = core_schema.tagged_union_schema(choices, discriminator=_name_sort)
        return core_schema.no_info_before_validator_function(_read_fraction, number)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        if steps:
            help, fixes = _read_percent(node, scope.name) if 1 in (self.most, self.below) else ((), ())
            code = self.code
            if isinstance(node, Scalar) and isinstance(node.value, float) and not isfinite(node.value):
                # Keras compares it with bounds at most.
                help, code = ("write a finite number",), NOT_ALLOWED
            scope.report(code, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes)
        else:
            report_wrong_type(node, scope, self.words)

    def make_schema(self) -> Schema:
        names = {"minimum": self.least, "maximum": self.most, "exclusiveMinimum": self.above, "exclusiveMaximum": self.below}
        number = {"type": "number", **{name: bound for name, bound in names.items() if bound is not None}}
        return {"anyOf": [number, {"type": "string", "pattern": r"^[-+]?[0-9.]+\s*/\s*[0-9.]+$"}]}


SMALLEST_PERCENT = 2
"""A number from which on it is taken for one of a hundred, where it is to be at most 1."""


def _read_percent(node: Node, key: str) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """The share that a number stands for, if it is one of a hundred."""
    value = node.value if isinstance(node, Scalar) else None
    if not isinstance(value, int | float) or not SMALLEST_PERCENT <= value <= 100:
        return (), ()
    share = f"{value / 100:g}"
    return (f"{value:g} percent are `{key}: {share}`",), (write(node.span, share),)


def _read_fraction(value: object) -> object:
    """The number of a fraction in plain text."""
    return read_fraction(value) if isinstance(value, str) and not isinstance(value, Quoted) else value


def _name_sort(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    return "int" if isinstance(value, int) else "float" if isinstance(value, float) else None


class Boolean(Leaf[bool]):
    """true or false."""

    words = "true or false"

    def make_core(self) -> CoreSchema:
        return core_schema.bool_schema(strict=True)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        help: tuple[str, ...] = ()
        fixes: tuple[Fix, ...] = ()
        if isinstance(node, Scalar) and node.text.lower() in ("yes", "no", "on", "off"):
            meant = "true" if node.text.lower() in ("yes", "on") else "false"
            help = (f"YAML 1.2 reads `{node.text}` as text; write {meant}",)
            fixes = (write(node.span, meant, "safe"),)
        elif isinstance(node, Scalar) and not node.plain and node.text.lower() in ("true", "false"):
            help, fixes = (f"remove the quotes: {node.text.lower()}",), (write(node.span, node.text.lower(), "safe"),)
        scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes)

    def make_schema(self) -> Schema:
        return {"type": "boolean"}


class Text(Leaf[str]):
    """A string that is not empty."""

    def __init__(self, words: str = "text", pattern: str | None = None) -> None:
        self.words, self.pattern = words, pattern

    def make_core(self) -> CoreSchema:
        # Not `str_schema`, whose texts hold no halves of characters: an override of the API may.
        return core_schema.no_info_after_validator_function(self.match, core_schema.is_instance_schema(str))

    def match(self, value: str) -> str:
        """The text, if it is one of those that are meant."""
        if not value or (self.pattern and not re.fullmatch(self.pattern, value)):
            raise PydanticCustomError("text", "{words}", {"words": self.words})
        return str(value)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        is_text = isinstance(node, Scalar) and isinstance(node.value, str)
        help = explain_letters(str(node.value)) if isinstance(node, Scalar) and is_text and self.pattern else ()
        fixes: tuple[Fix, ...] = ()
        if isinstance(node, Scalar) and not is_text and node.value is not None:
            help = (f'quote it: "{node.text}"',)
            fixes = (write(node.span, f'"{node.text}"', "safe", f"write `{node.text}` in quotes"),)
        scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes)

    def make_schema(self) -> Schema:
        return {"type": "string", "minLength": 1} | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})


class Name(Text):
    """A name: a text without the characters that no name may hold."""

    def make_core(self) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_fit, super().make_core())

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        if isinstance(node, Scalar) and isinstance(node.value, str) and (help := explain_unfit(node.value)) is not None:
            scope.report(BAD_NAME, node, name=node.value, what="anything", help=(help,))
        else:
            super().explain(problem, steps, node, scope)


def _fit(name: str) -> str:
    if (help := explain_unfit(name)) is not None:
        raise PydanticCustomError("name_characters", "{help}", {"help": help})
    return name


class Choice(Leaf):
    """One of a few strings; with `any_case`, Keras takes upper case too, and the canonical one is lower."""

    def __init__(self, *choices: str, code: Code = UNKNOWN_CHOICE, any_case: bool = False) -> None:
        self.choices, self.code, self.any_case = choices, code, any_case
        self.words = (
            " or ".join([", ".join(f"`{c}`" for c in choices[:-1]), f"`{choices[-1]}`"]) if choices[1:] else f"`{choices[0]}`"
        )

    def make_core(self) -> CoreSchema:
        choices = core_schema.literal_schema(list(self.choices))
        return core_schema.no_info_before_validator_function(_lower, choices) if self.any_case else choices

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        if isinstance(node, Scalar) and isinstance(node.value, int) and scope.name == "padding" and "same" in self.choices:
            way = "`same` keeps the size; a layer such as `ZeroPadding2D: {padding: 1}` before it pads by a number"
            scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=(way,))
            return
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            report_wrong_type(node, scope, self.words)
            return
        near = guess(node.value, self.choices, node.span)
        help = near.help or (f"it is {self.words}",)
        scope.report(self.code, node, key=scope.name, given=node.value, help=help, fixes=near.fixes)

    def make_schema(self) -> Schema:
        if not self.any_case:
            return {"enum": list(self.choices)}
        spelt = ("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in choice) for choice in self.choices)
        return {"anyOf": [{"enum": list(self.choices)}, {"type": "string", "pattern": f"^({'|'.join(spelt)})$"}]}


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Policy(Choice):
    """A dtype policy. Keras takes the dtypes of integers, of text and the like too, and some layers run in them."""

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        node = scope.resolve(node) or node
        given = node.value if isinstance(node, Scalar) else None
        if isinstance(given, str) and given.startswith(NOT_OF_FLOATS):
            scope.report(NO_FLOATS, node, key=scope.name, given=given, help=(f"it is {self.words}",))
        else:
            super().explain(problem, steps, node, scope)


NOT_OF_FLOATS = ("int", "uint", "bool", "string", "complex", "float8")


class Optional(Leaf):
    """null, or a value of another kind."""

    def __init__(self, inner: Leaf) -> None:
        self.inner = inner
        self.words = f"{inner.words}, or null"

    def make_core(self) -> CoreSchema:
        return core_schema.nullable_schema(self.inner.make_core())

    def take(self, node: Node, scope: Scope) -> object:
        resolved = scope.resolve(node)
        if resolved is None:
            return POISON
        if isinstance(resolved, Scalar) and resolved.value is None:
            return None
        return resolved if _is_none_of_python(resolved) else self.inner.take(resolved, scope)

    def explain(self, problem: str, steps: Steps, node: Node, scope: Scope) -> None:
        resolved = scope.resolve(node) or node
        if _is_none_of_python(resolved):
            report_wrong_type(resolved, scope, self.words)
        else:
            self.inner.explain(problem, steps, node, scope)

    def shorten(self, value: object) -> object:
        return None if value is None else self.inner.shorten(value)

    def make_schema(self) -> Schema:
        return {"anyOf": [self.inner.make_schema(), {"type": "null"}]}


def _is_none_of_python(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.plain and node.value == "None"


COUNT = Integer(1)
INTEGER = Integer()
NATURAL = Integer(0)
SIZE = Integer(1, code=NOT_ALLOWED)
OWN_NATURAL = Integer(0, code=NOT_ALLOWED)
NUMBER = Number()
POSITIVE = Number(above=0)
NOT_NEGATIVE = Number(least=0)
RATE = Number(least=0, most=1)
BOOLEAN = Boolean()
TEXT = Text()
NAME = Name("a name of letters, digits, _ and -", r"[A-Za-z0-9][A-Za-z0-9_-]*")


class AnyKind(OpenLeaf[Node]):
    """Whatever is written, kept as a node."""

    canonical = (Node,)

    def __init__(self, words: str = "a mapping") -> None:
        self.words = words

    def read_node(self, node: Node, scope: Scope) -> Node:
        return node

    def make_schema(self) -> Schema:
        return {}
