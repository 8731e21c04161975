"""The networks that are measured: the spec, the hand-written module, and the data. Imports Keras inside functions alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SPECS = HERE / "specs"
SMOKE = bool(os.environ.get("BENCH_SMOKE"))
"""Whether it is only held that every row runs: smallest sizes, each program once."""


@dataclass(frozen=True)
class Network:
    spec: Path
    module: str
    shapes: tuple[tuple[int, ...], ...]
    batch: int
    classes: int
    least: tuple[tuple[int, ...], ...]
    """The smallest shapes that go through all layers, for a smoke run."""

    @property
    def taken(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of this run."""
        return self.least if SMOKE else self.shapes


NETWORKS = {
    "frames_lstm": Network(SPECS / "frames_lstm.yaml", "frames_lstm", ((32, 64, 64, 3),), 4, 10, ((2, 12, 12, 3),)),
    "mobilenet": Network(SPECS / "mobilenet.yaml", "mobilenet", ((16, 96, 96, 3),), 2, 10, ((1, 32, 32, 3),)),
    "equipment_fault": Network(
        HERE.parent / "specs" / "equipment-fault.yaml", "equipment_fault", ((64, 64, 1), (100, 50)), 32, 1, ((12, 12, 1), (2, 50))
    ),
}


def build(name: str, program: str) -> Any:
    """A compiled model: of `compiled`, `handwritten` or `limit`."""
    network = NETWORKS[name]
    if program == "compiled":
        import cnnlstm_spec

        branches = cnnlstm_spec.load(network.spec).spec.branches
        shapes = {f"branches.{each.name}.input.shape": list(shape) for each, shape in zip(branches, network.taken, strict=True)}
        return cnnlstm_spec.compile_model(network.spec, shapes if SMOKE else ())
    module = import_module(f"bench.handwritten.{network.module}")
    return module.limit(*network.taken) if program == "limit" else module.build(*network.taken)


def data(name: str, program: str) -> tuple[Any, Any]:
    """The same batch for every program; the limit sees its frames one by one."""
    import numpy

    network = NETWORKS[name]
    rng = numpy.random.default_rng(0)
    inputs = [rng.random((network.batch, *shape), dtype="float32") for shape in network.taken]
    labels = rng.integers(0, max(2, network.classes), network.batch)
    y = numpy.eye(network.classes, dtype="float32")[labels] if network.classes > 1 else labels[:, None].astype("float32")
    if program == "limit":
        frames = network.taken[0][0]
        inputs = [x.reshape(-1, *x.shape[2:]) for x in inputs]
        y = y.repeat(frames, axis=0)
    return inputs if len(inputs) > 1 else inputs[0], y


def set_weights(model: Any) -> None:
    """Kernels that depend on their shapes and order alone; two programs of one network get the same."""
    import numpy

    rng = numpy.random.default_rng(1)
    model.set_weights([_kernel(rng, w) if w.ndim > 1 else w for w in model.get_weights()])


def _kernel(rng: Any, like: Any) -> Any:
    fan = max(1, like[..., 0].size)
    return (rng.standard_normal(like.shape) / fan**0.5).astype(like.dtype)
