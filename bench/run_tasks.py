"""What is measured of runs, each in a process of its own: epochs, first steps, reading, memory. Keras inside functions alone."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.networks import HERE, SMOKE

SPEC = "run.yaml"
SAMPLES = 96 if SMOKE else 2_000
ROUNDS = 1 if SMOKE else 5
BATCH = 32
FAULT = f"""extends: equipment-fault.yaml
data: {{train: data.npz}}
fit: {{epochs: {ROUNDS + 1}, batch_size: {BATCH}}}
"""


def write_arrays(folder: Path) -> None:
    """Arrays for article 1's network, and the spec that reads them."""
    import numpy

    rng = numpy.random.default_rng(0)
    arrays = {"thermal": rng.random((SAMPLES, 64, 64, 1), "float32"), "vibration": rng.random((SAMPLES, 100, 50), "float32")}
    numpy.savez(folder / "data.npz", **arrays, head=rng.integers(0, 2, (SAMPLES, 1)).astype("float32"))
    shutil.copy(HERE.parent / "specs" / "equipment-fault.yaml", folder)
    (folder / SPEC).write_text(FAULT)


def read_arrays(folder: Path) -> tuple[list[Any], Any]:
    """The same for who writes the training by hand."""
    import numpy

    with numpy.load(folder / "data.npz") as held:
        return [held["thermal"], held["vibration"]], held["head"]


class Clock:
    """Seconds, and seconds of all cores, from one call to the next."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float]] = []
        self.last = self.now()

    def now(self) -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def __call__(self) -> None:
        now = self.now()
        self.rows.append((now[0] - self.last[0], now[1] - self.last[1]))
        self.last = now

    def least(self) -> dict[str, float]:
        """Of all but the first, which traces: the least is what others on the machine have disturbed least."""
        rows = self.rows[1:] or self.rows
        return {"seconds": min(wall for wall, _ in rows), "processor": min(used for _, used in rows)}


def epoch(folder: str, program: str, steps: int) -> dict[str, Any]:
    """An epoch of `train`, with all that it keeps, or of a `fit` by hand."""
    clock = Clock()
    if program == "ours":
        from cnnlstm_spec.runs.train.watch import Watch

        class Watching(Watch):
            def end_epoch(self, *arguments: Any) -> None:
                clock()

        _run(Path(folder), Watching())
        return clock.least()
    import keras

    from bench.handwritten import equipment_fault

    inputs, targets = read_arrays(Path(folder))
    model = equipment_fault.build()
    ticking = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_, **__: clock())
    model.fit(inputs, targets, batch_size=BATCH, epochs=ROUNDS + 1, verbose=0, callbacks=[ticking])
    return clock.least()


def _run(folder: Path, watch: Any, overrides: tuple[str, ...] = ()) -> None:
    """`train` on the spec of a folder."""
    import tempfile

    from cnnlstm_spec import load
    from cnnlstm_spec.runs.folder import RunFolder
    from cnnlstm_spec.runs.run import Orders, run

    with tempfile.TemporaryDirectory() as output:
        ending = run(lambda more: load(folder / SPEC, (*overrides, *more)), RunFolder(Path(output, "run")), Orders(), watch)
    assert ending.status in (0, 3), ending.lines


def first(program: str, folder: str) -> None:
    """Ends this process after the first step of a training."""
    if program == "ours":
        from cnnlstm_spec.__main__ import main
        from cnnlstm_spec.cli.watching import TerminalWatch

        TerminalWatch.end_step = lambda *_, **__: os._exit(0)  # type: ignore[method-assign]
        sys.argv = ["cnnlstm-spec", "train", str(Path(folder, SPEC)), "-o", str(Path(folder, f"run-{os.getpid()}"))]
        main()
    import keras

    from bench.handwritten import equipment_fault

    inputs, targets = read_arrays(Path(folder))
    model = equipment_fault.build()
    ending = keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_, **__: os._exit(0))
    model.fit(inputs, targets, batch_size=BATCH, verbose=0, callbacks=[ending])


def files(folder: str, program: str, steps: int) -> dict[str, Any]:
    """Epochs of an example from its files, in turn with those from samples that are decoded already, of one model."""
    import keras

    from cnnlstm_spec import load
    from cnnlstm_spec.runs.adapt import adapt_layers
    from cnnlstm_spec.runs.adapted import to_overrides
    from cnnlstm_spec.runs.reading.open import open_data
    from cnnlstm_spec.runs.train.feed import Feed
    from cnnlstm_spec.runs.train.order import Order

    def compiled(more: tuple[str, ...]) -> Any:
        return load(Path(folder, SPEC), more)

    compilation = compiled(())
    if compilation.list_unmeasured():
        compilation = compiled(to_overrides(adapt_layers(compilation, open_data(compilation).parts["train"], compiled)))
    part, model = open_data(compilation).parts["train"], compilation.to_keras()
    size = compilation.spec.fit.batch_size or BATCH
    held = replace(part, branches={name: Decoded(branch, len(part.source)) for name, branch in part.branches.items()})
    clocks = {"files": Clock(), "arrays": Clock()}
    waited: list[float] = []
    for number in range(ROUNDS + 1):
        for name, each in (("files", part), ("arrays", held)):
            order = Order(each, size, 0)
            feed = Feed(model, each, lambda order=order, number=number: (number, order.list_batches(number)), order.steps, size)
            waiting = Waiting(feed)
            clocks[name].last = clocks[name].now()
            model.fit(feed.dataset, epochs=1, verbose=0, shuffle=False, callbacks=[waiting.callback(keras)])
            clocks[name]()
            if name == "files":
                waited.append(waiting.seconds / clocks[name].rows[-1][0])
    return {name: clock.least() for name, clock in clocks.items()} | {"waited": min(waited[1:] or waited)}


class Waiting:
    """Seconds in which nothing but data was waited for, as a run counts them."""

    def __init__(self, feed: Any) -> None:
        self.feed, self.seconds, self.asked = feed, 0.0, 0.0

    def callback(self, keras: Any) -> Any:
        def ask(*_: Any, **__: Any) -> None:
            self.asked = time.perf_counter()

        def count(batch: int, *_: Any, **__: Any) -> None:
            self.seconds += max(0.0, self.feed.ready.pop(batch, 0.0) - max(self.asked, self.feed.began))

        return keras.callbacks.LambdaCallback(on_train_batch_begin=ask, on_train_batch_end=count)


class Decoded:
    """A branch whose samples are kept once they are read."""

    def __init__(self, branch: Any, rows: int) -> None:
        self.branch = branch
        self.kept = [None if branch.read_matrix() is not None else branch.read(row) for row in range(rows)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.branch, name)

    def read(self, row: int, generator: Any = None) -> Any:
        return self.kept[row]


def peak(folder: str, program: str, steps: int) -> dict[str, Any]:
    """The peak memory of a training, or of the import of TensorFlow alone, in bytes."""
    if program == "import":
        import keras  # noqa: F401
        import tensorflow  # noqa: F401
    else:
        from cnnlstm_spec.runs.train.watch import Watch

        _run(Path(folder), Watch(), (f"data.train={Path(folder, program)}",))
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


TASKS = {"epoch": epoch, "files": files, "peak": peak}

if __name__ == "__main__":
    first(*sys.argv[1:])
