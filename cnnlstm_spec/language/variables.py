"""`$name` and `${arithmetic}` in a scalar: a parser of our own rules, which evaluates nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..text.diagnostic import Code, Diagnostic, Label
from ..text.fix import Fix, write
from ..text.foreign_variables import DOTTED
from ..text.nodes import DEPTH_LIMIT, Node, Scalar, describe_sort
from ..text.source import Place, Span
from ..text.spelling import find_nearest, fix_spelling

UNKNOWN_VARIABLE = Code("unknown-variable", "error", "`${name}` is not defined")
CYCLIC_VARIABLE = Code(
    "variable-cycle", "error", "`${name}` is defined by itself", help="give it a value that does not rest on itself"
)
BAD_ARITHMETIC = Code(
    "arithmetic", "error", "`{text}`: {reason}", help="`${...}` holds numbers, names, + - * / // and parentheses"
)

WHOLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)|\$\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")
PART = re.compile(r"\$\{([^}]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
USED = re.compile(r"\$[A-Za-z_]\w*|\$\{[^}]*\}")
TOKEN = re.compile(r"\s*(?:([0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+)|(\$?[A-Za-z_][A-Za-z0-9_]*)|(//|[-+*/()]))")
LIMIT = 10**18
"""No size or count is larger; a product past it is a mistake."""
DEPTH = 40
CHAIN = 100
"""Variables that rest on one another."""
LOOKUPS = 1_000
TEXT_LIMIT = 10_000


def explain_unfit_name(name: str) -> tuple[str, ...]:
    """Why no `$name` can be written for a name, as a way out; nothing where it can."""
    if NAME.fullmatch(name):
        return ()
    near = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_0123456789")
    return (f"the name of a variable is of letters, digits and _{f': `{near}` would do' if NAME.fullmatch(near) else ''}",)


class _Wrong(Exception):
    """An expression has no value; says why."""


class _Unknown(Exception):
    """A name in an expression is not defined."""


class _Cycle(Exception):
    """A variable rests on itself."""


class _Reported(Exception):
    """What an expression rests on has been reported."""


def find_names(node: Scalar) -> set[str]:
    """The names that a scalar rests on."""
    if not isinstance(node.value, str) or "$" not in node.value:
        return set()
    if match := WHOLE.fullmatch(node.value.strip()):
        return {match[1] or match[2]}
    return {name for part in PART.findall(node.value) for name in NAME.findall(part)}


def find_uses(node: Scalar) -> Iterator[tuple[str, Span]]:
    """The names that a scalar rests on, each where it is written."""
    source, start, end = node.span
    known = find_names(node)
    for used in USED.finditer(source.text, start, end):
        for name in NAME.finditer(source.text, used.start(), used.end()):
            if name[0] in known:
                yield name[0], Span(source, name.start(), name.end())


def find_held(span: Span, variables: Mapping[str, Node]) -> Span:
    """Where the text of a value is written: where it is a variable as a whole, what that holds, which may be another one."""
    for _ in range(DEPTH_LIMIT):
        whole = WHOLE.fullmatch(span.source.text[span.start : span.end].strip("'\""))
        held = variables.get(whole[1] or whole[2]) if whole is not None else None
        if not isinstance(held, Scalar) or not held.span.source.text:
            break
        span = held.span
    return span


def substitute(
    node: Scalar, variables: Mapping[str, Node], place: Place, found: list[Diagnostic], uses: tuple[Label, ...]
) -> Node | None:
    """The value of a scalar that holds `$`, at the span of its use; None where it has none, which is then reported."""
    evaluator = _Evaluator(variables)
    text = str(node.value)
    try:
        return evaluator.evaluate_scalar(node)
    except _Unknown as unknown:
        name = str(unknown)
        near = find_nearest(name, variables)
        help: tuple[str, ...]
        help = (f"did you mean `{near}`?",) if near else ("define it under `vars:`, or as a parameter of the block",)
        fixes = _fix_spelling(node, name, near, variables) if near else ()
        found.append(Diagnostic(UNKNOWN_VARIABLE, place, {"name": name}, labels=uses, help=help, fixes=fixes))
    except _Cycle:
        found.append(Diagnostic(CYCLIC_VARIABLE, place, {"name": text.strip("${} ")}, labels=uses))
    except _Wrong as wrong:
        foreign = DOTTED.search(text)
        help = (f"a variable of `vars` is written `${foreign[1]}`",) if foreign is not None else ()
        whole = foreign is not None and foreign[0] == text.strip() and node.span.source.text
        fixes = (write(node.span, f"${foreign[1]}"),) if foreign is not None and whole else ()
        found.append(Diagnostic(BAD_ARITHMETIC, place, {"text": text, "reason": str(wrong)}, labels=uses, help=help, fixes=fixes))
    except _Reported:
        pass
    return None


def _fix_spelling(node: Scalar, name: str, near: str, variables: Mapping[str, Node]) -> tuple[Fix, ...]:
    """The fix that writes a known name where a scalar has another."""
    source, start = node.span.source, node.span.start
    found = re.compile(rf"\b{re.escape(name)}\b").search(source.text, start, node.span.end)
    return (fix_spelling(name, near, variables, Span(source, found.start(), found.end())),) if found else ()


class _Evaluator:
    """Looks names up, variables that are written with variables too."""

    def __init__(self, variables: Mapping[str, Node]) -> None:
        self.variables = variables
        self.held: list[str] = []
        """The variables that are being looked up, each for the one before."""
        self.lookups = 0

    def evaluate_scalar(self, node: Scalar) -> Node:
        """The node that a scalar stands for; a whole `$name` keeps its type, lists and mappings too."""
        if node.broken:
            raise _Reported
        if not isinstance(node.value, str) or "$" not in node.value:
            return node
        text = node.value.strip()
        if match := WHOLE.fullmatch(text):
            value = self.look_up(match[1] or match[2])
            return Scalar(node.span, value.value, value.text, value.plain) if isinstance(value, Scalar) else value
        if (match := PART.fullmatch(text)) is not None:
            number = _Arithmetic(match[1], self).read_value()
            return Scalar(node.span, number, str(number))
        filled = PART.sub(lambda part: self.evaluate_text(part[1]), node.value)
        if len(filled) > TEXT_LIMIT:
            raise _Wrong(f"the text would be {len(filled)} characters long")
        return Scalar(node.span, filled, filled, plain=False)

    def look_up(self, name: str) -> Node:
        if name not in self.variables:
            raise _Unknown(name)
        if name in self.held:
            raise _Cycle
        self.lookups += 1
        if self.lookups > LOOKUPS or len(self.held) == CHAIN:
            raise _Wrong("it rests on too many variables")
        node = self.variables[name]
        self.held.append(name)
        value = self.evaluate_scalar(node) if isinstance(node, Scalar) else node
        self.held.pop()
        return value

    def evaluate_text(self, inner: str) -> str:
        name = inner.strip()
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            value = self.look_up(name)
            if not isinstance(value, Scalar):
                raise _Wrong(f"`{name}` is {describe_sort(value)}, which has no place inside text")
            return value.text
        return str(_Arithmetic(inner, self).read_value())

    def read_number(self, name: str) -> int | float:
        value = self.look_up(name.removeprefix("$"))
        if not isinstance(value, Scalar) or isinstance(value.value, bool) or not isinstance(value.value, int | float):
            raise _Wrong(f"`{name}` is {describe_sort(value)}, not a number")
        return value.value


class _Arithmetic:
    """Recursive descent over `+ - * / //` and parentheses."""

    def __init__(self, text: str, evaluator: _Evaluator) -> None:
        self.evaluator = evaluator
        self.tokens: list[str] = []
        at = 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if match is None:
                raise _Wrong(f"`{text[at:].strip()[0]}` has no meaning; numbers, names and + - * / // ( ) do")
            self.tokens.append(match[0].strip())
            at = match.end()
        self.at = 0
        self.depth = 0

    def read_value(self) -> int | float:
        if not self.tokens:
            raise _Wrong("nothing stands inside")
        result = self.read_sum()
        if self.at < len(self.tokens):
            raise _Wrong(f"`{self.tokens[self.at]}` is not expected there")
        return result

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def read_sum(self) -> int | float:
        result = self.read_term()
        while self.peek() in ("+", "-"):
            result = self.check_bounds(result + self.read_term() if self.take() == "+" else result - self.read_term())
        return result

    def read_term(self) -> int | float:
        result = self.read_factor()
        while self.peek() in ("*", "/", "//"):
            operator, right = self.take(), self.read_factor()
            if operator != "*" and right == 0:
                raise _Wrong("division by zero")
            result = self.check_bounds(
                result * right if operator == "*" else result / right if operator == "/" else result // right
            )
        return result

    def read_factor(self) -> int | float:
        token = self.take()
        self.depth += 1
        if self.depth > DEPTH:
            raise _Wrong("too many parentheses or signs")
        if token in ("+", "-"):
            inner = self.read_factor()
            result = -inner if token == "-" else inner
        elif token == "(":
            result = self.read_sum()
            if self.take() != ")":
                raise _Wrong("a parenthesis is not closed")
        elif token and (token[0].isdigit() or token[0] == "."):
            result = self.check_bounds(float(token) if set(token) & set(".eE") else int(token) if len(token) < 19 else LIMIT + 1)
        elif token and token not in (")", "*", "/", "//"):
            if self.peek() == "(":
                raise _Wrong(f"`{token}(` calls a function; there are only + - * / // and ( )")
            result = self.evaluator.read_number(token)
        else:
            raise _Wrong(f"`{token}` is not expected there" if token else "it ends too soon")
        self.depth -= 1
        return result

    def check_bounds(self, number: int | float) -> int | float:
        if not -LIMIT <= number <= LIMIT:
            raise _Wrong("the result is too large")
        return number
