"""What a keystroke costs in the language server, and how soon it answers `initialize`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.pairs import paired
from bench.validate import SPEC, write_chain

BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}).encode()
CHANGES = {"one layer": ("units: 8", "units: 9", 1), "all layers": ("relu", "tanh", -1)}
BARS = {(100, "one layer"): "(at most 30 ms)", (1000, "one layer"): "(at most 100 ms)"}


def keystroke(most: int = 1000, runs: int = 9) -> list[str]:
    """From a change to what is found, without trying fixes, beside `load` of the same text; the time of one core."""
    from cnnlstm_spec import load
    from cnnlstm_spec.compiler.compile import pause_collector
    from cnnlstm_spec.editor.server.documents import OpenText, change_document
    from cnnlstm_spec.editor.state import Settings, make_state
    from cnnlstm_spec.text.source import Source

    rows = []
    for count in (each for each in (100, 1000) if each <= most):
        text = write_chain(count)
        for what, (old, new, times) in CHANGES.items():
            texts = text, text.replace(old, new, times)
            document = OpenText("file:///many.yaml", Source("/many.yaml", text))
            state = make_state(document.source, Path("/"), {}, Settings())
            assert state.compilation.ok
            loads, keys = [], []
            for run in range(1, runs + 1):
                start = time.process_time()
                assert load(texts[run % 2]).ok
                loads.append(time.process_time() - start)
                change = [{"text": texts[run % 2]}]
                start = time.process_time()
                with pause_collector():
                    # As the worker does.
                    document = change_document(document, change, run, run)
                    after = make_state(document.source, Path("/"), {}, Settings(), document.line, None, state)
                    assert not after.found
                keys.append(time.process_time() - start)
                # The worker lets go of the last state once all is told.
                state = after
            ratio = median(keys) / median(loads)
            bar = BARS.get((count, what), "" if what == "one layer" else "(at most 1.1)")
            rows.append(f"keystroke at {count:5d} layers, {what:10} {median(keys) * 1000:7.1f} ms   {ratio:5.2f} of load   {bar}")
    return rows


def initialize(runs: int = 9) -> list[str]:
    """The answer to `initialize` of a cold server against a cold `validate`, each in a process of its own."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        with subprocess.Popen([sys.executable, "-m", "cnnlstm_spec", "lsp"], stdin=-1, stdout=-1) as server:
            assert server.stdin is not None and server.stdout is not None
            server.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY))
            server.stdin.flush()
            server.stdout.readline()
            times.append(time.perf_counter() - start)
            server.kill()
    cold = paired([sys.executable, "-m", "cnnlstm_spec", "validate", str(SPEC)], [sys.executable, "-c", "pass"], runs).first
    answered = median(times)
    return [
        f"`initialize` is answered after   {answered * 1000:7.0f} ms   {answered / cold:5.2f} of cold `validate`   (at most 0.5)"
    ]
