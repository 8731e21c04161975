"""A layer of a model in the words of a spec: its name, and the arguments that are not Keras's defaults."""

from __future__ import annotations

import struct
from typing import Any

from pydantic import ValidationError

from ...ir.op import Op
from ...language.catalog import KerasObject, load_catalog
from ...ops import explain_refusal, find_op
from .calls import KerasCall
from .functions import say_function
from .later_outputs import OUTPUT
from .unsayable import Unsayable

COMMON = frozenset({"name", "trainable", "dtype", "share"})
OPERATIONS = {
    "Absolute": "abs",
    "Abs": "abs",
    "Square": "square",
    "Sqrt": "sqrt",
    "Exp": "exp",
    "Log": "log",
    "Sign": "sign",
}
"""Operations of Keras with one tensor, and what `Op` calls them."""
ACTIVATIONS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Silu": "silu",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "LogSigmoid": "log_sigmoid",
    "Selu": "selu",
    "Mish": "mish",
}
"""Operations that are activations with no argument of their own."""
JOINS = {
    "Add": "Add",
    "Subtract": "Subtract",
    "Multiply": "Multiply",
    "Maximum": "Maximum",
    "Minimum": "Minimum",
    "Concatenate": "Concatenate",
}
"""Operations of two tensors, and the layer that does the same."""


UNREAD = frozenset({"return_attention_scores"})
"""Arguments of a call by which a layer gives more than its first output; where that is read, it is told by itself."""


def is_operation(call: KerasCall) -> bool:
    """Whether it is an operation that stands in the graph by itself, and no layer."""
    return ".ops." in str(call.layer.get("module", ""))


def say_layer(call: KerasCall, policy: str) -> tuple[str, dict[str, object]]:
    """The name and the arguments of a call's layer; raises Unsayable. `policy` is the model's dtype policy."""
    if is_operation(call):
        return _say_operation(call)
    if OUTPUT in call.layer:
        raise Unsayable(f"its output {call.layer[OUTPUT] + 1} is read, and a spec has an address for the first alone")
    if call.parts:
        return call.class_name, dict(call.config)
    for name in call.keywords:
        if name not in ("use_causal_mask", *UNREAD):
            raise Unsayable(f"it is called with `{name}`, which is not read")
    name, arguments = say_config(call.layer, policy)
    return name, {**_without_states(arguments), **{key: value for key, value in call.keywords.items() if key not in UNREAD}}


def _without_states(arguments: dict[str, object]) -> dict[str, object]:
    """Arguments without what has a layer give its states, which addresses read without it; of a wrapped layer too."""
    kept = {key: value for key, value in arguments.items() if key != "return_state"}
    for key in ("layer", "backward_layer"):
        if isinstance(inner := kept.get(key), dict):
            kept[key] = {name: _without_states(each) for name, each in inner.items()}
    return kept


def say_config(layer: dict[str, object], policy: str) -> tuple[str, dict[str, object]]:
    """The name and the written arguments of a layer that Keras has serialized; raises Unsayable."""
    name, config = str(layer.get("class_name")), layer.get("config")
    if not isinstance(config, dict):
        raise Unsayable("its configuration is none that Keras writes")
    if name == "Lambda":
        raise Unsayable("`Lambda` holds code")
    module = str(layer.get("module") or "keras.layers")
    package, registered, _ = str(layer.get("registered_name") or "").partition(">")
    if registered or not module.startswith(("keras.", "tensorflow.keras", "tf_keras")):
        raise Unsayable(f"`{name}` is no layer of Keras but of `{package if registered else module}`")
    op = find_op(name)
    if op is None:
        why = explain_refusal(name)
        raise Unsayable(f"`{name}` cannot stand in a spec: {why[0]}" if why else f"there is no layer `{name}` in a spec")
    return name, _read_arguments(op, config, policy)


def _read_arguments(op: type[Op], config: dict[str, object], policy: str) -> dict[str, object]:
    found: dict[str, Any] = {}
    if config.get("trainable") is False:
        found["trainable"] = False
    own = find_policy_name(config.get("dtype"))
    if own is not None and own != policy:
        found["dtype"] = own
    for name, argument in op.arguments.items():
        if name not in config and argument.required:
            raise Unsayable(f"its `{name}` is not in the file")
    for name in config:
        if name in COMMON or name not in op.arguments or _follows(op, name, config):
            continue
        argument = op.arguments[name]
        if op.__name__ == "Bidirectional" and name == "backward_layer" and _is_copy(config[name], config.get("layer")):
            continue
        value = _read_inner(config[name], policy) if name in op.wraps else read_plain(config[name])
        if name == "data_format" and value == "channels_last":
            continue
        if name.endswith("activation") and value == "linear" and not argument.required and argument.canonical is None:
            continue
        try:
            read = argument.kind.validator.validate_python(value)
        except ValidationError:
            raise Unsayable(f"its `{name}: {value!r}` cannot stand in a spec") from None
        if not argument.required and _is_equal(read, argument.canonical):
            continue
        found[name] = _shorten(argument.kind.shorten(read) if isinstance(read, tuple) else value)
    return found


def _follows(op: type[Op], name: str, config: dict[str, object]) -> bool:
    """Whether Keras has worked an argument out by itself, from others or from what the layer was built on."""
    if name == "strides" and "pool_size" in config:
        return bool(config[name] == config["pool_size"])
    if op.__name__ not in ("MultiHeadAttention", "GroupQueryAttention"):
        return False
    if name == "value_dim":
        return bool(config[name] == config.get("key_dim"))
    return bool(name == "attention_axes" and config[name] in ([1], 1))


def _read_inner(value: Any, policy: str) -> object:
    """A layer within a layer."""
    if value is None:
        return None
    name, arguments = say_config(value, policy)
    return {name: arguments}


def _is_copy(backward: object, forward: object) -> bool:
    """Whether the layer for the other direction is the one that Keras makes of the first."""
    if not isinstance(backward, dict) or not isinstance(forward, dict) or backward.get("class_name") != forward.get("class_name"):
        return backward is None
    one, other = dict(backward.get("config") or {}), dict(forward.get("config") or {})
    one["go_backwards"] = not one.get("go_backwards")
    for each in (one, other):
        each.pop("name", None)
    return bool(_strip_ids(one) == _strip_ids(other))


def _strip_ids(value: object) -> object:
    """Without the ids by which Keras tells shared objects."""
    if isinstance(value, dict):
        return {name: _strip_ids(each) for name, each in value.items() if name not in ("shared_object_id", "build_config")}
    return [_strip_ids(each) for each in value] if isinstance(value, list | tuple) else value


def find_policy_name(dtype: object) -> str | None:
    """The name of a dtype policy, however Keras writes it."""
    if isinstance(dtype, dict):
        config = dtype.get("config")
        dtype = config.get("name") if isinstance(config, dict) else None
    return dtype if isinstance(dtype, str) else None


def read_plain(value: object) -> object:
    """What Keras has serialized, as a spec writes it: a name, a name with its arguments, or the value itself."""
    if isinstance(value, list):
        return [read_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {str(name): read_plain(each) for name, each in value.items()}
    name, config = str(value["class_name"]), value.get("config")
    module, registered = str(value.get("module") or "keras"), str(value.get("registered_name") or "")
    if name == "__tuple__":
        return [read_plain(each) for each in value.get("items", [])]
    if not module.startswith(("keras", "builtins")) or ">" in registered:
        raise Unsayable(f"`{name}` is no object of Keras but of `{module}`")
    if name == "function":
        if not module.startswith("builtins") or not isinstance(config, str) or "." in registered:
            raise Unsayable(f"`{config}` is a function, which is code")
        return config
    if not isinstance(config, dict):
        return name
    defaults = _read_defaults(name)
    written = {}
    for key, each in config.items():
        if _is_given(name, key, each):
            continue
        said = read_plain(each)
        if said is not None and said != defaults.get(key, None):
            written[key] = _round_number(said) if isinstance(said, float) else _shorten(said)
    return {name: written} if written else name


def _is_given(name: str, key: str, value: object) -> bool:
    """Whether Keras gives the argument of a named object by itself: a name made of its class, the dtype, a state of its seed."""
    if key == "name":
        return not isinstance(value, str) or value.replace("_", "") == name.lower()
    return key in ("dtype", "fn") or (isinstance(value, dict) and value.get("class_name") == "SeedGenerator")


def _read_defaults(name: str) -> dict[str, object]:
    """The defaults of a named object of Keras, by argument."""
    for each in load_catalog()["families"].values():
        if name in each["classes"]:
            return {argument["name"]: argument.get("default") for argument in each["classes"][name]["arguments"]}
    return {}


def _is_equal(one: object, other: object) -> bool:
    """Whether two read values are one to Keras."""
    if isinstance(one, KerasObject) and isinstance(other, KerasObject):
        return one.name == other.name and dict(one.arguments) == dict(other.arguments)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(_is_equal(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def _shorten(value: object) -> object:
    """A fraction as it was meant, and lists in place of tuples."""
    if isinstance(value, float) and 0 < abs(value) < 1:
        below = round(1 / value, 4)
        shown = int(below) if below == int(below) else below
        if below > 1 and 1 / below == value and value * 10**4 % 1:
            return Fraction(f"1/{shown}")
    if isinstance(value, tuple | list):
        return [_shorten(each) for each in value]
    return value


def _find_shape(call: KerasCall) -> list[int]:
    """The shape, without the batch, that an operation gives; raises Unsayable where it is not told."""
    shape: list[Any] = list(call.shapes[0])
    axis = call.config.get("axis")
    if call.class_name == "Reshape":
        given = [value for value in call.values if value is not None]
        found = call.config.get("newshape") or call.config.get("target_shape") or given
        found = found[0] if len(found) == 1 and isinstance(found[0], list) else found
        return list(found[1:])
    if not isinstance(axis, int) or axis == 0:
        raise Unsayable(f"the operation `{call.class_name}` cannot stand in a spec")
    if call.class_name == "ExpandDims":
        shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, 1)
    else:
        del shape[axis]
    return shape[1:]


def _round_number(value: float) -> float:
    """The shortest number that is the same in float32, of one that has been through it."""
    if abs(value) > 1e38 or struct.unpack("f", struct.pack("f", value))[0] != value:
        return value
    short = float(f"{value:.7g}")
    return short if struct.pack("f", short) == struct.pack("f", value) else value


class Fraction(str):
    """A number that is written as a fraction."""


def _say_operation(call: KerasCall) -> tuple[str, dict[str, object]]:
    name = call.class_name
    if len(call.inputs) > 1:
        if name not in JOINS:
            raise Unsayable(f"the operation `{name}` of several tensors cannot stand in a spec")
        axis = call.config.get("axis", -1)
        return JOINS[name], {"axis": axis} if name == "Concatenate" and axis != -1 else {}
    if name in OPERATIONS:
        return "Op", {"name": OPERATIONS[name]}
    if name in ACTIVATIONS:
        return "Activation", {"activation": ACTIVATIONS[name]}
    if name == "Softmax":
        axis = call.config.get("axis", -1)
        return "Softmax", {} if axis == -1 else {"axis": axis}
    if name in ("Reshape", "ExpandDims", "Squeeze") and call.shapes and None not in call.shapes[0][1:]:
        return "Reshape", {"target_shape": _find_shape(call)}
    if name == "Reshape":
        return "Reshape", {"target_shape": list((call.config.get("newshape") or call.config.get("target_shape") or [None])[1:])}
    if name == "Transpose" and isinstance(axes := call.config.get("axes"), list) and axes[:1] == [0]:
        return "Permute", {"dims": axes[1:]}
    constants = [value for value in call.values if isinstance(value, int | float) and not isinstance(value, bool)]
    first = call.values[:1] == (None,)
    if len(constants) == 1 and name in ("Add", "Subtract", "Multiply", "TrueDivide", "Divide"):
        number = constants[0]
        if name == "Multiply":
            return "Rescaling", {"scale": _shorten(number)}
        if name == "Add":
            return "Rescaling", {"scale": 1.0, "offset": number}
        if first and name == "Subtract":
            return "Rescaling", {"scale": 1.0, "offset": -number}
        if not first and name == "Subtract":
            return "Rescaling", {"scale": -1.0, "offset": number}
        if first and number:
            return "Rescaling", {"scale": _shorten(1 / number)}
    return say_function(call)
