"""Since which Keras there are the classes, functions and arguments that programs call: `language/data/since.json`, from wheels.

    python tools/since.py FOLDER

FOLDER holds a wheel of each version from 3.8 on (`pip download --no-deps keras==3.8.0`), of the newest too; nothing of them is
run. What the oldest has is not in the file.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from zipfile import ZipFile

FILE = Path(__file__).resolve().parent.parent / "cnnlstm_spec" / "language" / "data" / "since.json"
CALLED = {
    "activations",
    "applications",
    "constraints",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "ops",
    "optimizers",
    "regularizers",
}
"""Where lies what programs call."""
EVERY = {"name", "trainable", "dtype", "autocast", "activity_regularizer"}
"""Arguments that every layer hands on, declared or not."""
ANY = "**"
"""Stands for arguments that a class hands on."""


def main() -> int:
    """Writes the file."""
    wheels = sorted(Path(sys.argv[1]).glob("keras-*.whl"), key=lambda path: version_of(path))
    known = [(version_of(path), read_exports(path)) for path in wheels]
    oldest = known[0][1]
    since: dict[str, dict[str, object]] = {}
    for path, arguments in sorted(known[-1][1].items()):
        if path.split(".")[1] not in CALLED:
            continue
        first = next(version for version, exports in known if path in exports)
        found: dict[str, object] = {} if path in oldest else {"since": text_of(first)}
        later = {}
        for name in sorted(arguments - {ANY} - EVERY):
            begins = next(version for version, exports in known if name in exports.get(path, ()))
            if begins > first:
                later[name] = text_of(begins)
        if later:
            found["arguments"] = later
        if found:
            since[path] = found
    text = json.dumps({"oldest": text_of(known[0][0]), "since": since}, indent=1) + "\n"
    FILE.write_text(text, "utf-8")
    return 0


def version_of(wheel: Path) -> tuple[int, ...]:
    """Major and minor."""
    return tuple(int(part) for part in wheel.name.split("-")[1].split(".")[:2])


def text_of(version: tuple[int, ...]) -> str:
    """As people write it."""
    return ".".join(map(str, version))


def read_exports(wheel: Path) -> dict[str, set[str]]:
    """What a version makes public, by path, with the names of its arguments; those of its base where a class has none."""
    classes: dict[str, tuple[list[str], set[str] | None]] = {}
    exports: dict[str, tuple[str, set[str]]] = {}
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith("keras/src/") and name.endswith(".py"):
                for node in ast.parse(archive.read(name)).body:
                    if isinstance(node, ast.ClassDef | ast.FunctionDef):
                        _note(node, classes, exports)
    found = {}
    for path, (name, arguments) in exports.items():
        found[path] = _of_class(name, classes) if name in classes else arguments
    return found


def _note(
    node: ast.ClassDef | ast.FunctionDef,
    classes: dict[str, tuple[list[str], set[str] | None]],
    exports: dict[str, tuple[str, set[str]]],
) -> None:
    if isinstance(node, ast.ClassDef):
        made = next((each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"), None)
        bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        classes[node.name] = (bases, None if made is None else _arguments(made))
        arguments: set[str] = set()
    else:
        arguments = _arguments(node)
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("keras_export"):
            for path in ast.walk(decorator.args[0] if decorator.args else decorator.keywords[0].value):
                if isinstance(path, ast.Constant) and isinstance(path.value, str):
                    exports[path.value] = (node.name, arguments)


def _arguments(function: ast.FunctionDef) -> set[str]:
    given = function.args
    names = {each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)} - {"self"}
    return names | ({ANY} if given.kwarg is not None else set())


def _of_class(name: str, classes: dict[str, tuple[list[str], set[str] | None]], deep: int = 0) -> set[str]:
    """The arguments of a class, with those of its bases where it hands some on."""
    if name not in classes or deep > 10:
        return set()
    bases, own = classes[name]
    if own is not None and ANY not in own:
        return own
    inherited = [_of_class(base, classes, deep + 1) for base in bases]
    return (own or set()).union(*inherited)


if __name__ == "__main__":
    sys.exit(main())
