"""A seed to an input: the files of a folder, and a command line that reads them. Imports no stage of the package."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

import yaml

from cnnlstm_spec.ops import FAMILIES, find_op
from fuzz import ROOT
from fuzz.hostile import riddled, text
from fuzz.inputs.arguments import command_line
from fuzz.text import get, paths_of

KINDS = ("bytes", "text", "tree", "files", "command")
"""A fifth of the seeds each."""
SPEC = "spec.yaml"
SMALL = 150
"""Values of a tree that is mutated often; a larger one takes as much longer."""
NUMBERS = (0, 1, -1, 2, 3, 7, 10**6, 10**17, -(10**17), 0.0, -0.0, 0.5, 1e-30, 1e30, 1e308, -1e308)
WORDS = (
    *("", " ", "null", "~", "$", "$x", "${x}", "${1 +", "${1 // 0}", "${9999999999 * 9999999999}", "$width", "${width / 0}"),
    *("1/255", "1/0", "010", ".nan", "<<", "*", "&", "same", "valid", "causal", "relu", "Dense", "adam", "mse", "imagenet"),
    *("projection", "identity", "concat", "head", "..", "/", "a.b"),
)
LISTS = ([], [[]], [None], [1, 2], [1, 2, 3], [0, 0], [-1], ["$x"], [["a"] * 5])
MAPPINGS = ({}, {"": None}, {"Dense": None}, {"Dense": {}}, {"Dense": {"units": 3}})
ODD = (None, True, False, *NUMBERS, *WORDS, *LISTS, *MAPPINGS)
"""What may stand where another value does."""
KEYS = (
    *("version", "name", "description", "branches", "head", "heads", "fusion", "compile", "vars", "blocks", "matrix", "extends"),
    *(
        "targets",
        "budget",
        "expect",
        "seed",
        "batch_size",
        "layers_from",
        "x-y",
        "input",
        "layers",
        "share_layers_with",
        "inputs",
    ),
    *("strategy", "layer", "units", "broadcast", "query", "merge", "paths", "times", "each", "shortcut", "parameters", "share"),
    *("trainable", "kind", "shape", "axes", "dtype", "padding_value", "mask_input", "time_axis", "optimizer", "loss", "metrics"),
    *("loss_weights", "learning_rate_multipliers", "jit_compile", "dtype_policy"),
    *(
        "data",
        "train",
        "validation",
        "test",
        "root",
        "window",
        "targets",
        "sample_weight",
        "column",
        "columns",
        "fraction",
        "last",
    ),
    *(
        "fit",
        "epochs",
        "class_weight",
        "callbacks",
        "monitor",
        "phases",
        "freeze",
        "threshold",
        "start_from",
        "length",
        "augment",
    ),
    *("search", "maximize", "minimize", "space", "trials", "pruner", "int", "float", "log"),
)
PLACES = ("specs/**/*.yaml", "cnnlstm_spec/cli/templates/*.yaml", "tests/specs/fuzz/*.yaml")
SOUP = b"[ ] { } , : - ? ! | > & * % @ ` # \" ' \\ \n \t \r \x00 <<: --- ... !!str &a *a a 1 $a".split(b" ")
DEEP = (b"[", b"{a: ", b"- ", b"? ", b"((", b"&a [*a, ", b"!!a ", b"'", b'"', b"\xef\xbb\xbf")
MERGES = ("concat", "add", "gated", {"strategy": "concat", "axis": 1})
PATHS = (
    *("loop.yaml", "pipe.yaml", "folder.yaml", "gone.yaml", SPEC, "../x.yaml", "/etc/passwd", "/dev/zero", "/dev/tty", "", "."),
    *("a" * 300, "a/" * 900, "\0", "\ud800"),
)


@dataclass(frozen=True)
class Input:
    """What is put into a folder, and the arguments of the command line; without any those of the usual commands."""

    kind: str
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """Names of links, each with where it leads; `|` makes a pipe, `/` a folder."""
    arguments: tuple[str, ...] = ()
    stdin: bytes = b""


def draw(seed: int) -> Input:
    """The input of a seed."""
    rng = Random(seed)
    return DRAWN[KINDS[seed % len(KINDS)]](rng)


@cache
def trees() -> tuple[tuple[Any, int], ...]:
    """The documents of specs and starters, and of the examples of pages, each with how many values it has."""
    paths = [
        *ROOT.glob("specs/**/*.yaml"),
        *ROOT.glob("cnnlstm_spec/cli/templates/*.yaml"),
        *ROOT.glob("tests/specs/fuzz/*.yaml"),
    ]
    texts = [path.read_text("utf-8") for path in sorted(paths)]
    for page in sorted((ROOT / "cnnlstm_spec" / "text" / "codes").glob("*.md")):
        texts += [part.partition("\n```")[0] for part in page.read_text("utf-8").split("```yaml\n")[1:]]
    found = []
    for each in texts:
        try:
            # Aliases may stand for what holds them, and dates be values.
            tree = json.loads(json.dumps(yaml.load(each, getattr(yaml, "CSafeLoader", yaml.SafeLoader))))
        except (yaml.YAMLError, ValueError, TypeError):
            continue
        if isinstance(tree, dict):
            found.append((tree, len(paths_of(tree))))
    return tuple(found)


def a_tree(rng: Random) -> Any:
    """A document, small ones more often."""
    while True:
        tree, size = rng.choice(trees())
        if size < SMALL or rng.random() < 0.1:
            return copy.deepcopy(tree)


def written(tree: Any) -> bytes:
    """A document as YAML: JSON is, but for characters that must be written as YAML writes them."""
    plain = json.dumps(tree, ensure_ascii=False, allow_nan=True).replace("NaN", ".nan").replace("Infinity", ".inf")
    return "".join(map(_escaped, plain)).encode("utf-8", "surrogatepass") if not plain.isprintable() else plain.encode()


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}" if ord(char) < 65536 else f"\\U{ord(char):08x}"


def _bytes(rng: Random) -> Input:
    data = written(a_tree(rng))
    match rng.randrange(7):
        case 0:
            data = rng.randbytes(rng.randrange(200))
        case 1:
            data = "".join(text(rng) for _ in range(rng.randrange(1, 5))).encode("utf-8", "surrogatepass")
        case 2:
            data = data.decode().encode(rng.choice(("utf-16", "utf-32", "utf-8-sig", "utf-16-le", "utf-7")))
        case 3:
            at = rng.randrange(len(data))
            data = data[:at] + rng.randbytes(rng.randrange(1, 5)) + data[at + rng.randrange(5) :]
        case 4:
            data = data[: rng.randrange(len(data))]
        case 5:
            between = (b"", b" ", b"\n", b"\n  ")
            data = b"".join(rng.choice(SOUP) + rng.choice(between) for _ in range(rng.randrange(1, 60)))
        case _:
            data = rng.choice(DEEP) * rng.choice((3, 70, 1500, 30_000))
    return Input("bytes", {SPEC: data})


def _text(rng: Random) -> Input:
    if rng.random() < 0.4:
        # A description may be any text, which so comes through to the source that is printed.
        return Input("text", {SPEC: written({**a_tree(rng), "description": text(rng)})})
    tree = riddled(a_tree(rng), rng, rng.randint(1, 3))
    return Input("text", {SPEC: written(tree)})


def _tree(rng: Random) -> Input:
    tree = a_tree(rng)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        tree = mutated(tree, rng)
    return Input("tree", {SPEC: written(tree)})


def mutated(tree: Any, rng: Random) -> Any:
    """The tree with one thing otherwise."""
    paths = paths_of(tree)
    if not paths:
        return rng.choice(ODD)
    path = rng.choice(paths)
    holder, step = get(tree, path[:-1]), path[-1]
    value = holder[step]
    match rng.randrange(9):
        case 0:
            del holder[step]
        case 1:
            holder[step] = copy.deepcopy(rng.choice(ODD))
        case 2:
            other = a_tree(rng)
            holder[step] = copy.deepcopy(get(other, rng.choice(paths_of(other))))
        case 3:
            holder[step] = copy.deepcopy(get(tree, rng.choice(paths)))
        case 4 if isinstance(holder, dict):
            del holder[step]
            holder[rng.choice((*KEYS, str(step) + "s", str(step).upper()))] = value
        case 4 if isinstance(holder, list):
            holder[step:step] = [copy.deepcopy(value)] * rng.choice((1, 2, 30))
        case 5:
            holder[step] = wrapped(value, rng)
        case 6 if isinstance(holder, list):
            holder[step] = a_layer(rng)
        case 7 if isinstance(value, int | float) and not isinstance(value, bool):
            holder[step] = rng.choice((value + 1, value - 1, -value, value * 1000, [value], str(value), None, "n", "$n"))
        case 8 if isinstance(tree, dict) and isinstance(tree.setdefault("vars", {}), dict):
            itself = rng.choice(("$v", ["$v", "$w"], {"a": "$v"}, "${v + w}"))
            tree["vars"]["v"] = copy.deepcopy(value) if rng.random() < 0.7 else itself
            holder[step] = rng.choice(("$v", "${v}", "${v + 1}", ["$v", "$v"]))
        case _:
            holder[step] = copy.deepcopy(rng.choice(ODD))
    return tree


def wrapped(value: Any, rng: Random) -> Any:
    """A value inside a structure or a wrapper."""
    items = value if isinstance(value, list) else [value]
    return rng.choice(
        (
            {"Repeat": {"times": rng.choice((0, 1, 2, 40, 10**6)), "layers": items}},
            {"Repeat": {"each": {"n": [1, 2, 3]}, "layers": items}},
            {"Residual": {"layers": items, "shortcut": rng.choice(("identity", "projection", []))}},
            {
                "Parallel": {
                    "paths": {"p": items, "q": []},
                    "merge": rng.choice(("concat", "add", "gated", {"strategy": "concat", "axis": 1})),
                }
            },
            {"TimeDistributed": items},
            {"Bidirectional": {"layer": value}},
            {"SpectralNormalization": {"layer": value}},
            [value, value],
            {"layers": items},
        )
    )


@cache
def layer_names() -> tuple[str, ...]:
    """Every layer that a spec may name."""
    return tuple(sorted(name for names in FAMILIES.values() for name in names))


def a_layer(rng: Random) -> Any:
    """A layer with a few arguments, most of which it has."""
    name = rng.choice(layer_names())
    if rng.random() < 0.2:
        return name
    return {name: {rng.choice(_arguments(name)): copy.deepcopy(rng.choice(ODD)) for _ in range(rng.randrange(4))}}


@cache
def _arguments(name: str) -> tuple[str, ...]:
    op = find_op(name)
    return tuple(op.arguments) if op is not None else ("units",)


def _files(rng: Random) -> Input:
    if rng.random() < 0.5:
        return Input("files", {SPEC: written(_with_matrix(a_tree(rng), rng))})
    tree = a_tree(rng)
    files: dict[str, bytes] = {}
    names = ["_base.yaml", "_other.yaml", "sub/_deep.yaml"]
    for index, name in enumerate(names):
        part = a_tree(rng) if rng.random() < 0.3 else {key: tree[key] for key in tree if rng.random() < 0.8}
        for _ in range(rng.choice((0, 0, 1, 2))):
            part = mutated(part, rng)
        if isinstance(part, dict) and rng.random() < 0.6:
            part["extends"] = names[(index + 1) % 3] if rng.random() < 0.6 else _a_path(rng)
        files[name] = written(part)
    own = {key: tree[key] for key in tree if rng.random() < 0.6}
    own["extends"] = rng.choice(names) if rng.random() < 0.7 else _a_path(rng)
    files[SPEC] = written(own)
    strange = {"loop.yaml": "loop.yaml", "pipe.yaml": "|", "folder.yaml": "/", "gone.yaml": "nothing"}
    named = b"".join(files.values())
    return Input("files", files, {name: target for name, target in strange.items() if name.encode() in named})


def _a_path(rng: Random) -> Any:
    return rng.choice((*PATHS, *PATHS, text(rng), *ODD))


def _with_matrix(tree: Any, rng: Random) -> Any:
    paths = [path for path in paths_of(tree) if path[0] != "matrix"]
    axes: dict[str, Any] = {}
    for _ in range(rng.choice((1, 1, 2, 3))):
        path = rng.choice(paths)
        words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
        values = [copy.deepcopy(rng.choice((*ODD, get(tree, path)))) for _ in range(rng.choice((1, 2, 2, 3)))]
        axes[rng.choice((words, words, words, f"vars.{rng.choice('abc')}", text(rng), "matrix", "a[0][0]", "seed"))] = values
    if rng.random() < 0.05:
        axes = {"seed": list(range(rng.choice((200, 20_000)))), "name": list("ab")}
    elif rng.random() < 0.1:
        axes = rng.choice((axes, copy.deepcopy(rng.choice(ODD))))
    return {**tree, "matrix": axes}


def _command(rng: Random) -> Input:
    tree = a_tree(rng)
    if rng.random() < 0.3:
        tree = mutated(tree, rng)
    arguments = command_line(rng, [SPEC, "other.yaml"], lambda: text(rng), paths_of(tree), lambda: rng.choice(ODD))
    files = {SPEC: written(tree), "other.yaml": written(a_tree(rng)), "manifest.json": rng.choice((b"[" * 99_999, b"{}", b"1"))}
    return Input("command", files, {"pipe.yaml": "|", "loop.svg": "loop.svg"}, tuple(arguments), written(tree))


DRAWN: dict[str, Callable[[Random], Input]] = {
    "bytes": _bytes,
    "text": _text,
    "tree": _tree,
    "files": _files,
    "command": _command,
}
