"""The manifest of a finished run, for tests of what is read of one."""

from __future__ import annotations

from cnnlstm_spec.compiler.artifact.manifest import ResolvedSpec, SpecFile
from cnnlstm_spec.emit.words.shapes import Params, Tensor
from cnnlstm_spec.runs.manifest import Machine, RunManifest

SPEC = ResolvedSpec(document={"fit": {"epochs": 1}}, compile=None, layers=())
ROWS = Tensor(name="rows", shape=(2,), dtype="float32")
MADE = RunManifest(
    version=1,
    name="table",
    seed=None,
    versions={"keras": "3"},
    inputs=(ROWS,),
    outputs=(ROWS,),
    params=Params(total=2, trainable=2, non_trainable=0),
    usage=(),
    purpose="training",
    files={},
    spec=SpecFile(sha256="0" * 64, **SPEC.to_data()),
    passes="default",
    data={"samples": 3},
    fit={"epochs": 1},
    batch_size=1,
    epochs=1,
    base="..",
    targets={},
    thresholds={},
    seconds=1.0,
    machine=Machine(system="", processor="", cores=1, devices=()),
    commit=None,
)
