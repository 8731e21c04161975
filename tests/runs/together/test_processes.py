"""Training by several processes, and on several devices, with JAX: what they come to is what one does. `make test-processes` runs it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from places import ROOT
from shared import HEAD, SPECS, STEPS, rows, write_folder

BACKENDS = [each for each in os.environ.get("BACKENDS", "").split() if each == "jax"]
pytestmark = [pytest.mark.keras, pytest.mark.parametrize("backend", BACKENDS)]
TOGETHER = ("20 steps", "norms", "masks", "uneven")
"""With validation, class weights, masks, batches that are not shared evenly; `phases` on two devices of one process."""
LONG = (
    f"{HEAD}{STEPS}".replace("layers: [{LSTM", "layers: [{Dropout: {rate: 0.2}}, {LSTM") + "fit: {epochs: 120, batch_size: 7}\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_folder(tmp_path_factory.mktemp("processes"))
    (folder / "long.yaml").write_text(LONG)
    return folder


def start(folder: Path, name: str, *options: str, more: str = "") -> subprocess.Popen[str]:
    """The command, which is not waited for."""
    python = ROOT / ".venv-jax" / "bin" / "python"
    given = {"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT), "XLA_FLAGS": more}
    line = [python, "-m", "cnnlstm_spec", "train", f"{name}.yaml", *options]
    return subprocess.Popen(
        line, cwd=folder, env={**os.environ, **given}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def end(process: subprocess.Popen[str], status: int = 0, seconds: float = 300) -> str:
    """What it has printed."""
    said, _ = process.communicate(timeout=seconds)
    assert process.returncode == status, said
    return said


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def gather(folder: Path, name: str, count: int, *options: str) -> list[subprocess.Popen[str]]:
    """As many processes, which train together; the first of them writes."""
    port = find_port()
    return [
        start(folder, name, *options, "--coordinator", f"127.0.0.1:{port}", "--process", f"{number}/{count}")
        for number in range(count)
    ]


@pytest.mark.parametrize("name", SPECS)
def test_losses_are_those_of_one(backend: str, folder: Path, name: str) -> None:
    with ExitStack() as stack:
        virtual = "--xla_force_host_platform_device_count=2"
        alone = stack.enter_context(start(folder, name, "-o", f"{name}-1"))
        shared = stack.enter_context(start(folder, name, "-o", f"{name}-devices", "--devices", "all", more=virtual))
        end(alone)
        assert "2 devices share each batch" in end(shared)
        found = [f"{name}-devices"]
        if name in TOGETHER:
            first, second = map(stack.enter_context, gather(folder, name, 2, "-o", f"{name}-2"))
            assert "2 devices of 2 processes share each batch" in end(first)
            assert end(second) == ""
            found.append(f"{name}-2")
    expected = rows(folder / f"{name}-1")
    for each in found:
        histories = list(zip(expected, rows(folder / each), strict=True))
        assert len(histories) >= 3
        for one, many in histories:
            assert many == pytest.approx(one, rel=1e-5, abs=1e-7)


def test_a_process_that_has_other_data_is_told(backend: str, folder: Path) -> None:
    port = find_port()
    together = ("--coordinator", f"127.0.0.1:{port}", "--process")
    with start(folder, "norms", "-o", "other", *together, "0/2") as first:
        with start(folder, "norms", "-o", "other", *together, "1/2", "--set", "seed=5") as second:
            assert "this process differs from the first one in the spec: all need the same" in end(second, 1)
        assert "process 1 of 2 is lost: it has ended with status 1" in end(first, 4, 60)


def test_what_jax_fails_with_is_told_by_all(backend: str, folder: Path) -> None:
    """The product of an attention in half precision, on a CPU: one tells it, the others of that one."""
    layers = "[{Reshape: {target_shape: [2, 1]}}, {MultiHeadAttention: {num_heads: 2, key_dim: 4}}, Flatten]"
    given = ("--set", f"branches.rows.layers={layers}", "--set", "compile.dtype_policy=mixed_float16", "-o", "half")
    first, second = gather(folder, "norms", 2, *given)
    said = [first.communicate(timeout=120)[0], second.communicate(timeout=120)[0]]
    assert {first.returncode, second.returncode} <= {1, 4} and 1 in (first.returncode, second.returncode)
    assert all("the backend `jax` fails with this model: ValueError: The precision 'F16_F16_F32'" in each for each in said)


@pytest.fixture(scope="module")
def whole(folder: Path) -> Path:
    """A run of two processes that nothing happens to."""
    for each in reversed(gather(folder, "long", 2, "-o", "long-2")):
        end(each)
    return folder / "long-2"


@pytest.mark.parametrize("counts", [(2, 2, 2), (2, 3, 1)])
def test_all_end_when_one_is_lost_and_go_on(backend: str, folder: Path, whole: Path, counts: tuple[int, ...]) -> None:
    """Killed twice, and gone on with as many processes, to the same bytes; or with others, to the same losses."""
    name = f"lost-{counts[1]}"
    for lost, count in enumerate(counts[:2]):
        processes = gather(folder, "long", count, "-o", name, "--resume")
        wait_for_epoch(processes[0], 30 * (lost + 1))
        processes[lost].send_signal(signal.SIGKILL)
        began = time.monotonic()
        for each in processes[:lost] + processes[lost + 1 :]:
            told = [line for line in end(each, 4, 30).splitlines() if not line.startswith("epoch ")]
            assert len(told) == 1 and told[0].startswith(f"Error: process {lost} of {count} is lost: ")
        assert time.monotonic() - began < 30
        end(processes[lost], -signal.SIGKILL, 30)
    for each in reversed(gather(folder, "long", counts[2], "-o", name, "--resume")):
        end(each)
    if counts[1] == 2:
        assert (folder / name / "model.keras").read_bytes() == (whole / "model.keras").read_bytes()
    for one, many in zip(rows(whole), rows(folder / name), strict=True):
        assert many == pytest.approx(one, rel=1e-5, abs=1e-7)


def wait_for_epoch(process: subprocess.Popen[str], wanted: int) -> None:
    """Until so many epochs have ended."""
    assert process.stdout is not None
    while line := process.stdout.readline():
        if (found := re.match(r"epoch (\d+)/", line)) and int(found[1]) >= wanted:
            return
    raise AssertionError("it ended early")


@pytest.mark.parametrize("compiled", ["jit_compile: false", "run_eagerly: true"])
def test_steps_that_are_not_compiled_are_not_shared(backend: str, folder: Path, compiled: str) -> None:
    virtual = "--xla_force_host_platform_device_count=2"
    given = ("--set", f"compile.{compiled.replace(': ', '=')}", "--devices", "all")
    with start(folder, "norms", "-o", compiled[:3], *given, more=virtual) as process:
        assert "only compiled steps are shared by JAX" in end(process, 1)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("no.such.host.invalid:9911", "Error: no.such.host.invalid:9911: "),
        # An address of documentation (RFC 5737), which no machine has.
        ("192.0.2.1:9911", "Error: 192.0.2.1:9911: Cannot assign requested address"),
    ],
)
def test_an_address_that_is_not_this_machines_is_told(backend: str, folder: Path, address: str, told: str) -> None:
    with start(folder, "norms", "-o", "nowhere", "--coordinator", address, "--process", "0/2") as process:
        said = end(process, 2)
    assert said.startswith(told) and len(said.splitlines()) == 1 and not (folder / "nowhere").exists()
