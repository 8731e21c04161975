"""With a mend turned off, the fuzz finds what it mended, within the number of seeds that is written here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from cnnlstm_spec.ir.op import Op
from cnnlstm_spec.model.rules import activations, metrics
from cnnlstm_spec.model.rules import check as verify
from cnnlstm_spec.model.rules.dtypes import check_dtypes
from cnnlstm_spec.model.rules.gradients import check_missing_gradients
from cnnlstm_spec.model.rules.indices import check_indices
from cnnlstm_spec.model.rules.xla import check_xla
from cnnlstm_spec.ops.augment.color import AutoContrast
from cnnlstm_spec.ops.augment.factors import Augmentation, Factor, SavedPair
from cnnlstm_spec.ops.augment.geometry import RandomCrop
from cnnlstm_spec.ops.embedding import Embedding, EmbeddingLookup
from cnnlstm_spec.ops.fusions.attention import AttentionStrategy
from cnnlstm_spec.ops.rescaling import Rescaling, Resizing
from fuzz import outside, themes

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

Off = Callable[[pytest.MonkeyPatch], None]


def without_rule(patch: pytest.MonkeyPatch, rules: str, rule: Any) -> None:
    patch.setattr(verify, rules, tuple(each for each in getattr(verify, rules) if each is not rule))


def without_code(patch: pytest.MonkeyPatch, rules: str, rule: Any, code: str) -> None:
    """The rule, silent of one of its findings."""

    def less(*given: Any) -> Iterator[Any]:
        return (each for each in rule(*given) if each.code.name != code)

    patch.setattr(verify, rules, tuple(less if each is rule else each for each in getattr(verify, rules)))


def acts_in_training_alone(op: type[Op]) -> Off:
    """A layer that acts whenever it is called, taken for one of those that do so in training alone."""
    return lambda patch: patch.setattr(op, "only_in_training", True)


def starts_at_random(patch: pytest.MonkeyPatch) -> None:
    """The matrix of a file is not handed to Keras."""

    def less(op: Embedding) -> dict[str, object]:
        return {name: value for name, value in EmbeddingLookup.list_keras_arguments(op).items() if name != "weights"}

    patch.setattr(Embedding, "list_keras_arguments", less)


MENDS: dict[str, tuple[Any, str, Off, str, int]] = {
    "what XLA cannot compile": (themes.compiled, "MixUp", lambda it: without_rule(it, "RULES", check_xla), "does not run", 40),
    "interpolations that XLA cannot compile": (
        themes.compiled,
        "bicubic",
        lambda it: without_rule(it, "RULES", check_xla),
        "does not run",
        20,
    ),
    "what keeps XLA off": (
        themes.compiled,
        "Random",
        lambda it: without_code(it, "RULES", check_xla, "xla-not-used"),
        "not as promised",
        40,
    ),
    "what has no gradient": (
        themes.resized,
        "area",
        lambda it: without_rule(it, "RULES", check_missing_gradients),
        "does not run",
        40,
    ),
    "integers that become floats": (
        themes.resized,
        "uint8",
        lambda it: it.setattr(Resizing, "keeps_integers", True),
        "refused, but Keras runs it",
        40,
    ),
    "negative integers that are counted": (
        themes.looked_up,
        "multi_hot",
        lambda it: without_code(it, "NODE_RULES", check_indices, "negative-not-counted"),
        "does not run",
        60,
    ),
    "classes without a place": (
        themes.looked_up,
        "CategoryEncoding",
        lambda it: without_code(it, "NODE_RULES", check_indices, "class-without-place"),
        "not as promised",
        200,
    ),
    "what acts in inference too": (themes.saved, "AutoContrast", acts_in_training_alone(AutoContrast), "not as promised", 400),
    "what is done before a model, in inference": (
        themes.saved,
        "'Rescaling'",
        acts_in_training_alone(Rescaling),
        "not as promised",
        400,
    ),
    "a crop outside of training": (
        themes.saved,
        "RandomCrop",
        lambda it: it.setattr(RandomCrop, "lower", Augmentation.lower),
        "not as inferred",
        400,
    ),
    "integers without a row": (
        themes.looked_up,
        "",
        lambda it: without_rule(it, "NODE_RULES", check_indices),
        "does not run",
        40,
    ),
    "overlaps of class numbers": (
        themes.measured,
        "IoU",
        lambda it: it.setattr(metrics, "BY_NUMBERS", ()),
        "measures something else",
        40,
    ),
    "divergences of no distribution": (
        themes.measured,
        "kl_divergence",
        lambda it: it.setattr(activations, "DISTRIBUTIONS", frozenset()),
        "measures something else",
        60,
    ),
    "files that do not load": (
        themes.saved,
        "RandomShear",
        lambda it: it.setattr(SavedPair, "bound_value", Factor.bound_value),
        "not the same once it is loaded",
        400,
    ),
    "fusions that share over other axes": (
        outside.fusions,
        "none",
        lambda it: it.setattr(AttentionStrategy, "reads_rank_beside", Op.reads_rank_beside),
        "does not run",
        300,
    ),
    "weights of a file": (
        outside.vectors,
        ".npy",
        starts_at_random,
        "not the weights of the file",
        40,
    ),
    "penalties of one's own": (
        outside.own,
        "Band",
        lambda it: without_rule(it, "NODE_RULES", check_dtypes),
        "does not run",
        40,
    ),
}
"""The theme, a word of the specs that it could be found in, how the mend is turned off, the disagreement, and the seeds of the
theme within which it is found; those without the word would only take time."""


@pytest.mark.sampled(every=4, long=2)
@pytest.mark.parametrize("name", MENDS)
def test_the_fuzz_finds_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fuzz.judge import judge

    theme, word, off, kind, seeds = MENDS[name]
    off(monkeypatch)
    specs = (theme(Random(f"theme {seed}")) for seed in range(seeds))
    assert any(judge(spec).disagreement == kind for spec in specs if word in str(spec))
