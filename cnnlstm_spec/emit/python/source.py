"""Prints a Program as Python source that a person would be glad to have written. Imports no Keras."""

from __future__ import annotations

from ...ir.program import (
    Apply,
    Attribute,
    Call,
    Comment,
    Do,
    Expression,
    FreezeBefore,
    FreezeNorms,
    Index,
    Infix,
    Let,
    LetEach,
    MarkLayers,
    Named,
    OnTensorFlow,
    Program,
    Ref,
    SetAttribute,
    Slice,
    Statement,
    find_calls,
)
from ...text.escape.python import comment, docstring, name, strings
from .literals import literal

WIDTH = 100
INDENT = 4
PRECEDENCE = {"+": 1, "-": 1, "*": 2}


ALONE = '''def made_alone(make):
    """What `make` gives in a thread of its own, where Keras counts the names of layers from the start."""
    policy = keras.config.dtype_policy()

    def make_there():
        keras.config.set_dtype_policy(policy)
        return make()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(make_there).result()


'''


def source(program: Program, description: str | None = None) -> str:
    """A module with `build_model()`, which gives the same model as running the program."""
    body = "\n".join(_indented(_statement(statement)) for statement in program.statements)
    paths = [call.path for statement in program.statements for call in find_calls(statement)]
    used = [each for each in ("layers", "ops") if any(path.startswith(f"keras.{each}.") for path in paths)]
    own = "".join(f"import {name(module)}\n" for module in program.imports)
    alone = any(isinstance(each, Let) and each.alone for each in program.statements)
    threads = "from concurrent.futures import ThreadPoolExecutor\n\n" if alone else ""
    imports = f"{threads}import keras\n{own}" + (f"from keras import {', '.join(used)}\n" if used else "")
    about = f"{program.name}: {description}" if description else program.name
    return (
        f"{docstring(about, WIDTH)}\n\n{imports}\n\n{ALONE if alone else ''}"
        f"def build_model() -> keras.Model:\n{body}\n    return model\n\n\n"
        'if __name__ == "__main__":\n    build_model().summary()\n'
    )


def _indented(text: str) -> str:
    return "\n".join(" " * INDENT + line for line in text.split("\n"))


def _statement(statement: Statement) -> str:
    room = WIDTH - INDENT
    match statement:
        case Let(variable, value, scope, True):
            return _alone(variable, value, scope, room)
        case Let(variable, value, None):
            return _assigned(name(variable), value, room)
        case Let(variable, value, scope):
            return _scoped(_assigned(name(variable), value, room - INDENT), scope)
        case LetEach(names, value):
            return _assigned_each([*map(name, names)], value, room)
        case SetAttribute(target, attribute, value):
            return _assigned(name(f"{target}.{attribute}"), value, room)
        case MarkLayers(target, mark, deep):
            return _marking(target, mark, deep)
        case FreezeBefore(target, layer):
            return _freezing(target, f"    if layer.name == {literal(layer)}:\n        break\n    layer.trainable = False")
        case FreezeNorms(target):
            kind = "keras.layers.BatchNormalization"
            return _freezing(target, f"    if isinstance(layer, {kind}):\n        layer.trainable = False")
        case Do(call, 1):
            return _laid(call, room)
        case Do(call, times):
            return f"for _ in range({times}):\n" + _indented(_laid(call, room - INDENT))
        case Comment(text):
            return comment(text, room)


def _assigned(target: str, value: Expression, room: int) -> str:
    return f"{target} = {_laid(value, room, len(target) + 3, apart=True)}"


def _assigned_each(targets: list[str], value: Expression, room: int) -> str:
    """Several variables, one a line where they leave no room for the call."""
    one_line = ", ".join(targets)
    if len(one_line) + len(" = ") + len(_text(value).partition("(")[0]) + 1 <= room:
        return _assigned(one_line, value, room)
    return "(\n" + _indented("\n".join(f"{each}," for each in targets)) + f"\n) = {_laid(value, room, len(') = '), apart=True)}"


def _alone(variable: str, value: Expression, scope: str | None, room: int) -> str:
    """What is made in a thread of its own."""
    if scope is None:
        made = _laid(value, room - INDENT, len("lambda: "))
        return f"{name(variable)} = made_alone(\n" + _indented(f"lambda: {made}") + "\n)"
    made = _scoped(f"return {_laid(value, room - 2 * INDENT, len('return '))}", scope)
    return f"def make():\n{_indented(made)}\n\n{name(variable)} = made_alone(make)"


def _marking(target: str, mark: str, deep: bool) -> str:
    lines = [comment("The optimizer tells weights by their paths, which must be of one layer only.", WIDTH)]
    lines.append(f"for layer in {name(target)}.layers:")
    lines.append(f"    layer.name += {literal('.' + mark)}")
    if deep:
        lines += ['    for inner in getattr(layer, "layers", ()):', f"        inner.name += {literal('.' + mark)}"]
    return "\n".join(lines)


def _scoped(statement: str, scope: str | None) -> str:
    return f"with keras.name_scope({literal(scope)}):\n" + _indented(statement)


def _freezing(target: str, body: str) -> str:
    return f"for layer in {name(target)}.layers:\n{body}"


def _laid(expression: Expression, room: int, before: int = 0, after: int = 0, apart: bool = False) -> str:
    """One line where it fits into `room` columns, else an argument a line.

    Of the first line `before` columns are taken, of the last `after`. What stands `apart`, not between brackets, gets its
    own where it is of several terms.
    """
    text = _text(expression)
    if before + len(text) + after <= room:
        return text
    match expression:
        case Call(path, arguments, keywords) if arguments or keywords:
            return _broken(_short(path), arguments, keywords, room)
        case Apply(layer, arguments, keywords):
            return _applied(layer, arguments, keywords, room, before, after)
        case Slice(value, index):
            suffix = _subscript(index)
            return _laid(value, room, before, len(suffix) + after, apart=True) + suffix
        case Infix(operator):
            inside = room - INDENT if apart else room
            *others, (sign, last) = _terms(expression, operator)
            laid = [_term(each, term, operator, inside) for each, term in others]
            lines = "\n".join((*laid, _term(sign, last, operator, inside if apart else inside - after)))
            return f"(\n{_indented(lines)}\n)" if apart else lines
        case list():
            return "[\n" + "".join(_indented(_laid(each, room - INDENT, 0, 1)) + ",\n" for each in expression) + "]"
        case dict():
            return "{\n" + "".join(_indented(_entry(*each, room - INDENT)) + ",\n" for each in expression.items()) + "}"
        case str():
            return strings(expression, room, before, after)
    return text


def _entry(key: str, value: Expression, room: int) -> str:
    text = f"{literal(key)}: {_text(value)}"
    if len(text) < room:
        return text
    first_line, *_ = _laid(value, room, room).split("\n")
    *others, head = _laid(key, room, 0, len(first_line) + 2).split("\n")
    return "\n".join((*others, f"{head}: {_laid(value, room, len(head) + 2, 1)}"))


def _applied(
    layer: Expression,
    arguments: tuple[Expression, ...],
    keywords: tuple[tuple[str, Expression], ...],
    room: int,
    before: int,
    after: int,
) -> str:
    """A layer's constructor in lines of its own, but for inputs that are longer than it or do not fit behind it."""
    inputs = f"({_arguments(arguments, keywords)})"
    head = _text(layer)
    fits = before + len(head) < room
    if not isinstance(layer, Call) or (fits and len(inputs) > room // 2):
        return _broken(head, arguments, keywords, room)
    made = _broken(_short(layer.path), layer.arguments, layer.keywords, room)
    return made + inputs if len(inputs) + 1 + after <= room else _broken(made, arguments, keywords, room)


def _broken(head: str, arguments: tuple[Expression, ...], keywords: tuple[tuple[str, Expression], ...], room: int) -> str:
    inside = room - INDENT
    lines = [_laid(each, inside, 0, 1) for each in arguments]
    lines += [f"{name(key)}={_laid(each, inside, len(key) + 1, 1, apart=True)}" for key, each in keywords]
    return f"{head}(\n" + "".join(_indented(line) + ",\n" for line in lines) + ")"


def _terms(expression: Expression, operator: str) -> list[tuple[str, Expression]]:
    """The terms of a sum or the factors of a product, each with the sign and the space before it."""
    if not isinstance(expression, Infix) or PRECEDENCE[expression.operator] != PRECEDENCE[operator]:
        return [("", expression)]
    return [*_terms(expression.left, operator), (f"{expression.operator} ", expression.right)]


def _term(sign: str, term: Expression, operator: str, room: int) -> str:
    """A term in a line of its own, or several."""
    place = PRECEDENCE[operator] + bool(sign)
    text = _operand(term, place)
    return sign + (text if len(sign) + len(text) <= room else _laid(term, room, room, apart=_is_loose(term, place)))


def _short(path: str) -> str:
    for prefix in ("layers", "ops"):
        if path.startswith(f"keras.{prefix}."):
            return name(path.removeprefix("keras."))
    return name(path)


def _arguments(arguments: tuple[Expression, ...], keywords: tuple[tuple[str, Expression], ...]) -> str:
    return ", ".join([*map(_text, arguments), *(f"{name(key)}={_text(value)}" for key, value in keywords)])


def _text(expression: Expression) -> str:
    match expression:
        case Ref(variable):
            return name(variable)
        case Named(path):
            return _short(path)
        case Call(path, arguments, keywords):
            return f"{_short(path)}({_arguments(arguments, keywords)})"
        case Apply(layer, arguments, keywords):
            return f"{_text(layer)}({_arguments(arguments, keywords)})"
        case Slice(value, index):
            return _operand(value, 3) + _subscript(index)
        case Attribute(value, attribute):
            return f"{_operand(value, 3)}.{name(attribute)}"
        case Infix(operator, left, right):
            place = PRECEDENCE[operator]
            return f"{_operand(left, place)} {operator} {_operand(right, place + 1)}"
        case OnTensorFlow(value, elsewhere):
            return f'{literal(value)} if keras.backend.backend() == "tensorflow" else {literal(elsewhere)}'
        case tuple():
            inner = ", ".join(map(_text, expression))
            return f"({inner},)" if len(expression) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(map(_text, expression))}]"
        case dict():
            return "{" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in expression.items()) + "}"
        case _:
            return literal(expression)


def _operand(expression: Expression, place: int) -> str:
    """An operand of an operator, in brackets where it is loose."""
    text = _text(expression)
    return f"({text})" if _is_loose(expression, place) else text


def _is_loose(expression: Expression, place: int) -> bool:
    """Whether an expression binds less than one in that place must."""
    if isinstance(expression, Infix):
        return PRECEDENCE[expression.operator] < place
    return isinstance(expression, float) and " " in literal(expression)


def _subscript(index: tuple[Index, ...]) -> str:
    return f"[{', '.join(map(_index, index))}]"


def _index(index: Index) -> str:
    if isinstance(index, tuple):
        return ":".join("" if part is None else str(part) for part in index)
    return ":" if index is None else str(index)
