"""`jit_compile: true`: what XLA cannot compile, held against the operations that TensorFlow has for it."""

from __future__ import annotations

from typing import Any

import pytest
from layers import op_classes, spec_of, variants

from cnnlstm_spec import load
from cnnlstm_spec.ir.op import Example, Op
from fuzz.text import text_of

SPEC = """\
version: 1
name: t
branches: {a: {input: {kind: image, shape: [9, 8, 3]}, layers: [%s]}}
head: [Flatten, {Dense: {units: 1}}]
compile: {loss: mse%s}
"""
TRAINED = "{Conv2D: {filters: 3, kernel_size: 1}}, "
FROZEN = "{Conv2D: {filters: 3, kernel_size: 1, trainable: false}}, "
FAIL = {
    "{UpSampling2D: {interpolation: bicubic}}": "`interpolation: bicubic` of `UpSampling2D`",
    "{UpSampling2D: {interpolation: area}}": "`interpolation: area` of `UpSampling2D`",
    TRAINED + "{UpSampling2D: {interpolation: lanczos3}}": "`interpolation: lanczos3` of `UpSampling2D`",
    "{Resizing: {height: 4, width: 4, interpolation: lanczos5}}": "`interpolation: lanczos5` of `Resizing`",
    "{Resizing: {height: 4, width: 4, antialias: true}}": "`antialias: true` of `Resizing`",
    TRAINED + "{Resizing: {height: 4, width: 4, interpolation: nearest}}": "`interpolation: nearest` of `Resizing`",
    "CutMix": "`CutMix`",
    "MixUp": "`MixUp`",
    "RandomElasticTransform": "`RandomElasticTransform`",
}
RUN = [
    "{UpSampling2D: {interpolation: bilinear}}",
    TRAINED + "{UpSampling2D: {interpolation: nearest}}",
    TRAINED + "{Resizing: {height: 4, width: 4}}",
    "{Resizing: {height: 4, width: 4, interpolation: nearest}}",
    "RandomErasing",
    "{RandomElasticTransform: {factor: 0}}",
    "{RandomElasticTransform: {scale: [0, 0]}}",
]
OFF = [
    "{RandomRotation: {factor: 0.1}}",
    "AugMix",
    "{RandomCrop: {height: 4, width: 4}}",
    "{RandomShear: {x_factor: [0.0, 0.2]}}",
]


def said(layers: str, more: str = ", jit_compile: true") -> list[tuple[str, str]]:
    found = load(SPEC % (layers, more)).diagnostics
    return [(each.code.name, each.message) for each in found if each.code.name.startswith(("xla", "gradient", "no-effect"))]


@pytest.mark.parametrize("layers", FAIL)
def test_what_cannot_be_compiled(layers: str) -> None:
    assert said(layers) == [("xla-cannot-compile", f"`jit_compile: true`: XLA cannot compile {FAIL[layers]}")]
    for more in ("", ", jit_compile: auto", ", jit_compile: false", ", run_eagerly: true"):
        assert said(layers, more) == []
    assert "jit_compile=False" in load(SPEC % (layers, "")).to_python()


@pytest.mark.parametrize("layers", RUN)
def test_what_can_be_compiled(layers: str) -> None:
    assert said(layers) == []


@pytest.mark.parametrize("layers", OFF)
def test_what_keeps_xla_off(layers: str) -> None:
    assert [code for code, _ in said(f"CutMix, {layers}")] == ["xla-not-used"]
    assert said(layers, "") == []
    assert "jit_compile" not in load(SPEC % (layers, "")).to_python()


@pytest.mark.parametrize("layers", ["{RandomRotation: {factor: much}}", "RandomZoom", "RandomRotatoin"])
def test_beside_what_cannot_be_read_nothing_is_said(layers: str) -> None:
    """Seed 21000285 of the fuzz: of a rotation with a mistake in it, which keeps XLA off."""
    assert said(f"CutMix, {layers}") == []


def test_what_is_run_eagerly_is_not_compiled() -> None:
    assert [code for code, _ in said("RandomFlip", ", jit_compile: true, run_eagerly: true")] == ["no-effect"]


def test_a_layer_without_a_gradient() -> None:
    area = "{UpSampling2D: {interpolation: area}}"
    assert [code for code, _ in said(TRAINED + area)] == ["gradient-not-there"]
    assert [code for code, _ in said(TRAINED + area, "")] == ["gradient-not-there"]
    assert [code for code, _ in said(FROZEN + area, "")] == ["gradient-not-there"]
    assert said(area, "") == []
    assert load(SPEC.replace("compile: {loss: mse%s}\n", "%s") % (TRAINED + area, "")).diagnostics == ()


SIZES_AT_RUN_TIME = "RandomElasticTransform"
"""It has a kernel for each operation, one of which asks for sizes that XLA does not know."""


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
class TestKeras:
    def trains(self, layers: str, more: str = ", jit_compile: true") -> bool:
        import keras
        import networks
        import numpy

        keras.utils.clear_session(free_memory=False)
        compilation = load(SPEC.replace("compile: {loss: mse%s}", "%s") % (layers, ""))
        model = compilation.to_keras()
        model.compile("sgd", "mse", jit_compile="true" in more)
        try:
            model.train_on_batch(networks.random_inputs(compilation)["a"], numpy.zeros((3, 1)))
        except Exception:
            return False
        return True

    @pytest.mark.whole
    def test_keras_fails_where_it_is_said(self) -> None:
        assert [layers for layers in FAIL if self.trains(layers)] == []
        assert [layers for layers in (*RUN, *OFF) if not self.trains(layers)] == []

    def test_a_layer_without_a_gradient_fails_in_training(self) -> None:
        area = "{UpSampling2D: {interpolation: area}}"
        assert (self.trains(area, ""), self.trains(TRAINED + area, ""), self.trains(FROZEN + area, "")) == (True, False, False)

    def test_images_turned_in_bfloat16_have_no_gradient(self) -> None:
        turned = "{RandomRotation: {factor: 0.2, dtype: bfloat16}}"
        assert [self.trains(before + turned, "") for before in ("", FROZEN, TRAINED)] == [True, False, False]
        said_of = [[code for code, _ in said(before + turned, "")] for before in ("", FROZEN, TRAINED)]
        assert said_of == [[], ["gradient-not-there"], ["gradient-not-there"]]

    def test_auto_leaves_it_off_on_a_gpu_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import tensorflow

        class Gpu:
            device_type = "GPU"

        monkeypatch.setattr(tensorflow.config, "list_physical_devices", lambda *_: [Gpu()])
        assert load(SPEC % ("MixUp", "")).to_keras().jit_compile is False
        assert load(SPEC % ("RandomFlip", "")).to_keras().jit_compile is True

    @pytest.mark.whole
    def test_every_other_layer_consists_of_what_xla_has(self, whole: bool) -> None:
        """The graph of a step with each layer, read without compiling it: which operations have no kernel for XLA."""
        cases = [(op, each) for op in op_classes() for each in op.examples]
        resized = [(op, each) for op in op_classes() if op.__name__ in ("UpSampling2D", "Resizing") for each in variants(op)]
        known = [(op, each) for op, each in cases + resized if sound(op, each)]
        told = [(op, each) for op, each in known if is_told(op, each)]
        others = [case for case in known if case not in told]
        assert lacking(others if whole else list({op: (op, each) for op, each in others}.values())) == set()
        lacks_none = {op.title() for op, each in told if not op.keeps_xla_off and not lacking([(op, each)])}
        assert lacks_none == {SIZES_AT_RUN_TIME}
        assert not self.trains(SIZES_AT_RUN_TIME)


def sound(op: type[Op], example: Example) -> bool:
    return load(text_of(spec_of([(op, example)]))).ok


def is_told(op: type[Op], example: Example) -> bool:
    layer = op.make(**example.arguments)
    return layer.keeps_xla_off or layer.without_xla(trained=True) is not None


def lacking(cases: list[tuple[type[Op], Example]]) -> set[str]:
    """The operations of a step through all of these layers that XLA has no kernel for."""
    import keras
    import oracle
    import tensorflow
    from tensorflow.python.framework.kernels import get_registered_kernels_for_op

    keras.utils.clear_session(free_memory=False)
    model: Any = load(text_of(spec_of(cases))).to_keras()
    shapes = {f"x{n}_{i}": (s, each.dtype) for n, (_, each) in enumerate(cases) for i, s in enumerate(each.shapes)}
    given = {name: tensorflow.constant(oracle.data(tuple(shape), dtype)) for name, (shape, dtype) in shapes.items()}

    def step(values: dict[str, Any]) -> Any:
        floats = [value for value in values.values() if value.dtype.is_floating]
        with tensorflow.GradientTape() as tape:
            tape.watch(floats)
            outputs = [tensorflow.reduce_sum(tensorflow.cast(each, "float32")) for each in model(values, training=True).values()]
            total = tensorflow.add_n(outputs)
        return tape.gradient(total, floats, unconnected_gradients="zero")

    try:
        graph = tensorflow.function(step, autograph=False).get_concrete_function(given).graph.as_graph_def()
    except LookupError as error:
        return {str(error)}
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    kernels = {name: get_registered_kernels_for_op(name).kernel for name in {node.op for node in nodes}}
    # What is fed is no operation; what branches hold for their gradients is another thing once XLA compiles them.
    return {
        name
        for name, found in kernels.items()
        if found
        and not name.startswith(("Optional", "Placeholder"))
        and not any(each.device_type == "XLA_CPU_JIT" for each in found)
    }
