"""Prints a Program as Python source that a person would be glad to have written. Imports no Keras."""

from __future__ import annotations

from ..program import Apply, Call, Comment, Do, Expression, Infix, Let, MarkLayers, Program, Ref, SetAttribute, Slice, Statement

WIDTH = 100


def source(program: Program, description: str | None = None) -> str:
    """A module with `build_model()`, which gives the same model as running the program."""
    body = "\n".join(_indented(_statement(statement)) for statement in program.statements)
    used = [name for name in ("layers", "ops") if f" {name}." in body or f"({name}." in body or f"[{name}." in body]
    own = "".join(f"import {module}\n" for module in program.imports)
    imports = f"import keras\n{own}" + (f"from keras import {', '.join(used)}\n" if used else "")
    about = f"{program.name}: {description}" if description else program.name
    return (
        f'"""{_docstring(about)}"""\n\n{imports}\n\n'
        f"def build_model() -> keras.Model:\n{body}\n    return model\n\n\n"
        'if __name__ == "__main__":\n    build_model().summary()\n'
    )


def _docstring(text: str) -> str:
    flat = " ".join(text.split()).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return flat[:-1] + '\\"' if flat.endswith('"') else flat


def _indented(text: str) -> str:
    return "\n".join("    " + line for line in text.splitlines())


def _statement(statement: Statement) -> str:
    match statement:
        case Let(name, value, None):
            return f"{name} = {_wrapped(value, len(name) + 3)}"
        case Let(name, value, scope):
            return f"with keras.name_scope({_text(scope)}):\n" + _indented(f"{name} = {_wrapped(value, len(name) + 7)}")
        case MarkLayers(target, mark, deep):
            return _marking(target, mark, deep)
        case SetAttribute(target, attribute, value):
            return f"{target}.{attribute} = {_text(value)}"
        case Do(call):
            return _wrapped(call, 0)
        case Comment(text):
            return f"# {text}"


def _marking(target: str, mark: str, deep: bool) -> str:
    lines = ["# The optimizer tells weights by their paths, which must be of one layer only.", f"for layer in {target}.layers:"]
    lines.append(f'    layer.name += ".{mark}"')
    if deep:
        lines += ['    for inner in getattr(layer, "layers", ()):', f'        inner.name += ".{mark}"']
    return "\n".join(lines)


def _wrapped(expression: Expression, used: int) -> str:
    """One line where it fits, else an argument a line."""
    text = _text(expression)
    if len(text) + used + 4 <= WIDTH:
        return text
    match expression:
        case Call(path, arguments, keywords) if arguments or keywords:
            return _broken(_short(path), arguments, keywords)
        case Apply(Call() as layer, arguments, keywords):
            applied = f"({_arguments(arguments, keywords)})"
            short = _text(layer)
            if len(applied) > WIDTH // 2 and len(short) + used + 4 <= WIDTH:
                return _broken(short, arguments, keywords)
            return _broken(_short(layer.path), layer.arguments, layer.keywords) + applied
        case Infix(operator, left, right):
            return f"(\n    {_operand(left)}\n    {operator} {_operand(right)}\n)"
        case list():
            return "[\n" + "".join(_indented(_wrapped(each, 4)) + ",\n" for each in expression) + "]"
        case dict():
            lines = (f"{_text(name)}: {_wrapped(each, len(name) + 8)}" for name, each in expression.items())
            return "{\n" + "".join(_indented(line) + ",\n" for line in lines) + "}"
    return text


def _broken(head: str, arguments: tuple[Expression, ...], keywords: tuple[tuple[str, Expression], ...]) -> str:
    lines = [_wrapped(each, 4) for each in arguments] + [f"{name}={_wrapped(each, len(name) + 5)}" for name, each in keywords]
    return f"{head}(\n" + "".join(_indented(line) + ",\n" for line in lines) + ")"


def _short(path: str) -> str:
    for prefix in ("layers", "ops"):
        if path.startswith(f"keras.{prefix}."):
            return path.removeprefix("keras.")
    return path


def _arguments(arguments: tuple[Expression, ...], keywords: tuple[tuple[str, Expression], ...]) -> str:
    return ", ".join([*map(_text, arguments), *(f"{name}={_text(value)}" for name, value in keywords)])


def _text(expression: Expression) -> str:
    match expression:
        case Ref(name):
            return name
        case Call(path, arguments, keywords):
            return f"{_short(path)}({_arguments(arguments, keywords)})"
        case Apply(layer, arguments, keywords):
            return f"{_text(layer)}({_arguments(arguments, keywords)})"
        case Slice(value, index):
            return f"{_operand(value)}[{', '.join(map(_index, index))}]"
        case Infix(operator, left, right):
            return f"{_operand(left)} {operator} {_operand(right)}"
        case tuple():
            inner = ", ".join(map(_text, expression))
            return f"({inner},)" if len(expression) == 1 else f"({inner})"
        case list():
            return f"[{', '.join(map(_text, expression))}]"
        case dict():
            return "{" + ", ".join(f"{_text(k)}: {_text(v)}" for k, v in expression.items()) + "}"
        case str():
            return '"' + repr(expression)[1:-1].replace('"', '\\"').replace("\\'", "'") + '"'
        case _:
            return repr(expression)


def _operand(expression: Expression) -> str:
    text = _text(expression)
    return f"({text})" if isinstance(expression, Infix) else text


def _index(index: int | tuple[int | None, int | None] | None) -> str:
    if isinstance(index, tuple):
        return ":".join("" if part is None else str(part) for part in index)
    return ":" if index is None else str(index)
