"""Mends turned off one by one: the fuzz finds each fault by itself, within the seeds that are written here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cnnlstm_spec.ir.inference import Inference
from cnnlstm_spec.ir.op import Op, Weight
from cnnlstm_spec.ir.size import Size
from cnnlstm_spec.ir.sizes import condition
from cnnlstm_spec.ir.tensor import TensorType
from cnnlstm_spec.language import kinds
from cnnlstm_spec.model.rules import NODE_RULES, dtypes, gradients, metrics, optimizers
from cnnlstm_spec.model.rules import check as verify
from cnnlstm_spec.model.rules.weight_arguments import check_weight_arguments
from cnnlstm_spec.ops.wrappers import SpectralNormalization
from cnnlstm_spec.text import diagnostic
from fuzz.generate import generate

Patch = pytest.MonkeyPatch


def _inner_dtype(patch: Patch) -> None:
    def dtype_after(self: SpectralNormalization, at: Inference, *inputs: TensorType) -> str:
        return self.layer.infer_dtype(at, *inputs)

    patch.setattr(SpectralNormalization, "infer_dtype", dtype_after)


def _low_rank(patch: Patch) -> None:
    def infer(self: SpectralNormalization, at: Inference, *inputs: TensorType) -> TensorType:
        return self.layer.infer(at, *inputs)

    patch.setattr(SpectralNormalization, "infer", infer)


def _no_rule_of_weights(patch: Patch) -> None:
    patch.setattr(verify, "NODE_RULES", tuple(rule for rule in NODE_RULES if rule is not check_weight_arguments))


def _any_penalty(patch: Patch) -> None:
    def is_penalised(op: Op, weights: tuple[Weight, ...], of: object = None) -> bool:
        return any(name.endswith("_regularizer") and value is not None for name, value in op.list_values().items())

    _no_rule_of_weights(patch)
    patch.setattr(gradients, "is_penalised", is_penalised)


def _without(check: str) -> object:
    def off(patch: Patch) -> None:
        left = tuple(each for each in optimizers.CHECKS if each.__name__ != check)
        assert len(left) < len(optimizers.CHECKS)
        patch.setattr(optimizers, "CHECKS", left)

    return off


def _any_dtype(patch: Patch) -> None:
    patch.setattr(metrics, "_takes", lambda taken, dtype: True)


def _known_widths(patch: Patch) -> None:
    def equal(width: Size, other: int) -> condition.Condition:
        return condition.equal(width, other) if isinstance(width, int) else condition.make_either(True)

    patch.setattr(metrics, "equal", equal)


def _not_forgotten(patch: Patch) -> None:
    _no_rule_of_weights(patch)
    patch.setattr(dtypes, "forgets_penalty", lambda op: False)


def _of_keras(patch: Patch) -> None:
    patch.setattr(diagnostic, "CODES", {})
    patch.setattr(kinds, "NO_FLOATS", replace(kinds.NO_FLOATS, sort="keras"))


ROWS = {
    "SpectralNormalization gives the dtype of its layer": (_inner_dtype, 1351, 1),
    "SpectralNormalization over a correction of low rank": (_low_rank, 1183, 1),
    "a penalty on a weight that is not there": (_any_penalty, 1412, 1),
    "an epsilon of 0 over a table": (_without("_check_divided"), 2570, 1),
    "a schedule of Muon": (_without("_check_muon"), 1925, 1),
    "a metric of integers": (_any_dtype, 1555, 1),
    "labels for a width known at run time": (_known_widths, 1064, 1),
    "a penalty that SimpleRNN forgets": (_not_forgotten, 1455, 1),
    "a policy of integers": (_of_keras, 1687, 1),
}
"""What is turned off, the first seed and how many."""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=3, long=1)
@pytest.mark.parametrize("row", ROWS)
def test_the_fuzz_finds(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz.judge import judge

    off, first, count = ROWS[row]
    seeds = range(first, first + count)
    specs = {seed: generate(seed) for seed in seeds}
    with monkeypatch.context() as patch:
        off(patch)  # type: ignore[operator]
        assert any(judge(spec, seed).disagreement is not None for seed, spec in specs.items())
