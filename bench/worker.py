"""`python -m bench.worker TASK NAME PROGRAM STEPS`: one measurement in this process; a line of JSON on standard output."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections import Counter
from statistics import median
from typing import Any

from bench.run_tasks import TASKS as OF_RUNS

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow's own choice where there is AVX-512; the same kernels for every program, and on every machine.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def train(name: str, program: str, steps: int) -> dict[str, Any]:
    """Seconds from `import` done to the first step's end, of a later step, and the peak memory."""
    import keras
    import tensorflow  # noqa: F401 - imports come before the clock, in all programs the same

    import cnnlstm_spec  # noqa: F401
    from bench import networks

    keras.utils.set_random_seed(0)
    x, y = networks.data(name, program)
    start = time.perf_counter()
    model = networks.build(name, program)
    built = time.perf_counter() - start
    networks.set_weights(model)
    model.run_eagerly = networks.SMOKE  # a trace takes most of the time
    start = time.perf_counter()
    loss = model.train_on_batch(x, y)
    first = built + time.perf_counter() - start
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        model.train_on_batch(x, y)
        times.append(time.perf_counter() - start)
    return {
        "first": first,
        "step": median(times[min(2, steps - 1) :]),
        "loss": float(loss[0]),
        "params": model.count_params(),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "operations": _operations(model, x, y) if name == "equipment_fault" else None,
    }


def _operations(model: Any, x: Any, y: Any) -> dict[str, int]:
    """How often each kind of operation stands in the traced training step, functions that it calls among them."""
    import tensorflow

    step = tensorflow.function(model.train_step).get_concrete_function((x, y)).graph.as_graph_def()
    counts = Counter(node.op for node in step.node)
    counts += Counter(node.op for function in step.library.function for node in function.node_def)
    return dict(counts)


def clips(name: str, program: str, steps: int) -> dict[str, Any]:
    """The greatest error of `predict`, fed by a generator, against each frame through the same layers."""
    import numpy

    import cnnlstm_spec
    from bench import networks
    from bench.handwritten import clips as hand

    model = hand.build() if program == "handwritten" else cnnlstm_spec.compile_model(networks.SPECS / "clips.yaml")
    networks.set_weights(model)
    weights = model.get_weights()
    frame, rest = hand.frame(), hand.rest()
    frame.set_weights(weights[:2])
    rest.set_weights(weights[2:])
    rng = numpy.random.default_rng(2)
    batches = [rng.random((2, frames, 32, 32, 3), dtype="float32") * 4 for frames in (10, 7, 12, 9, 8, 11)]
    found = model.predict(((batch,) for batch in batches), verbose=0)
    wanted = []
    for batch in batches:
        features = numpy.stack([numpy.asarray(frame(batch[:, t])) for t in range(batch.shape[1])], axis=1)
        wanted.append(numpy.asarray(rest(features)))
    return {"error": float(numpy.abs(found - numpy.concatenate(wanted)).max())}


def own(name: str, program: str, steps: int) -> dict[str, Any]:
    """Seconds of `compile` in all, those inside calls of Keras, and those of its import."""
    from bench.own_time import measure

    return measure()


def passes(name: str, program: str, steps: int) -> dict[str, Any]:
    """What each pass is worth: the training step with all, with none, and with each switched off in turn."""
    from bench.ablation import measure

    return measure(steps)


TASKS = {"train": train, "clips": clips, "own": own, "passes": passes, **OF_RUNS}

if __name__ == "__main__":
    task, name, program, steps = sys.argv[1:]
    print(json.dumps(TASKS[task](name, program, int(steps))))
