"""What the page of a layer says of training and inference holds in `fit`, in `evaluate` and `predict`, and in a loaded file.

All layers stand in few models, each with a head of its own whose loss is how far it is from what was predicted: so `fit` shows which
layers do something else in training, and `evaluate`, of the model or of its file, that all others do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from layers import op_classes, spec_of

from cnnlstm_spec import load
from cnnlstm_spec.emit.words.reference import write_page
from cnnlstm_spec.ir.op import Example, Op
from cnnlstm_spec.ops.unary import Op as Unary
from fuzz.text import text_of

keras = pytest.importorskip("keras")
import numpy  # noqa: E402
import oracle  # noqa: E402

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

OPS = op_classes()
EACH = 6
"""Layers whose examples are one model: a model each would take most of the time."""
CLOSE = 1e-4
DROPPING = {"dropout": 0.5, "recurrent_dropout": 0.5}
"""Arguments that no example has, and that act in training."""


@dataclass(frozen=True)
class Shown:
    """What a layer did: the means of how far it was from its prediction, and what it predicted of what it was given."""

    op: type[Op]
    example: Example
    in_fit: float
    in_evaluate: float
    after_fit: float
    loaded: float
    in_loaded_fit: float
    keeps_input: bool

    def __str__(self) -> str:
        return f"{self.op.title()} {dict(self.example.arguments)} on {self.example.dtype}"


def examples(op: type[Op]) -> Iterator[tuple[type[Op], Example]]:
    """Every example of a layer, with dropout where it has any, and on pixels where it reads images."""
    first = op.examples[0]
    yield from ((op, each) for each in op.examples)
    for name in sorted(DROPPING.keys() & op.arguments.keys()):
        yield op, Example({**first.arguments, name: DROPPING[name]}, first.shapes, first.dtype)
    if op.only_in_training and first.dtype == "float32" and len(first.shapes[0]) == 3:
        yield op, Example(first.arguments, first.shapes, "uint8")


def _shown(group: list[tuple[type[Op], Example]], path: Path) -> Iterator[Shown]:
    keras.utils.clear_session(free_memory=False)
    model = load(text_of(spec_of(group))).to_keras()
    given = {
        f"x{index}_{place}": fed(shape, each.dtype)
        for index, (op, each) in enumerate(group)
        for place, shape in enumerate(each.shapes)
    }
    predicted = model.predict(given, batch_size=oracle.BATCH, verbose=0)
    model.save(path)
    evaluated, fitted, after = _losses(model, given, predicted)
    loaded, fitted_again, _ = _losses(keras.saving.load_model(path, compile=False), given, predicted)
    for index, (op, each) in enumerate(group):
        loss = f"y{index}_loss"
        first = given[f"x{index}_0"]
        kept = first.dtype != object and numpy.array_equal(_floats(predicted[f"y{index}"]), _floats(first))
        yield Shown(op, each, fitted[loss], evaluated[loss], after[loss], loaded[loss], fitted_again[loss], kept)


def fed(shape: tuple[int | None, ...], dtype: str) -> Any:
    """A batch of an input: integers are pixels where they are images, else small enough to be looked up."""
    if dtype == "string":
        return oracle.data(tuple(shape), dtype)
    floats = oracle.data(tuple(shape), "float32")
    return floats.astype(dtype) if "float" in dtype else (floats * (200 if len(shape) == 3 else 4)).astype(dtype)


def _floats(values: Any) -> Any:
    return numpy.asarray(values, "float32")


def _losses(model: Any, given: Any, labels: Any) -> list[dict[str, float]]:
    """The loss of each head in `evaluate`, then in `fit`, in which no gradient is followed, and in `evaluate` after it."""
    model.compile(keras.optimizers.SGD(0.0), dict.fromkeys(labels, _far))
    options: dict[str, Any] = {"batch_size": oracle.BATCH, "verbose": 0}
    evaluated = model.evaluate(given, labels, return_dict=True, **options)
    fitted = {name: values[0] for name, values in model.fit(given, labels, **options).history.items()}
    return [evaluated, fitted, model.evaluate(given, labels, return_dict=True, **options)]


def _far(labels: Any, outputs: Any) -> Any:
    ops = keras.ops
    return ops.mean(ops.abs(ops.cast(labels, "float32") - ops.cast(outputs, "float32")))


def says(each: Shown) -> bool:
    """Whether the page says that the layer, or an argument that is written, does something else in training."""
    words = (each.op.__doc__ or "") + "".join(each.op.arguments[name].doc for name in each.example.arguments)
    return each.op.only_in_training or any(word in words for word in ("in training", "serve inference"))


@pytest.mark.sampled(every=24, long=12)
@pytest.mark.parametrize(
    "ops", [*(OPS[at : at + EACH] for at in range(0, len(OPS), EACH)), [Unary]], ids=lambda ops: ops[0].title()
)
def test_training_and_inference_are_as_the_page_says(ops: list[type[Op]], tmp_path: Path) -> None:
    sound = [each for op in ops for each in examples(op) if load(text_of(spec_of([each]))).ok]
    shown = list(_shown(sound, tmp_path / "model.keras"))
    assert [str(each) for each in shown if max(each.in_evaluate, each.loaded) > CLOSE] == [], "outside of training, or loaded"
    assert [str(each) for each in shown if each.op.only_in_training and not each.keeps_input] == [], "changes its input"
    moved = [each for each in shown if each.after_fit > CLOSE]
    assert [str(each) for each in moved if not says(each)] == [], "is not the same after training, unsaid"
    for loss in ("in_fit", "in_loaded_fit"):
        acting = [each for each in shown if getattr(each, loss) > CLOSE]
        assert [str(each) for each in acting if not says(each)] == [], "acts in training, unsaid"
        # Of some examples: a draw may leave what it is given, and a grey image has no colors.
        silent = {each.op for each in shown if says(each)} - {each.op for each in acting}
        assert sorted({op.title() for op in silent} - ADDS_A_LOSS) == [], "does not act in training"


ADDS_A_LOSS = frozenset({"ActivityRegularization"})


def test_the_page_says_what_acts_in_training_alone() -> None:
    assert [op.title() for op in OPS if op.only_in_training != ("in training alone" in write_page(op.title(), op))] == []


@pytest.mark.parametrize("op", [op for op in op_classes() if "seed" in op.arguments], ids=lambda op: op.title())
def test_a_seed_is_kept_in_a_file(op: type[Op]) -> None:
    """Or the page says that it is not."""
    first = op.examples[0]
    layer = oracle.resolve(op.keras_path())(**{**first.arguments, "seed": 7})
    kept = type(layer).from_config(layer.get_config()).get_config().get("seed") == 7
    assert kept != ("forgets" in op.arguments["seed"].doc)
