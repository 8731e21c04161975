"""A process in which the package cannot be imported and Keras is there: what loads in it needs no code of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = """
import sys
sys.modules["cnnlstm_spec"] = None
import json, keras, numpy, traceback

def predict(file, inputs, outputs):
    keras.utils.clear_session()
    model = keras.models.load_model(file, safe_mode=True)
    arrays = dict(numpy.load(inputs))
    fed = arrays if len(arrays) > 1 else next(iter(arrays.values()))
    given = model.predict(fed, verbose=0)
    numpy.savez(outputs, **(given if isinstance(given, dict) else {"": given}))

for line in sys.stdin:
    try:
        predict(*json.loads(line))
        print("null", flush=True)
    except BaseException:
        print(json.dumps(traceback.format_exc()), flush=True)
"""


class Elsewhere:
    """One such process, which many tests share: the import of Keras takes longer than most of what it is asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def predict(self, file: Path, inputs: Path, outputs: Path) -> None:
        """Loads a `.keras` file in safe mode, predicts from an `.npz` of inputs by name, and writes an `.npz` of outputs."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps([str(file), str(inputs), str(outputs)]), file=self._process.stdin, flush=True)
        failure = json.loads(self._process.stdout.readline() or '"it has ended"')
        assert failure is None, failure


@contextmanager
def start_elsewhere() -> Iterator[Elsewhere]:
    """The process, which ends with the block."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Elsewhere(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
