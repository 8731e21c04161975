"""The kinds of values that arguments take. Each reads a node strictly, and states itself as JSON Schema."""

from __future__ import annotations

import math
from typing import Any

from .argument import Kind, read
from .diagnostic import Code
from .nodes import BAD_NAME, WRONG_TYPE, Listing, Node, Scalar, given, unfit
from .scalars import fraction, resolve
from .scope import POISON, Scope, did_you_mean

OUT_OF_RANGE = Code(
    "out-of-range", "error", "`{key}` is {words}; this is {given}", sort="keras", help="write a value within the bounds"
)
NOT_ALLOWED = Code("value-not-allowed", "error", "`{key}` is {words}; this is {given}", help="write a value within the bounds")
"""For what Keras would take, such as a size of 0, and for the keys of our own."""
UNKNOWN_CHOICE = Code("unknown-choice", "error", "`{key}` has no choice `{given}`", sort="keras")
NOT_A_CHOICE = Code("not-a-choice", "error", "`{key}` has no choice `{given}`")
"""For the choices of our own, and for those that Keras does not check."""
NO_FLOATS = Code("policy-of-no-floats", "error", "`{key}` is a policy that trains: of floats, not `{given}`")
WRONG_LENGTH = Code(
    "wrong-length",
    "error",
    "`{key}` is {words}; this list has {given}",
    sort="keras",
    help="write one value for all axes, or one for each",
)


def wrong_type(node: Node, scope: Scope, words: str) -> Any:
    """Reports a value of the wrong type, with the way out where it is plain."""
    help: tuple[str, ...] = ()
    if isinstance(node, Scalar) and isinstance(node.value, str):
        number = resolve(node.value.strip() or "x")
        if node.value in ("None", "none"):
            help = ("Python's `None` is `null` in YAML",)
        elif not node.plain and isinstance(number, int | float) and not isinstance(number, bool):
            help = (f"remove the quotes: {node.value.strip()}",)
        elif node.value.startswith("("):
            help = ("a list is written in brackets, such as [64, 64, 3]",)
        elif node.value.count(","):
            help = (f"a list is written [{node.value.strip()}]",)
    elif isinstance(node, Scalar) and isinstance(node.value, bool) and ("integer" in words or "number" in words):
        help = (f"write a number, such as `{scope.name}: 1`",)
    elif isinstance(node, Scalar) and isinstance(node.value, float) and node.value.is_integer() and "integer" in words:
        help = (f"write {int(node.value)}",)
    return scope.report(WRONG_TYPE, node, key=scope.name, words=words, given=given(node), help=help)


def _is_integer(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool)


class Integer(Kind):
    """An integer within bounds, both included."""

    def __init__(self, least: int | None = None, most: int | None = None, code: Code = OUT_OF_RANGE) -> None:
        self.least, self.most, self.code = least, most, code
        self.words = {1: "a positive integer", 0: "an integer of 0 or more"}.get(least if least is not None else -1, "an integer")
        if least is not None and most is not None:
            self.words = f"an integer from {least} to {most}" if least < most else f"always {least}"
        elif least is not None and least > 1:
            self.words = f"an integer of {least} or more"

    def read(self, node: Node, scope: Scope) -> Any:
        if not _is_integer(node):
            return wrong_type(node, scope, self.words)
        assert isinstance(node, Scalar) and isinstance(node.value, int)
        help = ""
        if self.least is not None and node.value < self.least:
            help = f"{self.least} is the least"
        elif self.most is not None and node.value > self.most:
            help = f"{self.most} is the most"
        if help:
            return scope.report(self.code, node, key=scope.name, words=self.words, given=node.value, help=(help,))
        return node.value

    def schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.least, "maximum": self.most}
        return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}


class Number(Kind):
    """A finite float, or a fraction such as 1/255, within bounds; `above` and `below` are not included."""

    def __init__(
        self, least: float | None = None, most: float | None = None, above: float | None = None, below: float | None = None
    ) -> None:
        self.least, self.most, self.above, self.below = least, most, above, below
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

    def read(self, node: Node, scope: Scope) -> Any:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, str):
            value = fraction(value) if isinstance(node, Scalar) and node.plain else None
        if value is None or isinstance(value, bool | str):
            return wrong_type(node, scope, self.words)
        if not math.isfinite(value) or not self.holds(value):
            return scope.report(OUT_OF_RANGE, node, key=scope.name, words=self.words, given=given(node))
        return value

    def schema(self) -> dict[str, Any]:
        names = {"minimum": self.least, "maximum": self.most, "exclusiveMinimum": self.above, "exclusiveMaximum": self.below}
        number = {"type": "number", **{name: bound for name, bound in names.items() if bound is not None}}
        return {"anyOf": [number, {"type": "string", "pattern": r"^[-+]?[0-9.]+\s*/\s*[0-9.]+$"}]}


class Boolean(Kind):
    """true or false."""

    words = "true or false"

    def read(self, node: Node, scope: Scope) -> Any:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        help: tuple[str, ...] = ()
        if isinstance(node, Scalar) and node.text.lower() in ("yes", "no", "on", "off"):
            help = (f"YAML 1.2 reads `{node.text}` as text; write {'true' if node.text.lower() in ('yes', 'on') else 'false'}",)
        return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=given(node), help=help)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class Text(Kind):
    """A string that is not empty."""

    def __init__(self, words: str = "text", pattern: str | None = None) -> None:
        self.words, self.pattern = words, pattern

    def read(self, node: Node, scope: Scope) -> Any:
        import re

        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            help = (f'quote it: "{node.text}"',) if isinstance(node, Scalar) and node.value is not None else ()
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=given(node), help=help)
        if not node.value or (self.pattern and not re.fullmatch(self.pattern, node.value)):
            return scope.report(WRONG_TYPE, node, key=scope.name, words=self.words, given=given(node))
        return node.value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1} | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})


class Name(Text):
    """A name: a text without the characters that no name may hold."""

    def read(self, node: Node, scope: Scope) -> Any:
        if isinstance(node, Scalar) and isinstance(node.value, str) and (help := unfit(node.value)) is not None:
            return scope.report(BAD_NAME, node, name=node.value, what="anything", help=(help,))
        return super().read(node, scope)


class Choice(Kind):
    """One of a few strings; with `any_case`, Keras takes upper case too, and the canonical one is lower."""

    def __init__(self, *choices: str, code: Code = UNKNOWN_CHOICE, any_case: bool = False) -> None:
        self.choices, self.code, self.any_case = choices, code, any_case
        self.words = (
            " or ".join([", ".join(f"`{c}`" for c in choices[:-1]), f"`{choices[-1]}`"]) if choices[1:] else f"`{choices[0]}`"
        )

    def read(self, node: Node, scope: Scope) -> Any:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            return wrong_type(node, scope, self.words)
        value = node.value.lower() if self.any_case else node.value
        if value not in self.choices:
            help = did_you_mean(node.value, self.choices) or (f"it is {self.words}",)
            return scope.report(self.code, node, key=scope.name, given=node.value, help=help)
        return value

    def schema(self) -> dict[str, Any]:
        if not self.any_case:
            return {"enum": list(self.choices)}
        spelt = ("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in choice) for choice in self.choices)
        return {"anyOf": [{"enum": list(self.choices)}, {"type": "string", "pattern": f"^({'|'.join(spelt)})$"}]}


class Policy(Choice):
    """A dtype policy. Keras takes the dtypes of integers, of text and the like too, and some layers run in them."""

    def read(self, node: Node, scope: Scope) -> Any:
        given = node.value if isinstance(node, Scalar) else None
        if isinstance(given, str) and given.startswith(NOT_OF_FLOATS):
            return scope.report(NO_FLOATS, node, key=scope.name, given=given, help=(f"it is {self.words}",))
        return super().read(node, scope)


NOT_OF_FLOATS = ("int", "uint", "bool", "string", "complex", "float8")


class Optional(Kind):
    """null, or a value of another kind."""

    def __init__(self, inner: Kind) -> None:
        self.inner = inner
        self.words = f"{inner.words}, or null"

    def read(self, node: Node, scope: Scope) -> Any:
        if isinstance(node, Scalar) and node.value is None:
            return None
        if isinstance(node, Scalar) and node.plain and node.value == "None":
            return wrong_type(node, scope, self.words)
        return self.inner.read(node, scope)

    def shortest(self, value: Any) -> Any:
        return None if value is None else self.inner.shortest(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.inner.schema(), {"type": "null"}]}


class ListOf(Kind):
    """A list of values of one kind, as a tuple; of a fixed length where one is given."""

    def __init__(self, inner: Kind, length: int | None = None, least: int = 0) -> None:
        self.inner, self.length, self.least = inner, length, least
        self.words = f"a list of {length or 'values'}, each {inner.words}"

    def read(self, node: Node, scope: Scope) -> Any:
        if not isinstance(node, Listing):
            return wrong_type(node, scope, self.words)
        return self.items(node, scope)

    def items(self, node: Listing, scope: Scope) -> Any:
        """The values of a list's items."""
        if (self.length is not None and len(node.items) != self.length) or len(node.items) < self.least:
            return scope.report(WRONG_LENGTH, node, key=scope.name, words=self.words, given=len(node.items))
        values = tuple(read(self.inner, item, scope.at(index)) for index, item in enumerate(node.items))
        return POISON if any(value is POISON for value in values) else values

    def schema(self) -> dict[str, Any]:
        length = {} if self.length is None else {"maxItems": self.length}
        return {"type": "array", "items": self.inner.schema(), "minItems": self.length or self.least, **length}


class Each(ListOf):
    """One value for every axis, or a list of one for each; canonical as a tuple."""

    def shortest(self, value: Any) -> Any:
        return value[0] if len(set(value)) == 1 else value

    def __init__(self, inner: Kind, length: int) -> None:
        super().__init__(inner, length)
        self.words = inner.words if length == 1 else f"{inner.words}, or a list of {length}"

    def read(self, node: Node, scope: Scope) -> Any:
        if isinstance(node, Listing):
            return self.items(node, scope)
        value = self.inner.read(node, scope)
        return POISON if value is POISON else (value,) * (self.length or 1)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.inner.schema(), super().schema()]}


class OneOrMore(ListOf):
    """One value, which stays as it is, or a list of them, as a tuple."""

    def __init__(self, inner: Kind) -> None:
        super().__init__(inner, least=1)
        self.words = f"{inner.words}, or a list of them"

    def read(self, node: Node, scope: Scope) -> Any:
        return self.items(node, scope) if isinstance(node, Listing) else self.inner.read(node, scope)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.inner.schema(), super().schema()]}


class Either(Kind):
    """A string of a few choices, or a value of another kind."""

    def __init__(self, choice: Choice, other: Kind) -> None:
        self.choice, self.other = choice, other
        self.words = f"{choice.words}, or {other.words}"

    def read(self, node: Node, scope: Scope) -> Any:
        is_text = isinstance(node, Scalar) and isinstance(node.value, str)
        return (self.choice if is_text else self.other).read(node, scope)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.choice.schema(), self.other.schema()]}


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


class AnyKind(Kind):
    """Whatever is written, kept as a node."""

    def __init__(self, words: str = "a mapping") -> None:
        self.words = words

    def read(self, node: Node, scope: Scope) -> Any:
        return node

    def schema(self) -> dict[str, Any]:
        return {}
