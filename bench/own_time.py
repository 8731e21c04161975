"""How much of `compile` is ours: everything but the import of Keras and the calls of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.networks import NETWORKS


class Clock:
    """Seconds inside the outermost of the calls that it wraps."""

    def __init__(self) -> None:
        self.seconds, self.depth = 0.0, 0

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **keywords: Any) -> Any:
            self.depth += 1
            start = time.perf_counter()
            try:
                return function(*arguments, **keywords)
            finally:
                self.depth -= 1
                if not self.depth:
                    self.seconds += time.perf_counter() - start

        return timed


def measure() -> dict[str, Any]:
    """Of a process that has imported nothing of ours yet; the start of Python is not counted."""
    start = time.perf_counter()
    import cnnlstm_spec
    from cnnlstm_spec.compiler.artifact import write as artifact

    compilation = cnnlstm_spec.load(NETWORKS["equipment_fault"].spec)
    before_keras = time.perf_counter()
    from cnnlstm_spec.emit.keras import run as emitter

    imported = time.perf_counter() - before_keras
    clock, picture = Clock(), Clock()
    from cnnlstm_spec.emit.picture import png

    png.to_png = picture.wrap(png.to_png)
    find = emitter._find
    emitter._find = lambda path, values: clock.wrap(find(path, values))
    emitter.keras.Layer.__call__ = clock.wrap(emitter.keras.Layer.__call__)
    emitter.save = clock.wrap(emitter.save)
    with tempfile.TemporaryDirectory() as folder:
        artifact.write(compilation, Path(folder, "model"))
    total = time.perf_counter() - start
    return {
        "total": total,
        "keras": clock.seconds,
        "import": imported,
        "png": picture.seconds,
        "own": total - imported - clock.seconds,
    }
