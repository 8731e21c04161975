"""Writes `cnnlstm_spec/ops/backbones/data/<Name>.json` from Keras: every model of `keras.applications` as a layer graph.

    python tools/backbones.py [--only NAME ...]            write
    python tools/backbones.py --check [--only NAME ...]    compare the files and the evaluator with Keras
    python tools/backbones.py --check --count N            so many of them, from the first to the last, and fewer builds of each

Needs Keras, and this package on the path. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import gc
import re
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from backbone_graphs import NAMES, Seen, arguments, build, generate, leaves, patch

from cnnlstm_spec.ir.size import (
    Expr,
    Symbol,
    make_symbol,
)
from cnnlstm_spec.ops.backbones import walk as backbone

FOLDER = ROOT / "cnnlstm_spec" / "ops" / "backbones" / "data"
THOROUGH = (
    *("ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "EfficientNetV2S", "InceptionResNetV2"),
    *("InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small", "NASNetMobile"),
    *("ResNet50", "ResNet50V2", "VGG16", "VGG19", "Xception"),
)
"""One model for each piece of Keras's source, checked at every size and argument; its like are checked at a few."""
ALPHAS = (0.05, 0.1, 0.17, 0.25, 0.35, 0.41, 0.5, 0.6, 0.66, 0.75, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.3, 1.4, 1.55, 2.7)


COMMON = 6
"""So many builds at least has every model."""
Build = tuple[dict[str, Any], tuple[Any, Any], int]
"""Arguments, sides (a symbol where unknown) and channels."""


def measure(model: Any) -> dict[str, Any]:
    """What the evaluator should say of a model."""
    macs = elements = 0
    for op, _, _ in leaves(model):
        shape = op.output.shape[1:]
        elements += prod(shape)
        kernels = [w.shape for w in getattr(op, "weights", ()) if w.path.endswith("kernel")]
        macs += prod(shape[:-1]) * sum(prod(kernel) for kernel in kernels)
    found = tuple((re.sub(r"/variable(_\d+)?$", "/variable", w.path), tuple(w.shape), w.trainable) for w in model.weights)
    inner = {layer.name: tuple(layer._inbound_nodes[-1].output_tensors[0].shape[1:]) for layer in model.layers[1:]}
    shapes = {"output_shape": tuple(model.output.shape[1:]), "layers": inner}
    return {**shapes, "weights": found, "macs": macs, "activations": elements}


def predict(name: str, args: dict[str, Any], height: Any, width: Any, channels: int) -> dict[str, Any]:
    """What the evaluator says."""
    size = (name, args, height, width)
    found = {"weights": backbone.list_weights(*size, channels), "macs": backbone.count_macs(*size, channels)}
    elements = backbone.count_activations(*size, channels)
    inner = {layer: backbone.infer_inner_shape(*size, channels, layer) for layer in backbone.list_layers(name, args, channels)}
    return {"output_shape": backbone.infer_output_shape(*size), "layers": inner, **found, "activations": elements}


def grid(name: str) -> Iterator[Build]:
    """Builds to compare; fewer for a model whose module a smaller one stands for."""
    least, names = backbone.find_facts(name).min_side, arguments(name)
    bare: dict[str, Any] = {"include_top": False}
    yield from ((bare, side, 3) for side in ((least, least), (96, 96), (161, 161), (97, 131)))
    yield {"classes": 7}, (97, 130), 3
    yield {"pooling": "avg", **bare}, (150, 101), 3
    if name not in THOROUGH:
        return
    sides = ((least + 1, least + 2), (150, 150), (225, 128), (112, 299), (331, 331))
    yield from ((bare, side, 3) for side in sides)
    yield from (({"classes": classes}, side, 3) for classes, side in ((1000, (224, 224)), (2, (least, 99))))
    yield {"pooling": "max", **bare}, (150, 101), 3
    yield from ((bare, (128, 95), channels) for channels in (1, 4))
    yield {"weights": "imagenet", **bare}, (160, 161), 3
    yield {"name": "other", **bare}, (96, 96), 3
    tops = (bare, {"classes": 5})
    if "include_preprocessing" in names:
        yield from (({"include_preprocessing": False, **top}, (96, 75), c) for top in tops for c in (1, 3))
    if "minimalistic" in names:
        yield from (({"minimalistic": True, **top}, side, 3) for top in tops for side in ((97, 131), (32, 33)))
        yield {"dropout_rate": 0}, (64, 64), 3
    if "alpha" in names:
        modes: tuple[dict[str, Any], ...] = ({}, {"minimalistic": True}) if "minimalistic" in names else ({},)
        yield from (({"alpha": a, **bare}, (97, 64), 3) for a in ALPHAS)
        yield from (({"alpha": a, **m, "classes": 5}, (97, 64), 3) for a, m in product((0.35, 0.9, 1, 1.4), modes))
    if "depth_multiplier" in names:
        yield from (({"depth_multiplier": m, "alpha": 0.3, **top}, (97, 64), 3) for m in (1, 2, 3) for top in tops)


def refusals(name: str) -> Iterator[Build]:
    """Builds of which Keras refuses some."""
    least, default, names = backbone.find_facts(name).min_side, backbone.find_facts(name).default_side, arguments(name)
    bare: dict[str, Any] = {"include_top": False}
    full, h, w = (default, default), make_symbol("h"), make_symbol("w")
    sides = [(least - 1, least), full, (h, w)]
    sides += [(least, least), (200, least - 1), (96, w), (h, 97), (h, least - 1)] if name in THOROUGH else []
    both = (None, "imagenet")
    yield from (({**a, "weights": weights}, side, 3) for a in ({}, bare) for weights in both for side in sides)
    yield {"nonsense": 1}, full, 3
    if name not in THOROUGH:
        return
    yield from (({"weights": "imagenet"}, (n, m), 3) for n, m in ((96, 96), (128, 128), (128, 160), (default + 1, default)))
    if not name.startswith("MobileNetV3"):
        yield from (({**a, "weights": weights}, full, 1) for a in ({}, bare) for weights in both)
    for weights, activation in product((None, "imagenet", "there.h5"), (None, "linear", "sigmoid")):
        yield {"weights": weights, "classifier_activation": activation}, full, 3
    yield {"weights": "there.h5", "classifier_activation": "sigmoid", **bare}, full, 3
    yield from (({"weights": w, "classes": c}, full, 3) for w, c in ((None, 0), (None, 9), ("imagenet", 9), ("there.h5", 9)))
    yield {"pooling": "nonsense", **bare}, full, 3
    yield from (({**a, "name": "other", "weights": weights}, full, 3) for a in ({}, bare) for weights in both)
    if "alpha" in names:
        modes: tuple[dict[str, Any], ...] = ({}, {"minimalistic": True}) if "minimalistic" in names else ({},)
        alphas = (0.02, 0.04, 0.25, 0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
        yield from (({"alpha": a, **m, "weights": w, **bare}, full, 3) for a, m, w in product(alphas, modes, both))
    if "depth_multiplier" in names:
        yield from (({"depth_multiplier": m, "weights": w, **bare}, full, 3) for m in (0, 1, 2) for w in both)


def refused(name: str, args: dict[str, Any], sides: tuple[Any, Any], channels: int) -> str:
    """Keras's words where its constructor, or the model it gives, fails; else nothing."""
    known = tuple(None if isinstance(side, Expr) else side for side in sides)
    try:
        model = build(name, **args, input_shape=(*known, channels))
        for unknown in (224, 225) if None in known else ():
            model.compute_output_shape((1, *(side or unknown for side in known), channels))
    except (ValueError, TypeError, KeyError) as error:
        return f"{type(error).__name__}: {error}"[:200]
    return ""


def thin_out(builds: Iterable[Build], every: int) -> list[Build]:
    """Those that every model has, and one in so many of the rest."""
    every_one = list(builds)
    return [*every_one[:COMMON], *every_one[COMMON::every]]


def differences(name: str, every: int) -> Iterator[str]:
    """Where the file, the evaluator and Keras do not agree; of what a thorough model has beside the others, one in so many."""
    if (FOLDER / f"{name}.json").read_text() != generate(name):
        yield "the file differs from what Keras gives"
    for written, (height, width), channels in thin_out(grid(name), every):
        args = {"weights": None, **written}
        if any(problem.refused for problem in backbone.check(name, args, height, width, channels)):
            continue
        shape = (height, width, channels)
        yield from compare(f"{args} {shape}", measure(build(name, **args, input_shape=shape)), predict(name, args, *shape))
        if not args.get("include_top", True) and not name.startswith("NASNet"):
            yield from sizeless(name, args, shape)
    for written, sides, channels in thin_out(refusals(name), every):
        args = {"weights": None, **written}
        said = refused(name, args, sides, channels)
        found = [p for p in backbone.check(name, args, *sides, channels) if p.refused]
        if bool(said) != bool(found):
            yield f"{args} {sides} {channels}: Keras says {said!r}, `check` {found}"


def sizeless(name: str, args: dict[str, Any], shape: tuple[int, int, int]) -> Iterator[str]:
    """Differences for a build without a size, run on images of `shape`."""
    unsized = {**args, "input_shape": (None, None, 3)} if shape[2] == 3 else None
    if unsized is None:
        return
    real = build(name, **unsized).compute_output_shape((None, *shape))[1:]
    Seen.parity_as_unknown = True
    expected = measure(build(name, **args, input_shape=shape))
    Seen.parity_as_unknown = False
    found = predict(name, unsized, *shape)
    yield from compare(f"{unsized} {shape}", {**expected, "output_shape": tuple(real)}, found)
    symbolic = predict(name, args, make_symbol("h"), make_symbol("w"), shape[2])
    values = {Symbol("h"): shape[0], Symbol("w"): shape[1]}
    at: dict[str, Any] = {k: v.evaluate(values) if isinstance(v, Expr) else v for k, v in symbolic.items()}
    for held, key in ((at, "output_shape"), *((at["layers"], layer) for layer in at["layers"])):
        held[key] = tuple(n.evaluate(values) if isinstance(n, Expr) else n for n in held[key])
    yield from compare(f"symbolic {args} {shape}", found, at)


def compare(where: str, expected: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    """Which measures differ."""
    for key, value in expected.items():
        if found[key] == value and (key != "layers" or list(found[key]) == list(value)):
            continue
        if key == "layers":
            rows = [(a, b) for a, b in zip(value.items(), found[key].items(), strict=False) if a != b]
            yield f"{where}: {len(value)} layers, not {len(found[key])}; Keras's and ours: {rows[:2]}"
        elif key == "weights":
            rows = [(a, b) for a, b in zip(value, found[key], strict=False) if a != b]
            yield f"{where}: {len(value)} weights, not {len(found[key])}; Keras's and ours: {rows[:2]}"
        else:
            yield f"{where}: {key} is {value}, not {found[key]}"


def main() -> int:
    """The exit status: 1 where a file or a prediction differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("--only", nargs="+", metavar="NAME", default=backbone.BACKBONES, choices=backbone.BACKBONES)
    parser.add_argument("--count", type=int, metavar="N", help="so many, evenly from the first to the last")
    options = parser.parse_args()
    names = options.only[:: max(1, len(options.only) // options.count)][: options.count] if options.count else options.only
    patch()
    if NAMES != backbone.BACKBONES:
        print(f"keras.applications has {sorted(set(NAMES) ^ set(backbone.BACKBONES))} besides or not")
        return 1
    failed = False
    for name in names:
        start = time.perf_counter()
        if not options.check:
            (FOLDER / f"{name}.json").write_text(generate(name))
        for difference in differences(name, 3 if options.count else 1) if options.check else ():
            print(f"{name}: {difference}")
            failed = True
        gc.collect()
        print(f"{name} {time.perf_counter() - start:.1f} s", flush=True)
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
