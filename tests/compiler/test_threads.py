"""Threads that load specs at the same time give what one gives, from the first load of the process on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from places import ROOT

LOADS, FEWER = 1_000, 200
PROGRAM = """
import json, sys
from threading import Barrier, Thread
sys.setswitchinterval(1e-5)  # threads take turns far more often than they would
from cnnlstm_spec import load
from cnnlstm_spec.compiler.dump import dump

def spec(layers, rest=""):
    return ("version: 1\\nname: small\\nbranches:\\n  x:\\n    input: {kind: sequence, shape: [n, 4], padding_value: 0}\\n"
            f"    layers: [{layers}]\\nhead: [{{Dense: {{units: 2, activation: softmax}}}}]\\n{rest}")

SPECS = [
    spec("{Conv1D: {filters: 4, kernel_size: 3}}, {Repeat: {times: 2, layers: [{Dense: {units: 4}}]}}, GlobalMaxPooling1D"),
    spec("{LSTM: {unist: 3}}, {Dens: {}}, {Dense: {units: '3'}}", "compile: {loss: categorical_crossentropi}\\n"),
]

def told(text):
    compilation = load(text)
    return [[each.code.name, each.message, each.help, str(each.place.path), each.place.span[1:]] for each in compilation.diagnostics], (
        dump(compilation, "typed") if compilation.typed is not None else None)

def load_all(index, seen):
    for _ in range(int(sys.argv[1])):
        result = json.dumps(told(SPECS[index]))
        seen[index].add(result)

seen = [set(), set()]
if sys.argv[2] == "threads":
    barrier = Barrier(2)
    threads = [Thread(target=lambda i=i: (barrier.wait(), load_all(i, seen))) for i in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
else:
    load_all(0, seen), load_all(1, seen)
print(json.dumps([sorted(each) for each in seen]))
"""


def run(loads: int, way: str) -> list[list[str]]:
    command = [sys.executable, "-c", PROGRAM, str(loads), way]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found: list[list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("loads", [FEWER, pytest.param(LOADS, marks=pytest.mark.whole)])
def test_two_threads_give_what_one_gives(loads: int) -> None:
    alone = run(1, "alone")
    assert [len(each) for each in alone] == [1, 1] and '"unknown-key"' in alone[1][0]
    assert run(loads // 2, "threads") == alone
