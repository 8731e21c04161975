"""Published networks on backbones against the same written by hand in Keras: with the weights carried over they give the same.

What is written by hand makes its layers in the order in which the spec has them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from places import ROOT

import cnnlstm_spec

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]
FOLDER = ROOT / "specs" / "published"


def unet(keras: Any, made: Callable[[Any], Any]) -> Any:
    """The tutorial on segmentation: https://www.tensorflow.org/tutorials/images/segmentation."""
    layers = keras.layers
    base = keras.applications.MobileNetV2(input_shape=(128, 128, 3), include_top=False, weights=None)
    names = ("block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu", "block_16_project")
    down = made(keras.Model(base.input, [base.get_layer(name).output for name in names]))
    down.trainable = False
    inputs = keras.Input((128, 128, 3))
    *skips, x = down(keras.applications.mobilenet_v2.preprocess_input(inputs))
    for filters, skip in zip((512, 256, 128, 64), reversed(skips), strict=True):
        x = made(layers.Conv2DTranspose(filters, 3, strides=2, padding="same", use_bias=False))(x)
        x = layers.ReLU()(made(layers.BatchNormalization())(x))
        x = layers.Concatenate()([x, skip])
    return keras.Model(inputs, made(layers.Conv2DTranspose(3, 3, strides=2, padding="same"))(x))


def transfer_learning(keras: Any, made: Callable[[Any], Any]) -> Any:
    """The tutorial on transfer learning: https://www.tensorflow.org/tutorials/images/transfer_learning."""
    layers = keras.layers
    base = made(keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False, weights=None))
    inputs = keras.Input((160, 160, 3))
    x = layers.RandomRotation(0.2)(layers.RandomFlip("horizontal")(inputs))
    x = base(keras.applications.mobilenet_v2.preprocess_input(x), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, made(layers.Dense(1, activation="sigmoid"))(x))


def retinanet(keras: Any, made: Callable[[Any], Any]) -> Any:
    """The example of a RetinaNet: https://keras.io/examples/vision/retinanet, its pyramid and heads."""
    layers = keras.layers
    base = keras.applications.ResNet50(input_shape=(512, 512, 3), include_top=False, weights=None)
    names = ("conv3_block4_out", "conv4_block6_out", "conv5_block3_out")
    backbone = made(keras.Model(base.input, [base.get_layer(name).output for name in names]))
    inputs = keras.Input((512, 512, 3))
    c3, c4, c5 = backbone(keras.applications.resnet50.preprocess_input(inputs))
    p5, p4, p3 = (made(layers.Conv2D(256, 1))(each) for each in (c5, c4, c3))
    p4 = p4 + layers.UpSampling2D(2)(p5)
    p3 = p3 + layers.UpSampling2D(2)(p4)
    p3, p4, p5 = (made(layers.Conv2D(256, 3, padding="same"))(each) for each in (p3, p4, p5))
    p6 = made(layers.Conv2D(256, 3, 2, padding="same"))(c5)
    p7 = made(layers.Conv2D(256, 3, 2, padding="same"))(keras.ops.relu(p6))
    found = []
    for filters, width in ((9 * 80, 80), (9 * 4, 4)):
        subnet = [made(layers.Conv2D(256, 3, padding="same", activation="relu")) for _ in range(4)]
        subnet.append(made(layers.Conv2D(filters, 3, padding="same")))
        outputs = []
        for x in (p3, p4, p5, p6, p7):
            for layer in subnet:
                x = layer(x)
            outputs.append(keras.ops.reshape(x, (-1, x.shape[1] * x.shape[2] * 9, width)))
        found.append(keras.ops.concatenate(outputs, axis=1))
    return keras.Model(inputs, {"class": found[0], "box": found[1]})


def by_layer(model: Any) -> list[Any]:
    """The layers of a backbone by name, which stand in the order of its outputs."""
    return sorted((layer for layer in model.layers if layer.weights), key=lambda layer: layer.name)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("unet-mobilenetv2", unet),
        pytest.param("transfer-learning", transfer_learning, marks=pytest.mark.whole),
        pytest.param("retinanet-resnet50", retinanet, marks=pytest.mark.whole),
    ],
)
def test_is_what_is_written_by_hand(name: str, write: Any, fresh: Any) -> None:
    import keras
    import numpy

    compilation = cnnlstm_spec.load(FOLDER / f"{name}.yaml")
    assert compilation.typed is not None
    ours = compilation.to_keras()
    made: list[Any] = []

    def make(layer: Any) -> Any:
        made.append(layer)
        return layer

    by_hand = write(keras, make)
    assert by_hand.count_params() == ours.count_params() == compilation.typed.params
    nodes = compilation.typed.nodes.values()
    names = dict.fromkeys(node.node.layer for node in nodes if node.weights)
    assert len(names) == len(made)
    for each, layer in zip(names, made, strict=True):
        given = ours.get_layer(each)
        if isinstance(layer, keras.Model):
            for theirs, mine in zip(by_layer(layer), by_layer(given), strict=True):
                assert theirs.name == mine.name
                theirs.set_weights(mine.get_weights())
        else:
            layer.set_weights(given.get_weights())
    side = compilation.typed.nodes["image"].type.shape[0]  # type: ignore[union-attr]
    images = numpy.random.default_rng(0).uniform(0, 255, (1, side, side, 3)).astype("float32")
    first, second = ours(images), by_hand(images)
    for one, other in zip(keras.tree.flatten(first), keras.tree.flatten(second), strict=True):
        assert numpy.max(numpy.abs(one - other)) <= 1e-5 * max(1.0, float(numpy.max(numpy.abs(other))))
