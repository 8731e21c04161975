"""Prints a Program as Python source that a person would be glad to have written. Imports no Keras."""

from __future__ import annotations

from ...ir.program import (
    Apply,
    Attribute,
    Call,
    Comment,
    Do,
    DottedName,
    Expression,
    FreezeBefore,
    FreezeNorms,
    Index,
    Infix,
    Let,
    LetEach,
    MarkLayers,
    OnTensorFlow,
    Program,
    Ref,
    SetAttribute,
    Slice,
    Statement,
    find_calls,
)
from ...text.escape.python import name, write_comment, write_docstring, write_strings
from .literals import write_literal

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


def write_source(program: Program, description: str | None = None) -> str:
    """A module with `build_model()`, which gives the same model as running the program."""
    body = "\n".join(_indent(_write_statement(statement)) for statement in program.statements)
    paths = [call.path for statement in program.statements for call in find_calls(statement)]
    used = [each for each in ("layers", "ops") if any(path.startswith(f"keras.{each}.") for path in paths)]
    own = "".join(f"import {name(module)}\n" for module in program.imports)
    alone = any(isinstance(each, Let) and each.alone for each in program.statements)
    threads = "from concurrent.futures import ThreadPoolExecutor\n\n" if alone else ""
    imports = f"{threads}import keras\n{own}" + (f"from keras import {', '.join(used)}\n" if used else "")
    about = f"{program.name}: {description}" if description else program.name
    return (
        f"{write_docstring(about, WIDTH)}\n\n{imports}\n\n{ALONE if alone else ''}"
        f"def build_model() -> keras.Model:\n{body}\n    return model\n\n\n"
        'if __name__ == "__main__":\n    build_model().summary()\n'
    )


def _indent(text: str) -> str:
    return "\n".join(" " * INDENT + line for line in text.split("\n"))


def _write_statement(statement: Statement) -> str:
    room = WIDTH - INDENT
    match statement:
        case Let(variable, value, scope, True):
            return _write_alone(variable, value, scope, room)
        case Let(variable, value, None):
            return _assign(name(variable), value, room)
        case Let(variable, value, scope):
            return _write_scoped(_assign(name(variable), value, room - INDENT), scope)
        case LetEach(names, value):
            return _assign_each([*map(name, names)], value, room)
        case SetAttribute(target, attribute, value):
            return _assign(name(f"{target}.{attribute}"), value, room)
        case MarkLayers(target, mark, deep):
            return _write_marking(target, mark, deep)
        case FreezeBefore(target, layer):
            return _write_freezing(
                target, f"    if layer.name == {write_literal(layer)}:\n        break\n    layer.trainable = False"
            )
        case FreezeNorms(target):
            kind = "keras.layers.BatchNormalization"
            return _write_freezing(target, f"    if isinstance(layer, {kind}):\n        layer.trainable = False")
        case Do(call, 1):
            return _lay_out(call, room)
        case Do(call, times):
            return f"for _ in range({times}):\n" + _indent(_lay_out(call, room - INDENT))
        case Comment(text):
            return write_comment(text, room)


def _assign(target: str, value: Expression, room: int) -> str:
    return f"{target} = {_lay_out(value, room, len(target) + 3, apart=True)}"


def _assign_each(targets: list[str], value: Expression, room: int) -> str:
    """Several variables, one a line where they leave no room for the call."""
    one_line = ", ".join(targets)
    if len(one_line) + len(" = ") + len(_write_text(value).partition("(")[0]) + 1 <= room:
        return _assign(one_line, value, room)
    return "(\n" + _indent("\n".join(f"{each}," for each in targets)) + f"\n) = {_lay_out(value, room, len(') = '), apart=True)}"


def _write_alone(variable: str, value: Expression, scope: str | None, room: int) -> str:
    """What is made in a thread of its own."""
    if scope is None:
        made = _lay_out(value, room - INDENT, len("lambda: "))
        return f"{name(variable)} = made_alone(\n" + _indent(f"lambda: {made}") + "\n)"
    made = _write_scoped(f"return {_lay_out(value, room - 2 * INDENT, len('return '))}", scope)
    return f"def make():\n{_indent(made)}\n\n{name(variable)} = made_alone(make)"


def _write_marking(target: str, mark: str, deep: bool) -> str:
    lines = [write_comment("The optimizer tells weights by their paths, which must be of one layer only.", WIDTH)]
    lines.append(f"for layer in {name(target)}.layers:")
    lines.append(f"    layer.name += {write_literal('.' + mark)}")
    if deep:
        lines += ['    for inner in getattr(layer, "layers", ()):', f"        inner.name += {write_literal('.' + mark)}"]
    return "\n".join(lines)


def _write_scoped(statement: str, scope: str | None) -> str:
    return f"with keras.name_scope({write_literal(scope)}):\n" + _indent(statement)


def _write_freezing(target: str, body: str) -> str:
    return f"for layer in {name(target)}.layers:\n{body}"


def _lay_out(expression: Expression, room: int, before: int = 0, after: int = 0, apart: bool = False) -> str:
    """One line where it fits into `room` columns, else an argument a line.

    Of the first line `before` columns are taken, of the last `after`. What stands `apart`, not between brackets, gets its
    own where it is of several terms.
    """
    text = _write_text(expression)
    if before + len(text) + after <= room:
        return text
    match expression:
        case Call(path, arguments, keywords) if arguments or keywords:
            return _break_lines(_shorten_path(path), arguments, keywords, room)
        case Apply(layer, arguments, keywords):
            return _write_constructor(layer, arguments, keywords, room, before, after)
        case Slice(value, index):
            suffix = _write_subscript(index)
            return _lay_out(value, room, before, len(suffix) + after, apart=True) + suffix
        case Infix(operator):
            inside = room - INDENT if apart else room
            *others, (sign, last) = _list_terms(expression, operator)
            laid = [_write_term(each, term, operator, inside) for each, term in others]
            lines = "\n".join((*laid, _write_term(sign, last, operator, inside if apart else inside - after)))
            return f"(\n{_indent(lines)}\n)" if apart else lines
        case list():
            return "[\n" + "".join(_indent(_lay_out(each, room - INDENT, 0, 1)) + ",\n" for each in expression) + "]"
        case dict():
            return "{\n" + "".join(_indent(_write_entry(*each, room - INDENT)) + ",\n" for each in expression.items()) + "}"
        case str():
            return write_strings(expression, room, before, after)
    return text


def _write_entry(key: str, value: Expression, room: int) -> str:
    text = f"{write_literal(key)}: {_write_text(value)}"
    if len(text) < room:
        return text
    first_line, *_ = _lay_out(value, room, room).split("\n")
    *others, head = _lay_out(key, room, 0, len(first_line) + 2).split("\n")
    return "\n".join((*others, f"{head}: {_lay_out(value, room, len(head) + 2, 1)}"))


def _write_constructor(
    layer: Expression,
    arguments: tuple[Expression, ...],
    keywords: tuple[tuple[str, Expression], ...],
    room: int,
    before: int,
    after: int,
) -> str:
    """A layer's constructor in lines of its own, but for inputs that are longer than it or do not fit behind it."""
    inputs = f"({_write_arguments(arguments, keywords)})"
    head = _write_text(layer)
    fits = before + len(head) < room
    if not isinstance(layer, Call) or (fits and len(inputs) > room // 2):
        return _break_lines(head, arguments, keywords, room)
    made = _break_lines(_shorten_path(layer.path), layer.arguments, layer.keywords, room)
    return made + inputs if len(inputs) + 1 + after <= room else _break_lines(made, arguments, keywords, room)


def _break_lines(head: str, arguments: tuple[Expression, ...], keywords: tuple[tuple[str, Expression], ...], room: int) -> str:
    inside = room - INDENT
    lines = [_lay_out(each, inside, 0, 1) for each in arguments]
    lines += [f"{name(key)}={_lay_out(each, inside, len(key) + 1, 1, apart=True)}" for key, each in keywords]
    return f"{head}(\n" + "".join(_indent(line) + ",\n" for line in lines) + ")"


def _list_terms(expression: Expression, operator: str) -> list[tuple[str, Expression]]:
    """The terms of a sum or the factors of a product, each with the sign and the space before it."""
    if not isinstance(expression, Infix) or PRECEDENCE[expression.operator] != PRECEDENCE[operator]:
        return [("", expression)]
    return [*_list_terms(expression.left, operator), (f"{expression.operator} ", expression.right)]


def _write_term(sign: str, term: Expression, operator: str, room: int) -> str:
    """A term in a line of its own, or several."""
    place = PRECEDENCE[operator] + bool(sign)
    text = _write_operand(term, place)
    return sign + (text if len(sign) + len(text) <= room else _lay_out(term, room, room, apart=_is_loose(term, place)))


def _shorten_path(path: str) -> str:
    for prefix in ("layers", "ops"):
        if path.startswith(f"keras.{prefix}."):
            return name(path.removeprefix("keras."))
    return name(path)


def _write_arguments(arguments: tuple[Expression, ...], keywords: tuple[tuple[str, Expression], ...]) -> str:
    return ", ".join([*map(_write_text, arguments), *(f"{name(key)}={_write_text(value)}" for key, value in keywords)])


def _write_text(expression: Expression) -> str:
    match expression:
        case Ref(variable):
            return name(variable)
        case DottedName(path):
            return _shorten_path(path)
        case Call(path, arguments, keywords):
            return f"{_shorten_path(path)}({_write_arguments(arguments, keywords)})"
        case Apply(layer, arguments, keywords):
            return f"{_write_text(layer)}({_write_arguments(arguments, keywords)})"
        case Slice(value, index):
            return _write_operand(value, 3) + _write_subscript(index)
        case Attribute(value, attribute):
            return f"{_write_operand(value, 3)}.{name(attribute)}"
        case Infix(operator, left, right):
            place = PRECEDENCE[operator]
            return f"{_write_operand(left, place)} {operator} {_write_operand(right, place + 1)}"
        case OnTensorFlow(value, elsewhere):
            return f'{write_literal(value)} if keras.backend.backend() == "tensorflow" else {write_literal(elsewhere)}'
        case tuple():
            inner = ", ".join(map(_write_text, expression))
            return f"({inner},)" if len(expression) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(map(_write_text, expression))}]"
        case dict():
            return "{" + ", ".join(f"{_write_text(k)}: {_write_text(v)}" for k, v in expression.items()) + "}"
        case _:
            return write_literal(expression)


def _write_operand(expression: Expression, place: int) -> str:
    """An operand of an operator, in brackets where it is loose."""
    text = _write_text(expression)
    return f"({text})" if _is_loose(expression, place) else text


def _is_loose(expression: Expression, place: int) -> bool:
    """Whether an expression binds less than one in that place must."""
    if isinstance(expression, Infix):
        return PRECEDENCE[expression.operator] < place
    return isinstance(expression, float) and " " in write_literal(expression)


def _write_subscript(index: tuple[Index, ...]) -> str:
    return f"[{', '.join(map(_write_index, index))}]"


def _write_index(index: Index) -> str:
    if isinstance(index, tuple):
        return ":".join("" if part is None else str(part) for part in index)
    return ":" if index is None else str(index)
