"""What mistakes cost: specs with 20 of them against valid ones of as many layers, and the patch that mends what can be."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from itertools import cycle

from bench.validate import write_chain

LAYER = "Dense: {units: 8, activation: relu}"
MISTAKES = {
    "misspelt keys": "Dense: {units: 8, activaton: relu}",
    "wrong types": "Dense: {units: eight, activation: relu}",
    "unknown layers": "Denze: {units: 8, activation: relu}",
    "wrong ranks": "Conv1D: {filters: 8, kernel_size: 1}",
    "wrong counts": "Reshape: {target_shape: [7]}",
    "wrong axes": "Softmax: {axis: 4}",
    "wrong merges": "Parallel: {paths: {a: [{Dense: {units: 8}}], b: [{Dense: {units: 9}}]}, merge: add}",
    "unknown variables": "Dense: {units: $width}",
}
"""Layers that stand in place of 20 of a spec."""
FURTHER = {
    "repeated vectors": "RepeatVector: {n: 3}",
    "missing keys": "Dense: {activation: relu}",
    "recurrent layers": "LSTM: {units: 8}",
    "layers of images": "MaxPooling2D",
    "layers of volumes": "Conv3D: {filters: 8, kernel_size: 1}",
    "orders of axes": "Permute: {dims: [2, 1]}",
    "long kernels": "Conv1D: {filters: 8, kernel_size: 900}",
    "long cuts": "Cropping1D: {cropping: 100}",
    "embeddings": "Embedding: {input_dim: 10, output_dim: 8}",
}
"""The same; whether most of these are wrong, what stands before them decides."""


def _plant(chain: str, layers: Iterable[str]) -> str:
    """A chain with those layers, in turn, in place of 20 of its own."""
    lines = chain.splitlines(keepends=True)
    sound = [number for number, line in enumerate(lines) if "activation: relu" in line]
    places = sound[:: max(1, len(sound) // 20)][:20]
    planted = dict(zip(places, cycle(layers), strict=False))
    return "".join(f"      - {planted[n]}\n" if n in planted else line for n, line in enumerate(lines))


def _write_branch(name: str, shape: str, layers: Iterable[str]) -> str:
    return f"  {name}:\n    input: {{kind: {shape}}}\n    layers:\n" + "".join(f"      - {each}\n" for each in layers)


def _fuse(count: int, strategy: str, shapes: tuple[str, str], lasts: tuple[str, str] = (LAYER, LAYER)) -> str:
    """20 fusions of two branches each, of those inputs and last layers, and so many layers in all."""
    layers = [LAYER] * max(0, count // 40 - 1)
    text = "version: 1\nname: pairs\nbranches:\n"
    text += "".join(_write_branch(f"b{n}", shapes[n % 2], [*layers, lasts[n % 2]]) for n in range(40))
    text += "fusion:\n" + "".join(f"  - {{name: f{n}, inputs: [b{2 * n}, b{2 * n + 1}], {strategy}}}\n" for n in range(20))
    names = ", ".join(f"f{n}" for n in range(20))
    return f"{text}head: {{inputs: [{names}], strategy: concat, layers: [GlobalMaxPooling1D, {{Dense: {{units: 1}}}}]}}\n"


def _train(count: int, loss: str, first: str = LAYER) -> str:
    """20 heads with a loss each behind a branch of one layer, and so many layers in all."""
    text = "version: 1\nname: heads\nbranches:\n" + _write_branch("a", "vector, shape: [8]", [first]) + "heads:\n"
    layers = f"    - {LAYER}\n" * max(0, count // 20 - 1)
    text += "".join(f"  h{n}:\n{layers}    - Dense: {{units: 1}}\n" for n in range(20))
    return text + "compile:\n  loss:\n" + "".join(f"    h{n}: {loss}\n" for n in range(20))


def _tell_apart(chain: str) -> str:
    """A chain of which no two layers are alike."""
    units = iter(range(1, chain.count(LAYER) + 1))
    return re.sub(re.escape(LAYER), lambda _: LAYER.replace("8", str(next(units))), chain)


STEPS, MORE_STEPS = "sequence, shape: [8, 8]", "sequence, shape: [9, 8]"


def _list_specs(count: int) -> dict[str, tuple[str, str]]:
    """By the kind of its mistakes, a valid spec and one with 20 of them."""
    chain, pairs = write_chain(count), _fuse(count, "strategy: concat", (STEPS, STEPS))
    mixed = {
        "repeated vectors": (FURTHER["repeated vectors"],),
        "8 kinds in turn": tuple(MISTAKES.values()),
        "17 kinds in turn": (*MISTAKES.values(), *FURTHER.values()),
    }
    kinds = {kind: (layer,) for kind, layer in MISTAKES.items()} | mixed
    unlike = {"unknown layers": (MISTAKES["unknown layers"],), "wrong counts": (MISTAKES["wrong counts"],)} | mixed
    apart = _tell_apart(chain)
    return {
        **{kind: (chain, _plant(chain, layers)) for kind, layers in kinds.items()},
        **{f"{kind}, no two alike": (apart, _plant(apart, layers)) for kind, layers in unlike.items()},
        "added shapes": (pairs, _fuse(count, "strategy: add", (STEPS, STEPS), (LAYER, "Dense: {units: 9}"))),
        "joined shapes": (pairs, _fuse(count, "strategy: concat", (STEPS, MORE_STEPS))),
        "shapes behind others": (
            pairs,
            _fuse(count, "strategy: add", (STEPS, STEPS), ("Denze: {units: 8}", "Dense: {units: 9}")),
        ),
        "losses behind one": (_train(count, "mse"), _train(count, "binary_crossentropy", MISTAKES["unknown layers"])),
    }


def _compile(text: str) -> bool:
    """Whether anything is found in a spec."""
    from cnnlstm_spec.compiler.variants import sweep
    from cnnlstm_spec.text.source import Source

    return bool(sweep(Source("spec.yaml", text)).compile_plain().diagnostics)


def _mend(text: str) -> bool:
    """Whether a patch mends anything in a spec."""
    from cnnlstm_spec.compiler.fixes import Clock, mend
    from cnnlstm_spec.compiler.variants import sweep
    from cnnlstm_spec.text.source import Source

    return bool(mend(sweep(Source("spec.yaml", text)), clock=Clock(lambda: 0.0)).changed)


def _measure(runs: int, *timed: tuple[Callable[[str], bool], str, bool]) -> list[float]:
    """The least time of one core that each call takes of so many, by turns; what it says must be what is said here."""
    times = [float("inf")] * len(timed)
    for _ in range(runs):
        for place, (call, text, wanted) in enumerate(timed):
            start = time.process_time()
            assert call(text) == wanted
            times[place] = min(times[place], time.process_time() - start)
    return times


def mending(count: int = 1000, runs: int = 5) -> list[str]:
    """An invalid spec against a valid one of as many layers, by mistakes, and the patch that mends misspelt keys."""
    specs = _list_specs(count)
    rows = []
    for kind, (sound, wrong) in specs.items():
        valid, invalid = _measure(runs, (_compile, sound, False), (_compile, wrong, True))
        words = f"20 mistakes: {kind:30}  {invalid * 1000:9.1f} ms of {valid * 1000:6.1f}"
        rows.append(f"{words}   ratio {invalid / valid:5.2f}      (at most 1.5)")
    wrong = specs["misspelt keys"][1]
    invalid, patch = _measure(runs, (_compile, wrong, True), (_mend, wrong, True))
    return [*rows, f"what `--diff` would mend of keys   {patch * 1000:9.1f} ms   ratio {patch / invalid:5.2f}      (at most 5)"]
