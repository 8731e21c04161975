"""What a model is compiled anew in, where devices share it: TensorFlow's scope, which nobody may forget in. One device is enough."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

SPEC = """version: 1
name: scoped
branches: {a: {input: {kind: vector, shape: [3]}, layers: [BatchNormalization]}}
head: [{Dense: {units: 1}}]
compile: {loss: mse, metrics: [mae]}
"""


def test_a_model_is_compiled_anew_in_the_scope_of_its_devices() -> None:
    import numpy
    import tensorflow

    from cnnlstm_spec.emit.keras.run import compile_again
    from cnnlstm_spec.emit.lowering.compile_call import compile_statements
    from cnnlstm_spec.model.passes import optimize

    compilation, strategy = load(SPEC), tensorflow.distribute.MirroredStrategy(["CPU:0"])
    assert compilation.spec is not None and compilation.typed is not None
    with strategy.scope():
        model = compilation.to_keras()
    statements = list(compile_statements(compilation.spec, optimize(compilation.typed, "default")))
    for _ in range(2):
        compile_again(model, statements, {}, {}, strategy.scope)
        found = model.train_on_batch(numpy.ones((4, 3)), numpy.ones((4, 1)), return_dict=True)
        assert found.keys() == {"loss", "mae"}
