"""Every layer against Keras: its examples, its signature, and configurations drawn from its arguments."""

from __future__ import annotations

import inspect
import os

import pytest
from layers import judge, op_classes

import cnnlstm_spec
from cnnlstm_spec.ir.op import Example, Op
from cnnlstm_spec.ir.program import Call
from cnnlstm_spec.ir.tensor import TensorType
from cnnlstm_spec.language.catalog import KerasObject
from cnnlstm_spec.language.leaf import REQUIRED
from cnnlstm_spec.language.read_record import read_record
from cnnlstm_spec.language.scope import POISON, Scope
from cnnlstm_spec.model.rules.gradients import is_cut
from cnnlstm_spec.text.nodes import make_node

oracle = pytest.importorskip("oracle")
pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

OPS = [op for op in op_classes() if op.__name__ != "Bidirectional"]
"""Every layer but the wrapper, whose inner layer is lowered with the whole model."""
CASES = [(op, each) for op in OPS for each in op.examples]
NAMES = [f"{op.__name__}-{op.examples.index(each)}" for op, each in CASES]

OURS = frozenset({"name", "trainable", "dtype", "share"})
"""Arguments that every op has, whatever Keras's class takes."""

NOT_DECLARED = {
    "Bidirectional": {"weights"},
    "TimeDistributed": {"layer"},
}
"""Arguments of Keras that a spec writes in another way, or cannot write."""

KERAS_SHAPE_IS_WRONG = {"EinsumDense"}
"""Layers whose announced shape is not what they give: Keras misplaces the axes of `...`, or loses sizes."""


def keras_values(op: Op) -> dict[str, object]:
    """The arguments as Keras takes them, named objects made."""

    def made(value: object) -> object:
        if isinstance(value, Call):
            keywords = {name: made(each) for name, each in value.keywords}
            return oracle.resolve(value.path)(**keywords)
        if not isinstance(value, KerasObject):
            return value
        return value.identifier or oracle.resolve(value.path)(**dict(value.arguments))

    return {name: made(value) for name, value in op.list_keras_arguments().items()}


def on_data(output: TensorType) -> tuple[int, ...]:
    """The sizes as they come of the oracle's data; of a text's words there are so many, or characters with a space after each."""
    characters = 2 * oracle.UNKNOWN - 1
    return tuple(each if isinstance(each, int) else characters for each in output.sizes)


def penalised(op: Op, policy: str) -> bool:
    """Whether a penalty on the output is not of float32, which a rule refuses where the model is trained."""
    penalty = getattr(op, "activity_regularizer", None) is not None or op.title() == "ActivityRegularization"
    return policy != "float32" and penalty


@pytest.mark.sampled("op_class", "policy")
@pytest.mark.parametrize(("op_class", "example"), CASES, ids=NAMES)
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_example(op_class: type[Op], example: Example, policy: str) -> None:
    op = op_class.make(**example.arguments)
    verdict = judge(op, example.shapes, example.dtype, policy)
    if policy != "float32" and verdict.refusal is not None and verdict.refusal.code.sort == "keras":
        given = oracle.run(op.keras_path(), keras_values(op), example.shapes, example.dtype, policy, graph=True)
        assert isinstance(given, oracle.Failure)
        return
    assert verdict.refusal is None and verdict.output is not None, verdict.refusal
    given = oracle.run(op.keras_path(), keras_values(op), example.shapes, example.dtype, policy)
    if isinstance(given, oracle.Failure) and (given.stage == "device" or penalised(op, policy)):
        pytest.skip(given.message)
    assert isinstance(given, oracle.Outcome), given
    concrete = judge(op, example.shapes, example.dtype, policy, unknown=oracle.UNKNOWN)
    assert concrete.output is not None
    if op_class.__name__ not in KERAS_SHAPE_IS_WRONG:
        assert on_data(concrete.output) == given.on_data
    assert verdict.output.dtype == given.dtype
    assert not given.mixes
    if op_class.__name__ not in KERAS_SHAPE_IS_WRONG:
        ours = tuple(size if isinstance(size, int) else None for size in verdict.output.sizes)
        assert ours == given.called == given.computed
    if op.trainable:
        assert verdict.weights == given.weights
    if given.gradient is not None:
        assert given.gradient != (op.reads_codes or is_cut(op, verdict.output))


@pytest.mark.parametrize("op_class", OPS, ids=lambda op: op.__name__)
def test_signature(op_class: type[Op]) -> None:
    wanted = {
        name: parameter.default
        for name, parameter in inspect.signature(oracle.resolve(op_class.keras_path()).__init__).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD and name not in {"self", *OURS}
    }
    for name in NOT_DECLARED.get(op_class.__name__, ()):
        wanted.pop(name, None)
    declared = {name: each for name, each in op_class.arguments.items() if name not in OURS | op_class.call_arguments}
    assert set(declared) == set(wanted)
    for name, argument in declared.items():
        default = wanted[name]
        assert argument.required == (default is inspect.Parameter.empty), name
        assert argument.doc, name
        if argument.default is not REQUIRED and default is not None:
            found = Scope([])
            assert argument.kind.read(make_node(default), found) == argument.canonical, name
            assert argument.canonical is not POISON and not found.found
        elif argument.default is not REQUIRED:
            assert argument.canonical is None, name


def test_every_op_has_examples() -> None:
    assert all(2 <= len(op.examples) <= 6 for op in OPS), [op.__name__ for op in OPS if not 2 <= len(op.examples) <= 6]


DEPTH = int(os.environ.get("OPS_EXAMPLES", "3"))
"""Configurations drawn for each layer; OPS_EXAMPLES=200 for a long run."""

SLOW = {"AugMix", "RandAugment", "RandomElasticTransform", "MelSpectrogram"}
"""Layers that take a second each."""

LEFT_OUT = OURS | {"activity_regularizer", "seed", "salt"}
"""Arguments that no configuration draws: tested elsewhere, or too wide."""

DIFFERS: dict[str, str] = {
    "EinsumDense": "Keras misplaces the axes of `...`; drawn equations mostly do not fit",
}
"""Layers without drawn configurations, and why."""


def differs_on_purpose(op: Op, shape: tuple[int | None, ...], dtype: str) -> bool:
    """Where we refuse although Keras goes on, or the other way about; each with its reason."""
    name = op.title()
    if type(op).__module__.rpartition(".")[2].startswith("augment") and len(shape) != 3:
        return True  # without a batch axis Keras takes an image for a batch
    if name in ("AugMix", "RandAugment") and op.value_range[0] == op.value_range[1]:  # type: ignore[attr-defined]
        return True
    if name == "CategoryEncoding" or name == "Hashing":
        return op.output_mode != "int" and len(shape) != 1  # type: ignore[attr-defined]
    if name in ("Resizing", "UpSampling2D") and getattr(op, "interpolation", "") == "area":
        return True  # its gradient is not there; first in a model it needs none
    if name == "Rescaling" and dtype != "bool":
        return shape[-1:] == (1,) or not shape  # Keras gives a shape other than the one it announces
    if op.is_to_measure():
        return True  # refused by the language: there is no `adapt`
    if getattr(op, "num_oov_indices", 1) == 0:
        return True  # it fails where the data have values that the vocabulary has not
    if name == "RMSNormalization":
        return 1 in shape  # the scale widens the output, unannounced
    if name in ("Dropout", "AlphaDropout"):
        fixed = op.noise_shape  # type: ignore[attr-defined]
        return fixed is not None and (len(fixed) > len(shape) + 1 or fixed[:1] not in ((), (None,), (1,)) or 1 in shape)
    return False


@pytest.mark.sampled(every=12, long=3)
@pytest.mark.parametrize(
    "op_class", [op for op in OPS if op.arity == (1, 1) and op.__name__ not in DIFFERS], ids=lambda op: op.__name__
)
def test_drawn(op_class: type[Op]) -> None:
    """Our refusal of sort keras if and only if Keras fails; the same shape, dtype and weights where both accept."""
    import strategies
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    @settings(
        max_examples=max(1, DEPTH // 3) if op_class.__name__ in SLOW else DEPTH,
        deadline=None,
        database=None,
        derandomize=DEPTH < 50,
        phases=[Phase.generate] if DEPTH < 50 else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        arguments = data.draw(strategies.arguments(op_class, LEFT_OUT | op_class.call_arguments))
        reading = read_record(op_class, make_node(arguments), found := Scope([]), op_class.__name__)
        if reading is POISON:
            if all(each.code.sort == "keras" for each in found.found):
                shapes = (op_class.examples[0].shapes[0],)
                assert isinstance(oracle.run(op_class.keras_path(), arguments, shapes, graph=True), oracle.Failure), arguments
            return
        record = reading.record
        shape = data.draw(strategies.shapes(record))
        dtype = data.draw(st.just("string") if record.takes_text and not shape else strategies.DTYPES)
        if not differs_on_purpose(record, shape, dtype):
            compare(record, shape, dtype)

    run()


def compare(op: Op, shape: tuple[int | None, ...], dtype: str) -> None:
    """Holds our verdict on one input against Keras's."""
    verdict = judge(op, [shape], dtype)
    concrete = judge(op, [shape], dtype, unknown=oracle.UNKNOWN)
    given = oracle.run(op.keras_path(), keras_values(op), [shape], dtype, graph=verdict.refusal is not None)
    what = (op, shape, dtype)
    if isinstance(given, oracle.Failure) and given.stage == "device":
        return
    if verdict.refusal is not None:
        if verdict.refusal.code.sort == "keras":
            assert isinstance(given, oracle.Failure), (what, verdict.refusal, given)
        return
    if verdict.conditional and concrete.refusal is not None:
        return
    assert isinstance(given, oracle.Outcome), (what, given)
    assert verdict.output is not None and concrete.output is not None
    assert on_data(concrete.output) == given.on_data, (what, given)
    ours = tuple(size if isinstance(size, int) else None for size in verdict.output.sizes)
    assert ours == given.called, (what, given)
    assert verdict.output.dtype == given.dtype, (what, given)
    assert not given.mixes, (what, given)
    if op.trainable:
        assert verdict.weights == given.weights, (what, given)
    if given.gradient is not None:
        assert given.gradient != (op.reads_codes or is_cut(op, verdict.output)), (what, given)


OF_ONE_RANK = [
    op_class
    for op_class in OPS
    if op_class.arity == (1, 1)
    and (reads := op_class.make(**op_class.examples[0].arguments).list_axes_read()) is not None
    and len(reads) == len(op_class.examples[0].shapes[0])
]
"""Layers that read so many axes, and no others."""


@pytest.mark.parametrize("op_class", OF_ONE_RANK, ids=lambda op: op.__name__)
def test_another_rank_fails_in_keras_or_is_misread(op_class: type[Op]) -> None:
    example = op_class.examples[0]
    op, read = op_class.make(**example.arguments), example.shapes[0]
    for rank in range(len(read) + 2):
        if rank == len(read):
            continue
        shapes = {((4,) * rank + read)[-rank:] if rank else (), (*read, *read)[:rank]}
        run = (oracle.run(op.keras_path(), keras_values(op), [shape], example.dtype, train=False) for shape in shapes)
        assert any(isinstance(given, oracle.Outcome) for given in run) == op.misreads_rank(rank, timed=False), rank


@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=8, long=1)
@pytest.mark.parametrize("op_class", OF_ONE_RANK, ids=lambda op: op.__name__)
def test_another_rank_in_time_fails_in_keras_or_is_misread(op_class: type[Op]) -> None:
    """`TimeDistributed` calls a layer without the check that the layer has of its input."""
    from fuzz.judge import judge

    example = op_class.examples[0]
    read = tuple(size or 4 for size in example.shapes[0])
    layer = {op_class.title(): {name: list(v) if isinstance(v, tuple) else v for name, v in example.arguments.items()}}
    for rank in range(len(read) + 2):
        if rank == len(read):
            continue
        shape = [3, *(*read, *read)[:rank]]
        input = {"kind": "tensor", "axes": [f"x{n}" for n in range(len(shape))], "shape": shape, "dtype": example.dtype}
        branch = {"input": input, "layers": [{"TimeDistributed": [layer]}]}
        outcome = judge({"version": 1, "name": "timed", "branches": {"a": branch}, "head": []}, 1)
        assert outcome.disagreement is None, outcome


def test_random_crop_gives_its_size_outside_training() -> None:
    """What Keras documents, and version 3.15 does not do: the largest window of the aspect ratio, resized."""
    import numpy

    text = "version: 1\nname: t\nbranches: {x: {input: {kind: image, shape: [9, 8, 3]}}}\nhead: [{RandomCrop: {height: 4, width: 6}}]\n"
    model = cnnlstm_spec.load(text).to_keras()
    images = numpy.random.default_rng(0).random((2, 9, 8, 3), "float32")
    import keras

    wanted = keras.layers.Resizing(4, 6, crop_to_aspect_ratio=True)(images)
    assert numpy.allclose(model.predict(images, verbose=0), wanted)
    cropped = numpy.asarray(model(images, training=True))
    windows = [images[:, y : y + 4, x : x + 6] for y in range(6) for x in range(3)]
    assert any(numpy.allclose(cropped, window) for window in windows)
