"""The same spec with all passes, none, and each switched off in turn; the models take their steps in turn."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

from bench.networks import SMOKE, SPECS, set_weights


def measure(steps: int) -> dict[str, Any]:
    """For each choice of passes the operations of the program, seconds to the first step's end and of a later one."""
    import numpy

    import cnnlstm_spec
    from cnnlstm_spec.emit.keras.run import run
    from cnnlstm_spec.emit.lowering.lower import lower
    from cnnlstm_spec.model.passes import PASSES, apply

    compilation = cnnlstm_spec.load(SPECS / "each_layer.yaml")
    assert compilation.typed is not None and compilation.spec is not None
    default = PASSES["default"]
    choices: dict[str, Any] = {"all": default, "none": ()}
    choices |= {f"without {each.__name__}": tuple(p for p in default if p is not each) for each in default}
    rng = numpy.random.default_rng(0)
    x, y = rng.random((4, 2 if SMOKE else 16, 64, 64, 3), dtype="float32"), numpy.eye(10, dtype="float32")[rng.integers(0, 10, 4)]
    models, rows = {}, {}
    for name, chosen in choices.items():
        program = lower(apply(compilation.typed, chosen), compilation.spec)
        start = time.perf_counter()
        models[name] = run(program)
        built = time.perf_counter() - start
        set_weights(models[name])
        models[name].run_eagerly = SMOKE
        start = time.perf_counter()
        loss = float(models[name].train_on_batch(x, y))
        rows[name] = {"statements": len(program.statements), "first": built + time.perf_counter() - start, "loss": loss}
    times: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(steps):
        for name, model in models.items():
            start = time.perf_counter()
            model.train_on_batch(x, y)
            times[name].append(time.perf_counter() - start)
    return {name: {**row, "step": median(times[name])} for name, row in rows.items()}
