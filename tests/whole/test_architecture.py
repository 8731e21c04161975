"""What the structure promises, whatever the code says."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest

import cnnlstm_spec

PACKAGE = Path(cnnlstm_spec.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
SPEC = PACKAGE.parent / "specs" / "equipment-fault.yaml"
HEAVY = ("keras", "tensorflow", "numpy", "jsonschema", "rich")


@cache
def parse(path: Path) -> ast.Module:
    """A file, which several tests look through."""
    return ast.parse(path.read_text("utf-8"))


def iterate_classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    """Every class of the package, with its file."""
    return ((path, each) for path in FILES for each in ast.walk(parse(path)) if isinstance(each, ast.ClassDef))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_holds_one_thing_and_says_so(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(parse(path)), "a file says in its first lines what it is"
    assert len(text.splitlines()) <= 400


FOLDERS = [path for path in FILES if path.name == "__init__.py" and path.parent != PACKAGE]


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.parent.relative_to(PACKAGE).as_posix())
def test_the_first_file_of_a_folder_says_what_it_is(path: Path) -> None:
    """In five lines: first what lives there; what it may import; how a value comes in and how one goes out."""
    text = ast.get_docstring(parse(path)) or ""
    first, empty, *more = text.splitlines()
    assert first and not empty and 1 <= len(more) <= 4
    for said in (r"\bimports? ", r"\bcomes? in\b", r"\bgo(es)? out\b"):
        assert re.search(said, text.replace("\n", " ")), said


ROOMS = ("text", "language", "ir", "ops", "spec", "model", "emit", "compiler", "runs", "editor", "cli")
"""From the lowest to the highest."""


def list_imported_folders(folder: Path) -> set[str]:
    """What the files of a folder, and of those in it, import: rooms, and of its own room the folder that lies there."""
    files = {found for path in folder.rglob("*.py") for found in imported(path)}
    outside = [path.relative_to(PACKAGE) for path in files if not path.is_relative_to(folder)]
    own = folder.relative_to(PACKAGE).parts[0]
    return {"/".join(path.parts[:-1][:2]) if path.parts[0] == own else path.parts[0] for path in outside if len(path.parts) > 1}


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.parent.relative_to(PACKAGE).as_posix())
def test_a_folder_imports_what_its_first_file_says(path: Path) -> None:
    """The folders that it names, and where it says so the rooms below the lowest of them."""
    text = (ast.get_docstring(parse(path)) or "").replace("\n", " ")
    (said,) = re.findall(
        r"\b(?:It|They)(?: run in a process of their own, and)? imports? ([^;.]*?)(?:, and no\b|, but\b|[;.])", text
    )
    named = set(re.findall(r"`([\w/]+?)/?`", said))
    below = min((ROOMS.index(each.partition("/")[0]) for each in named), default=len(ROOMS))
    allowed = named | set(ROOMS[:below] if "below" in said or "every room" in said else ())
    assert list_imported_folders(path.parent) <= allowed


def test_files_are_small() -> None:
    assert median(len(path.read_text("utf-8").splitlines()) for path in FILES) < 150


def test_all_that_is_no_code_is_installed_too() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["cnnlstm_spec"]
    held = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    of_people = set(PACKAGE.rglob("README.md"))
    files = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert files - held == of_people


COMMANDS = [
    ["validate", str(SPEC)],
    ["shapes", str(SPEC)],
    ["plot", str(SPEC), "-o", "plot.svg"],
    ["emit", "python", str(SPEC)],
    ["schema"],
    ["explain", "wrong-rank"],
    ["layers"],
    ["layers", "LSTM"],
    ["dump", "--stage", "typed", str(SPEC)],
    ["new", "video"],
]
WITHOUT = f"""
import json, sys
for name in {HEAVY!r}:
    sys.modules[name] = None
from cnnlstm_spec.cli.main import run
for command in json.loads(sys.argv[1]):
    assert run(command) == 0, command
"""


def test_works_where_tensorflow_is_not_installed(tmp_path: Path) -> None:
    """One command after another in a process of their own, in which what one imports is there for the next, if it can be."""
    environment = {"PYTHONPATH": str(PACKAGE.parent), "PATH": ""}
    line = [sys.executable, "-c", WITHOUT, json.dumps(COMMANDS)]
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


WRITERS = {
    "standard output and error": (
        "cli/terminal.py",
        {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"},
    ),
    "JSON": ("text/escape/json.py", {"json.dumps", "json.dump"}),
}


@pytest.mark.parametrize("medium", WRITERS)
def test_a_medium_has_one_writer(medium: str) -> None:
    """So that what a text holds is escaped in one place, and nothing goes past it."""
    only, ways = WRITERS[medium]
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if any(way.rpartition(".")[2] in path.read_text("utf-8") for way in ways)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ways
    }
    assert found <= {only}


ASKS = {
    "read_text",
    "read_bytes",
    "stat",
    "lstat",
    "exists",
    "is_file",
    "is_dir",
    "is_symlink",
    "readlink",
    "iterdir",
    "glob",
    "rglob",
}
ASKS |= {"samefile", "listdir", "scandir", "walk", "realpath", "expanduser", "isfile", "isdir", "access", "getsize", "getmtime"}
CHANGES = {
    "open",
    "write_text",
    "write_bytes",
    "mkdir",
    "makedirs",
    "unlink",
    "rename",
    "touch",
    "rmdir",
    "chmod",
    "symlink_to",
}
CHANGES |= {"rmtree", "mkstemp", "mkdtemp", "TemporaryDirectory", "NamedTemporaryFile", "copyfile", "move"}
MAY = {"text/files.py": ASKS | CHANGES, "compiler/artifact/write.py": CHANGES, "compiler/artifact/ownership.py": CHANGES}
MAY |= {"runs/export/place.py": CHANGES}
MAY |= {
    "compiler/from_keras/read.py": {"open"},
    "runs/reading/formats/image.py": {"open"},
    "runs/reading/formats/film.py": {"open"},
}
"""What asks the system about paths, and what writes and removes files; libraries whose `open` takes what `files` has found."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_paths_are_asked_about_in_one_place(path: Path) -> None:
    """What the system says of a path becomes a finding there; all other files would have to think of it."""
    forbidden = (ASKS | CHANGES) - MAY.get(path.relative_to(PACKAGE).as_posix(), set())
    tree = list(ast.walk(parse(path)))
    for call in [node for node in tree if isinstance(node, ast.Call)]:
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        name = method or ("open" if ast.unparse(call.func) == "open" else "")
        resolves = method == "resolve" and not (call.args or call.keywords)
        of_no_person = bool(call.args) and ast.unparse(call.args[0]) == "os.devnull"
        assert ast.unparse(call.func) not in ("click.Path", "click.File", "os.remove"), "`files` asks the system"
        assert not resolves and (name not in forbidden or of_no_person), f"line {call.lineno}: `{ast.unparse(call)[:60]}`"
    taken = {node.module for node in tree if isinstance(node, ast.ImportFrom) and node.level == 0}
    taken |= {each.name for node in tree if isinstance(node, ast.Import) for each in node.names}
    assert (
        not taken & {"shutil", "tempfile", "glob", "os.path", "importlib.resources"}
        or path.relative_to(PACKAGE).as_posix() in MAY
    )
    assert not any(
        isinstance(node, ast.ImportFrom) and node.module == "os" and each.name != "PathLike"
        for node in tree
        for each in getattr(node, "names", ())
    )


def find_file(*parts: str) -> Path | None:
    """The file of a module of the package, which may be a folder's first."""
    at = PACKAGE.joinpath(*parts)
    return next((file for file in (at.with_suffix(".py"), at / "__init__.py") if file.is_file()), None)


def imported(path: Path) -> set[Path]:
    """The files of the package that a file imports, inside functions and for types too, or has the name of in a string.

    With a file its folders are imported, but for those that the importing file lies in, which are there already.
    """
    package = path.relative_to(PACKAGE).parts[:-1]
    found: set[Path | None] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = (*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else ()))
            found |= {find_file(*folder, alias.name) or find_file(*folder) for alias in node.names}
        elif isinstance(node, ast.Constant) and str(node.value).startswith("cnnlstm_spec."):
            found.add(find_file(*str(node.value).split(".")[1:]))
    files = {each for each in found if each is not None}
    folders = {above / "__init__.py" for file in files for above in file.parents if PACKAGE in above.parents}
    return (files | folders - {above / "__init__.py" for above in path.parents}) - {path}


def test_there_is_no_circle_of_files() -> None:
    """A file that imports nothing of what is left is taken away, until none is; what cannot be is a circle, or rests on one."""
    left = {path: imported(path) for path in FILES}
    assert sum(map(len, left.values())) > 1000, "imports are found"
    while ready := [path for path, others in left.items() if not others & set(left)]:
        left = {path: others for path, others in left.items() if path not in ready}
    assert {path.relative_to(PACKAGE).as_posix() for path in left} == set()


def test_frozen_classes_are_made_by_one_decorator() -> None:
    """The standard one compiles methods that a cold `validate` never calls."""
    standard = re.compile(r"^from dataclasses import .*\bdataclass\b", re.M)
    frozen = re.compile(r"^@dataclass\(frozen=True(, (eq|repr)=False)*\)", re.M)
    texts = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in FILES}
    assert [name for name, text in texts.items() if frozen.search(text) and standard.search(text)] == []


def test_every_dataclass_is_frozen() -> None:
    """A dataclass is a value. What gathers while it works is a plain class that says so, with methods by which it gathers."""
    found = [
        f"{path.relative_to(PACKAGE)}: {cls.name}"
        for path, cls in iterate_classes()
        for each in map(ast.unparse, cls.decorator_list)
        if re.match(r"(\w+\.)*dataclass\b", each) and "frozen=True" not in each
    ]
    assert found == []


OF_OTHERS = {
    "text/frozen.py": {"__doc__", "__init__", "__qualname__", "setattr"},
    "language/record.py": {"default"},
    "ir/graph.py": {"__dict__"},
    "cli/lsp.py": {"stdout"},
    "cli/terminal.py": {"setattr"},
    "compiler/artifact/saved.py": {"external_attr"},
    "emit/keras/run.py": {"name", "setattr", "trainable"},
    "runs/cluster.py": {"_worker_logs_enabled"},
    "runs/export/child.py": {"daemon"},
    "runs/export/convert/litert.py": {
        "_experimental_calibrate_only",
        "optimizations",
        "representative_dataset",
        "supported_ops",
        "supported_types",
    },
    "runs/export/convert/onnx.py": {"op", "type"},
    "runs/export/plain.py": {"add", "einsum"},
    "runs/export/planes.py": {"call"},
    "runs/export/serving.py": {"setattr", "unroll"},
    "runs/export/widths.py": {"dtype_policy"},
    "runs/reading/formats/film.py": {"thread_count", "thread_type"},
    "runs/reading/formats/image.py": {"__dict__"},
    "runs/search/study.py": {"__dict__", "number", "system_attrs"},
    "runs/together/train.py": {"setattr"},
    "runs/train/devices.py": {"_loss_tracker", "_maybe_symbolic_build", "synchronized"},
    "runs/train/keep.py": {"stop_training"},
    "runs/train/phases.py": {"trainable"},
    "runs/train/spread.py": {"_symbolic_build", "test_step", "train_step"},
    "runs/train/state.py": {"setattr"},
}
"""What is set of objects of Python's and of libraries', which have no other way. The first two make classes of ours; the third keeps
with a node or a graph what was computed of it, as a cached property does."""


def list_set(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """The objects of which a statement or a call sets or removes attributes, and these."""
    targets: list[ast.expr | None] = []
    match node:
        case ast.Assign(targets=several) | ast.Delete(targets=several):
            targets += several
        case ast.AugAssign(target=one) | ast.AnnAssign(target=one) | ast.For(target=one):
            targets.append(one)
        case ast.With(items=items):
            targets += [each.optional_vars for each in items]
        case ast.Call(func=ast.Name("setattr" | "delattr") | ast.Attribute(attr="__setattr__" | "__delattr__")):
            yield node.args[0], "setattr"
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(value=owner, attr="__dict__"), attr="update" | "setdefault" | "pop")
        ):
            yield owner, "__dict__"
    for each in [inner for target in targets if target is not None for inner in ast.walk(target)]:
        match each:
            case ast.Attribute(value=owner, attr=name, ctx=ast.Store() | ast.Del()):
                yield owner, name
            case ast.Subscript(value=ast.Call(func=ast.Name("vars"), args=[owner])):
                yield owner, "__dict__"
            case ast.Subscript(value=ast.Attribute(value=owner, attr="__dict__")):
                yield owner, "__dict__"


def list_set_of_others(scope: ast.AST, own: frozenset[str]) -> Iterator[str]:
    """What is set in a function, or in functions in it, of an object that is neither its own nor one that it has just made empty.

    Its own is what a method has as its first argument, if it is called as that is.
    """
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef):
            first = (
                {each.arg for each in (*node.args.posonlyargs, *node.args.args)[:1]} & {"self", "cls"}
                if isinstance(scope, ast.ClassDef)
                else set()
            )
            made = {
                target.id
                for each in ast.walk(node)
                if isinstance(each, ast.Assign) and ast.unparse(getattr(each.value, "func", each)).endswith(".__new__")
                for target in each.targets
                if isinstance(target, ast.Name)
            }
            yield from list_set_of_others(node, own | first | made)
            continue
        for owner, name in list_set(node):
            if not (isinstance(owner, ast.Name) and owner.id in own):
                yield name
        yield from list_set_of_others(node, own)


def test_no_object_is_changed_from_outside() -> None:
    """What an object of ours holds is set as it is made, or by a method of its own; two that change one thing see each other's."""
    found = {path.relative_to(PACKAGE).as_posix(): set(list_set_of_others(parse(path), frozenset())) for path in FILES}
    assert {file: names for file, names in found.items() if names} == OF_OTHERS


STATE = {
    "compiler/interrupts.py": {"_busy", "_came", "_quiet"},
    "ir/sizes/expr.py": {"_ALIVE"},
    "language/named.py": {"_kinds"},
    "text/diagnostic.py": {"CODES"},
}
"""What a process keeps: whether it was interrupted; expressions, of which equal ones are one; kinds and codes, each made once."""
GROWS = {"append", "add", "update", "setdefault", "pop", "clear", "extend", "insert", "remove", "discard"}


def list_state_changed(tree: ast.Module) -> Iterator[str]:
    """The names of a module that its functions change."""
    held = [
        each.targets if isinstance(each, ast.Assign) else [each.target]
        for each in tree.body
        if isinstance(each, ast.Assign | ast.AnnAssign)
    ]
    names = {each.id for targets in held for each in targets if isinstance(each, ast.Name)}
    for function in [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]:
        own = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
        own |= {each.id for each in ast.walk(function) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        for node in ast.walk(function):
            match node:
                case ast.Global(names=several):
                    yield from several
                case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) if name in names - own:
                    yield name
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if (
                    method in GROWS and name in names - own
                ):
                    yield name


def test_a_process_keeps_nothing_of_a_spec() -> None:
    """Two specs that are loaded one after the other, or at once, give what each gives by itself."""
    found = {path.relative_to(PACKAGE).as_posix(): {*list_state_changed(parse(path))} for path in FILES}
    assert {file: names for file, names in found.items() if names} == STATE


INFER = [
    (path, cls.name, each)
    for path, cls in iterate_classes()
    if path.is_relative_to(PACKAGE / "ops")
    for each in cls.body
    if isinstance(each, ast.FunctionDef) and each.name == "infer" and "super().infer(" not in ast.unparse(each)
]


@pytest.mark.parametrize(("path", "cls", "infer"), INFER, ids=lambda part: part if isinstance(part, str) else "")
def test_an_op_says_what_shape_it_gives(path: Path, cls: str, infer: ast.FunctionDef) -> None:
    """In words, where it is computed; what only checks more than its base says nothing of its own."""
    assert ast.get_docstring(infer)


ANY_FIELDS = 10
"""Fields whose type is `Any`, or has it in it: what a person may write of their own, and what comes from data."""


def test_fields_say_their_types() -> None:
    """A field of type `Any` tells neither an editor nor mypy what it holds."""
    found = [
        f"{path.relative_to(PACKAGE)}: {cls.name}.{ast.unparse(node.target)}"
        for path, cls in iterate_classes()
        for node in cls.body
        if isinstance(node, ast.AnnAssign)
        and any(isinstance(each, ast.Name) and each.id == "Any" for each in ast.walk(node.annotation))
    ]
    assert len(found) == ANY_FIELDS, "\n".join(found)


ANY_GIVEN, ANY_TAKEN = 35, 47
"""Returns and arguments of that type: values by the name of an argument, JSON of Keras's, and what comes of libraries without types."""


def test_functions_say_their_types() -> None:
    """As fields do. Where there are fewer that do not, the numbers here are lowered, so that there are never more again."""
    functions = [each for tree in map(parse, FILES) for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
    given = [each.returns for each in functions if each.returns is not None]
    taken = [each.annotation for function in functions for each in ast.walk(function.args) if isinstance(each, ast.arg)]
    for types, count in ((given, ANY_GIVEN), ([each for each in taken if each is not None], ANY_TAKEN)):
        found = [each for each in types if any(isinstance(n, ast.Name) and n.id == "Any" for n in ast.walk(each))]
        assert len(found) == count


BESIDE_DOCUMENTS = {
    "text/files.py": "it is the function",
    "text/document.py": "`Document.read_file`",
    "compiler/backend.py": "Keras's own settings",
}


def test_a_json_file_is_read_as_its_document() -> None:
    """By key nothing is read of what the tool has written: what is no document of that kind is None."""
    found = {path.relative_to(PACKAGE).as_posix() for path in FILES if "read_json" in path.read_text("utf-8")}
    assert found == BESIDE_DOCUMENTS.keys()


TWICE = {
    "Node": "a node of a graph, and a node of a YAML tree: both are the field's words",
    "Op": "what every layer is, and the layer that people write as `Op`",
    "Slice": "an expression of a program, and the layer that people write as `Slice`",
}


def test_a_name_of_a_class_means_one_thing() -> None:
    """Two classes of one name are one class, or one of them is something more precise."""
    files: dict[str, list[str]] = {}
    for path in FILES:
        for each in parse(path).body:
            if isinstance(each, ast.ClassDef):
                files.setdefault(each.name, []).append(path.relative_to(PACKAGE).as_posix())
    assert {name: where for name, where in files.items() if len(where) > 1}.keys() == TWICE.keys()


def test_files_of_tests_have_names_of_their_own() -> None:
    """Two of one name cannot be collected together."""
    names = sorted(path.name for path in Path(__file__).parent.parent.rglob("test_*.py"))
    assert [name for name in names if names.count(name) > 1] == []


def test_folders_of_tests_are_rooms_of_the_package() -> None:
    """What several rooms do together is tested in `whole`."""
    tests = Path(__file__).parent.parent
    folders = {path.parent.relative_to(tests).as_posix() for path in tests.rglob("test_*.py")}
    assert [each for each in sorted(folders) if each != "whole" and not (PACKAGE / each).is_dir()] == []
