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
import contextlib, io, json, keras, numpy, os, traceback, warnings

def predict(file, inputs, outputs):
    keras.utils.clear_session()
    model = keras.models.load_model(file, safe_mode=True)
    arrays = dict(numpy.load(inputs))
    fed = arrays if len(arrays) > 1 else next(iter(arrays.values()))
    given = model.predict(fed, verbose=0)
    numpy.savez(outputs, **(given if isinstance(given, dict) else {"": given}))

def run(program, folder, arguments):
    before, there, registered, asked = set(sys.modules), os.getcwd(), dict(keras.saving.get_custom_objects()), sys.argv
    keras.utils.clear_session()
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["-c", *arguments]
    try:
        exec(program, {"__name__": "__main__"})
    finally:
        sys.argv = asked
        sys.path.remove(folder)
        os.chdir(there)
        for name in set(sys.modules) - before:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(folder):
                del sys.modules[name]
        keras.saving.get_custom_objects().clear()
        keras.saving.get_custom_objects().update(registered)

for line in sys.stdin:
    job, *given = json.loads(line)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), warnings.catch_warnings():
            {"predict": predict, "run": run}[job](*given)
        answer = [said.getvalue(), None]
    except BaseException:
        answer = [said.getvalue(), traceback.format_exc()]
    print(json.dumps(answer), flush=True)
"""


class Elsewhere:
    """One such process, which many tests share: the import of Keras takes longer than most of what it is asked."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def predict(self, file: Path, inputs: Path, outputs: Path) -> None:
        """Loads a `.keras` file in safe mode, predicts from an `.npz` of inputs by name, and writes an `.npz` of outputs."""
        self._ask("predict", str(file), str(inputs), str(outputs))

    def run(self, program: str, folder: Path, *arguments: str) -> str:
        """Runs Python in a folder, of which nothing stays loaded or registered, nor does what it filters of warnings. Gives all that it said."""
        return self._ask("run", program, str(folder), arguments)

    def _ask(self, *job: object) -> str:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(job), file=self._process.stdin, flush=True)
        said, failure = json.loads(self._process.stdout.readline() or '["", "it has ended"]')
        assert failure is None, (failure, said)
        return str(said)


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
