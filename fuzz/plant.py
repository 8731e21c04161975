"""One mistake planted into a sound spec: exactly one error, and on the planted line. Imports no Keras."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from cnnlstm_spec.compiler.compile import Compilation
from cnnlstm_spec.ops import find_op
from cnnlstm_spec.text.render import render
from fuzz.layers import load_text
from fuzz.text import Path, get, lines_of, paths_of, renamed, replaced, text_of, without

NAMED_BY_PERSON = {"branches", "heads", "blocks", "vars", "parameters", "paths", "each", "axes", "loss_weights"}
"""Sections whose keys are a person's own names, which cannot be misspelt where they stand."""
UNJUDGED = {"PowerLoss", "Counted", "Band", "Stripes"}
"""Classes of a person's own, whose arguments are judged by their code alone (`fuzz/own.py`)."""
RANKED = {"Conv1D": 2, "Conv2D": 3, "Conv3D": 4, "LSTM": 2, "GlobalMaxPooling2D": 3, "UpSampling1D": 2}
REQUIRED = {
    "Conv1D": {"filters": 2, "kernel_size": 1},
    "Conv2D": {"filters": 2, "kernel_size": 1},
    "Conv3D": {"filters": 2, "kernel_size": 1},
    "LSTM": {"units": 2},
}


@dataclass(frozen=True)
class Planted:
    """A spec with one mistake: where it stands, and what was done."""

    what: str
    spec: dict[str, Any]
    path: Path


def plant(spec: dict[str, Any], rng: Random) -> Planted | None:
    """One mistake; None where there is no place for it."""
    return rng.choice(WAYS)(copy.deepcopy(spec), rng)


def complaint(planted: Planted) -> str | None:
    """What is wrong with the diagnostics of a planted mistake; None where there is one error, on its line."""
    text = text_of(planted.spec)
    try:
        compilation = load_text(text)
        render(compilation.diagnostics)
    except Exception as error:
        return f"{planted.what}: {type(error).__name__}: {error}"
    errors = [each for each in compilation.diagnostics if each.severity == "error"]
    first, last = lines_of(text, planted.path)
    lines = [each.place.span.source.find_position(each.place.span.start)[0] for each in errors]
    # A value handed to a block is at fault where the block puts it; the use is then a second place of the finding.
    second = [label.place.span.source.find_position(label.place.span.start)[0] for each in errors for label in each.labels]
    use, end = lines_of(text, planted.path[:-1])
    if len(errors) == 1 and (first <= lines[0] <= last or any(use <= line <= end for line in second)):
        return None
    found = "; ".join(f"line {line}: {each.code.name}: {each.message}" for line, each in zip(lines, errors, strict=True))
    return f"{planted.what} at {'.'.join(map(str, planted.path))}, lines {first} to {last}: {found or 'no error'}"


def plant_two(spec: dict[str, Any], rng: Random) -> tuple[Planted, Planted] | None:
    """A mistake in a branch, and one in a head that is wrong whatever comes of the first; None without a place for both."""
    head = _head_of(spec)
    if head is None:
        return None
    path, layers = head
    width = {"Dense": {"units": 3}}
    after = replaced(copy.deepcopy(spec), path, [width, *layers])
    first = rng.choice((wrong_rank, large_kernel))(copy.deepcopy(after), rng)
    if first is None or not load_text(text_of(after)).ok:
        return None
    both = replaced(copy.deepcopy(first.spec), path, [width, {"Rescaling": {"scale": [1, 2]}}, *layers])
    return Planted(first.what, both, first.path), Planted("wrong width", both, (*path, 1))


def _head_of(spec: dict[str, Any]) -> tuple[Path, list[Any]] | None:
    """The path of a list of layers that ends in an output, with it."""
    if "head" in spec:
        return ("head",), spec["head"] or []
    name, head = next(iter(spec["heads"].items()))
    return (("heads", name), head or []) if not isinstance(head, dict) else None


def complaint_of_two(planted: tuple[Planted, Planted]) -> str | None:
    """What is wrong with the errors of two planted mistakes; None where each has one, on its line."""
    text = text_of(planted[0].spec)
    errors = [each for each in load_text(text).diagnostics if each.severity == "error"]
    lines = [each.place.span.source.find_position(each.place.span.start)[0] for each in errors]
    spans = [lines_of(text, each.path) for each in planted]
    if len(errors) == 2 and all(any(first <= line <= last for line in lines) for first, last in spans):
        return None
    found = "; ".join(f"line {line}: {each.code.name}: {each.message}" for line, each in zip(lines, errors, strict=True))
    return f"{planted[0].what} and {planted[1].what}, lines {spans}: {found or 'no error'}"


def _keys(spec: Any) -> list[Path]:
    """The paths of keys that the language knows: not a person's own names."""
    found = []
    for path in paths_of(spec):
        if isinstance(path[-1], int) or (len(path) > 1 and path[-2] in NAMED_BY_PERSON):
            continue
        if len(path) > 2 and path[0] == "compile" and path[1] in ("loss", "metrics"):
            continue
        if UNJUDGED & {*path[:-1]}:
            continue
        found.append(path)
    return found


def _is_layer(spec: Any, path: Path) -> bool:
    """Whether the key at a path is the name of a layer, with its arguments."""
    return isinstance(path[-1], str) and len(path) > 1 and isinstance(path[-2], int) and find_op(str(path[-1])) is not None


def _misspelt(word: str, rng: Random) -> str:
    at = rng.randrange(len(word))
    return rng.choice([word[:at] + "x" + word[at:], word + "q", word[:at] + word[at + 1 :] + "z"])


def misspelt_key(spec: Any, rng: Random) -> Planted | None:
    """A key of the language, not the name of a layer."""
    paths = [
        path for path in _keys(spec) if path[-1][:1].islower() and len(path[-1]) > 3 and path[-1] not in spec.get("blocks", {})
    ]  # type: ignore[index]
    paths = [path for path in paths if not _within_objects(path)]
    if not paths:
        return None
    path = rng.choice(paths)
    key = _misspelt(str(path[-1]), rng)
    return Planted("misspelt key", renamed(spec, path, key), (*path[:-1], key))


def _within_objects(path: Path) -> bool:
    """Whether a key may be Keras's identifier of an object rather than a key: `{l2: {...}}`."""
    return len(path) > 1 and str(path[-2]).endswith(("initializer", "regularizer", "constraint", "optimizer", "learning_rate"))


def misspelt_layer(spec: Any, rng: Random) -> Planted | None:
    """The name of a layer."""
    named = [path for path in paths_of(spec) if _is_layer(spec, path)]
    bare = [
        path
        for path in paths_of(spec)
        if isinstance(path[-1], int) and isinstance(get(spec, path), str) and find_op(get(spec, path))
    ]
    if not named and not bare:
        return None
    path = rng.choice(named + bare)
    if path in bare:
        return Planted("misspelt layer", replaced(spec, path, _misspelt(get(spec, path), rng)), path)
    name = _misspelt(str(path[-1]), rng)
    return Planted("misspelt layer", renamed(spec, path, name), (*path[:-1], name))


def misspelt_thing(spec: Any, rng: Random) -> Planted | None:
    """A loss, optimizer, metric or strategy."""
    wanted = [path for path in paths_of(spec) if isinstance(get(spec, path), str)]
    wanted = [
        p for p in wanted if p[-1] in ("strategy", "optimizer", "loss", "activation") or (p[0] == "compile" and "metrics" in p)
    ]
    if not wanted:
        return None
    path = rng.choice(wanted)
    return Planted("misspelt name", replaced(spec, path, _misspelt(get(spec, path), rng) + "zz"), path)


def wrong_type(spec: Any, rng: Random) -> Planted | None:
    """A number for which words or a mapping are written."""
    paths = [path for path in _keys(spec) if isinstance(get(spec, path), int | float) and not isinstance(get(spec, path), bool)]
    paths = [path for path in paths if not set(path) & {"vars", "parameters", "each"}]
    if not paths:
        return None
    path = rng.choice(paths)
    return Planted(
        "wrong type", replaced(spec, path, rng.choice(["much, much", {"a": 1}, True if path[-1] != "version" else "x"])), path
    )


def missing_key(spec: Any, rng: Random) -> Planted | None:
    """A required argument of a layer is left out."""
    paths = []
    for path in paths_of(spec):
        if _is_layer(spec, path) and isinstance(get(spec, path), dict):
            op = find_op(str(path[-1]))
            assert op is not None
            paths += [(*path, key) for key in get(spec, path) if key in op.arguments and op.arguments[key].required]
    if not paths:
        return None
    path = rng.choice(paths)
    return Planted("missing key", without(spec, path), path[:-1])


def unknown_reference(spec: Any, rng: Random) -> Planted | None:
    """An input that does not exist."""
    paths = [path for path in paths_of(spec) if len(path) > 1 and path[-2] == "inputs" and isinstance(path[-1], int)]
    if not paths:
        return None
    path = rng.choice(paths)
    if any(each == get(spec, path) for each in _queries(spec)):
        return None
    return Planted("unknown reference", replaced(spec, path, get(spec, path) + "zq"), path)


def _queries(spec: Any) -> list[Any]:
    return [get(spec, path) for path in paths_of(spec) if path[-1] == "query"]


def unknown_variable(spec: Any, rng: Random) -> Planted | None:
    """A variable that no one gives."""
    paths = [path for path in _keys(spec) if isinstance(get(spec, path), int) and not isinstance(get(spec, path), bool)]
    paths = [path for path in paths if not set(path) & {"vars", "parameters", "each"}]
    if not paths:
        return None
    path = rng.choice(paths)
    return Planted("unknown variable", replaced(spec, path, "$nowhere"), path)


def wrong_rank(spec: Any, rng: Random) -> Planted | None:
    """A layer put where the number of axes is another than it reads."""
    return _put(
        spec,
        rng,
        lambda rank, sizes: [{n: REQUIRED[n]} if n in REQUIRED else n for n, r in RANKED.items() if r != rank],
        "wrong rank",
    )


def large_kernel(spec: Any, rng: Random) -> Planted | None:
    """A convolution with a kernel larger than its input."""

    def fitting(rank: int, sizes: list[Any]) -> list[Any]:
        known = all(isinstance(size, int) for size in sizes)
        return [{f"Conv{rank - 1}D": {"filters": 2, "kernel_size": 999}}] if 2 <= rank <= 4 and known else []

    return _put(spec, rng, fitting, "large kernel")


def _put(spec: Any, rng: Random, fitting: Callable[[int, list[Any]], list[Any]], what: str) -> Planted | None:
    """The spec with a layer put into a branch, of those that a rank and sizes allow."""
    givers = {each.get("share_layers_with") for each in spec["branches"].values()}
    names = [name for name in spec["branches"] if name not in givers]
    name = rng.choice(names)
    branch = spec["branches"][name]
    layers = branch.setdefault("layers", [])
    at = rng.randint(0, len(layers))
    before = _type_of(spec, name, layers[:at])
    if before is None:
        return None
    candidates = fitting(len(before), list(before))
    if not candidates:
        return None
    if not load_text(text_of(_with(spec, name, at, "Identity"))).ok:
        # Nothing reads what comes out there: that is told of any layer, and no mistake of this one.
        return None
    layers.insert(at, rng.choice(candidates))
    return Planted(what, spec, ("branches", name, "layers", at))


def _with(spec: Any, name: str, at: int, layer: Any) -> Any:
    changed = copy.deepcopy(spec)
    changed["branches"][name]["layers"].insert(at, layer)
    return changed


def _type_of(spec: Any, name: str, layers: list[Any]) -> tuple[Any, ...] | None:
    cut = copy.deepcopy({key: value for key, value in spec.items() if key not in ("fusion", "heads", "compile")})
    cut["branches"][name]["layers"] = layers
    cut["head"] = []
    if "share_layers_with" not in cut["branches"][name]:
        cut["branches"] = {name: cut["branches"][name]}
    compilation: Compilation = load_text(text_of(cut))
    if compilation.typed is None:
        return None
    id = compilation.typed.graph.addresses.get(name)
    x = compilation.typed.nodes[id].type if id is not None else None
    return None if x is None else x.sizes


WAYS: tuple[Callable[[Any, Random], Planted | None], ...] = (
    misspelt_key,
    misspelt_layer,
    misspelt_thing,
    wrong_type,
    missing_key,
    unknown_reference,
    unknown_variable,
    wrong_rank,
    large_kernel,
)
