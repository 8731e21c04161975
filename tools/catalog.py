"""Writes `cnnlstm_spec/language/data/catalog.json`: what Keras objects named in a spec are called and which arguments they take.

Names, order and defaults are read off the installed Keras; kinds and bounds are the tables below, written by hand from
what Keras was seen to refuse, and held against Keras's constructors on every run. The package must never import this.

    python tools/catalog.py            write the file
    python tools/catalog.py --check    exit 1 where the file, or a table below, disagrees with the installed Keras

An argument is `{name, kind, default}`, or `{name, kind, required: true}`. A kind that ends in `?` admits null.

    int, bool, str    as YAML gives them
    number            an integer or a float, kept as written
    float             an integer or a float, and a float when Keras sees it (`SGD(momentum=0)` is refused, `0.0` is not)
    float_or_schedule, float_or_floats, floats, ints, strings
    axis              an integer, or a list of them
    choice            one of `choices`, to the letter
    choice_or_int     one of `choices`, or an integer
    int_or_ints       an integer, or a list of them
    dtype             the name of a dtype policy
    scope             a string that TensorFlow takes for a name scope: `^[A-Za-z0-9_.>-]*$`, not "_" first in optimizers

Bounds bear JSON Schema's names, hold for each element of a list, and are what Keras *refuses*; `exempt` lists values
outside them that Keras takes for "off".
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
from keras import callbacks, optimizers

FILE = Path(__file__).resolve().parent.parent / "cnnlstm_spec" / "language" / "data" / "catalog.json"
Rule = dict[str, Any]


def rule(kind: str, **more: Any) -> Rule:
    """A kind with its bounds or choices."""
    return {"kind": kind, **more}


UNIT = {"minimum": 0, "maximum": 1}
POSITIVE = {"exclusiveMinimum": 0}
NATURAL = {"minimum": 0}
MODULES = {
    "optimizers": (optimizers, optimizers.Optimizer),
    "schedules": (optimizers.schedules, optimizers.schedules.LearningRateSchedule),
    "losses": (keras.losses, keras.losses.Loss),
    "metrics": (keras.metrics, keras.metrics.Metric),
    "regularizers": (keras.regularizers, keras.regularizers.Regularizer),
    "initializers": (keras.initializers, keras.initializers.Initializer),
    "constraints": (keras.constraints, keras.constraints.Constraint),
    "callbacks": (callbacks, callbacks.Callback),
}
# Abstract bases, wrappers that the compiler adds itself, and metrics whose update_state does not take labels.
REFUSED = {
    *("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap", "LearningRateSchedule"),
    *("Loss", "LossFunctionWrapper", "Metric", "MeanMetricWrapper", "Mean", "Sum"),
    *("Regularizer", "Initializer", "Constraint"),
    *("Callback", "CallbackList", "LambdaCallback", "LearningRateScheduler", "RemoteMonitor"),
}
# What a run does by itself, and does better.
OF_THE_RUN = {"BackupAndRestore", "CSVLogger", "History", "ModelCheckpoint", "OrbaxCheckpoint", "ProgbarLogger"}
# Needs two arguments that a string cannot carry.
REFUSED_ACTIVATIONS = {"glu", "threshold"}
CLIPS = ["clipnorm", "clipvalue", "global_clipnorm"]
REDUCTIONS = ["mean", "mean_with_sample_weight", "none", "sum", "sum_over_batch_size"]

# By argument; a later table overrides an earlier one: DEFAULT, then FAMILY, then CLASS.
DEFAULT: dict[str, Rule] = {
    "name": rule("scope?"),
    "dtype": rule("dtype?"),
    "axis": rule("axis"),
    **{name: rule("int?") for name in ("seed", "ignore_class", "class_id", "num_labels")},
    "reduction": rule("choice?", choices=REDUCTIONS),
    "label_smoothing": rule("float"),
    "learning_rate": rule("float_or_schedule"),
    "weight_decay": rule("float?"),
    **{name: rule("float?") for name in CLIPS},
    "ema_momentum": rule("float", **UNIT),
    "ema_overwrite_frequency": rule("int?", minimum=1, exempt=[0]),
    "loss_scale_factor": rule("float?"),
    "gradient_accumulation_steps": rule("int?", minimum=2, exempt=[0]),
    **{name: rule("number", **POSITIVE) for name in ("decay_steps", "first_decay_steps")},
    "top_k": rule("int?", **NATURAL),
    "thresholds": rule("float_or_floats?", **UNIT),
    "num_thresholds": rule("int", minimum=1),
    "num_classes": rule("int", minimum=1),
    "target_class_ids": rule("ints", minItems=1),
    **{name: rule("float", **UNIT) for name in ("precision", "recall", "specificity", "sensitivity")},
    "average": rule("choice?", choices=["macro", "micro", "weighted"]),
    **dict.fromkeys(("l1", "l2"), rule("float?", **NATURAL)),
    **dict.fromkeys(("input_axes", "output_axes"), rule("axis?")),
}
FAMILY: dict[str, dict[str, Rule]] = {
    "schedules": {"name": rule("scope")},
    "metrics": {"name": rule("str?"), "threshold": rule("float")},
    "callbacks": {
        "mode": rule("choice", choices=["auto", "min", "max"]),
        "verbose": rule("int", minimum=0, maximum=1),
        **{name: rule("int", **NATURAL) for name in ("patience", "start_from_epoch", "cooldown")},
        **{name: rule("float", **NATURAL) for name in ("min_delta", "min_lr")},
        "factor": rule("float", exclusiveMinimum=0, exclusiveMaximum=1),
        "baseline": rule("float?"),
        **{name: rule("int", **NATURAL) for name in ("histogram_freq", "embeddings_freq")},
        "embeddings_metadata": rule("str?"),
        "update_freq": rule("choice_or_int", choices=["batch", "epoch"], minimum=1),
        "profile_batch": rule("int_or_ints", **NATURAL),
    },
}
# Keras looks at hardly an argument of a callback before the first epoch: bounds are what has a meaning there.
UNCHECKED = {"callbacks"}
CLASS: dict[str, Rule] = {
    "optimizers.AdamW.weight_decay": rule("float"),
    "optimizers.Ftrl.learning_rate_power": rule("float", maximum=0),
    "optimizers.Ftrl.initial_accumulator_value": rule("float", **NATURAL),
    **{f"optimizers.Ftrl.{x}_regularization_strength": rule("float", **NATURAL) for x in ("l1", "l2", "l2_shrinkage")},
    "optimizers.Lion.beta_1": rule("float", exclusiveMinimum=0, maximum=1),
    "optimizers.Muon.adam_lr_ratio": rule("float"),
    "optimizers.Muon.adam_weight_decay": rule("float?"),
    "optimizers.Muon.exclude_layers": rule("strings?"),
    "optimizers.Muon.rms_rate": rule("float?"),
    "optimizers.SGD.momentum": rule("float", **UNIT),
    "schedules.CosineDecay.warmup_target": rule("float?"),
    "schedules.PiecewiseConstantDecay.boundaries": rule("floats", minItems=1),
    "schedules.PiecewiseConstantDecay.values": rule("floats", minItems=2),
    "losses.CategoricalGeneralizedCrossEntropy.q": rule("float", exclusiveMinimum=0, exclusiveMaximum=1),
    "losses.SparseCategoricalCrossentropy.axis": rule("int"),
    **{f"losses.{name}.axis": rule("axis?") for name in ("Dice", "Tversky")},
    "metrics.AUC.curve": rule("choice", choices=["PR", "ROC", "pr", "roc"]),
    "metrics.AUC.label_weights": rule("floats?"),
    "metrics.AUC.num_thresholds": rule("int", minimum=2),
    "metrics.AUC.thresholds": rule("floats?"),
    "metrics.AUC.summation_method": rule(
        "choice", choices=["Interpolation", "Majoring", "Minoring", "interpolation", "majoring", "minoring"]
    ),
    "metrics.FBetaScore.beta": rule("float", **POSITIVE),
    **{f"metrics.{x}.threshold": rule("float?", exclusiveMinimum=0, maximum=1) for x in ("F1Score", "FBetaScore")},
    "metrics.R2Score.class_aggregation": rule("choice?", choices=["uniform_average", "variance_weighted_average"]),
    "metrics.R2Score.num_regressors": rule("int", minimum=0, maximum=0),
    "metrics.SparseCategoricalCrossentropy.axis": rule("int"),
    "regularizers.OrthogonalRegularizer.factor": rule("float", **NATURAL),
    "regularizers.OrthogonalRegularizer.mode": rule("choice", choices=["columns", "rows"]),
    "initializers.STFT.scaling": rule("choice?", choices=["density", "spectrum"]),
    "initializers.STFT.side": rule("choice", choices=["imag", "real"]),
    "initializers.STFT.window": rule("str?"),
    "initializers.VarianceScaling.distribution": rule(
        "choice", choices=["normal", "truncated_normal", "uniform", "untruncated_normal"]
    ),
    "initializers.VarianceScaling.mode": rule("choice", choices=["fan_avg", "fan_in", "fan_out"]),
    "initializers.VarianceScaling.scale": rule("float", **POSITIVE),
    "constraints.MaxNorm.max_value": rule("float"),
}
# Refused by the first batch, not by the constructor: seen by training, not verified here.
ON_BATCH = {"top_k", "num_regressors"}
# Needs scipy; wants lists of two lengths.
UNVERIFIED = {"STFT", "PiecewiseConstantDecay"}


def across(family: str, owner: str | None, what: str, keras_: str, **more: Any) -> Rule:
    """A rule over several arguments; Keras refuses what breaks it, or ignores the argument (it has no effect)."""
    return {"family": family, **({"class": owner} if owner else {}), "rule": what, "keras": keras_, **more}


RULES: list[Rule] = [
    across("optimizers", None, "at_most_one", "refused", arguments=CLIPS),
    across("optimizers", None, "needs", "ignored", argument="ema_momentum", given={"use_ema": True}),
    across("optimizers", None, "needs", "ignored", argument="ema_overwrite_frequency", given={"use_ema": True}),
    across("schedules", "CosineDecay", "needs_set", "ignored", argument="warmup_steps", set="warmup_target"),
    across("schedules", "PiecewiseConstantDecay", "one_longer", "refused", argument="values", than="boundaries"),
    across("losses", "BinaryFocalCrossentropy", "needs", "ignored", argument="alpha", given={"apply_class_balancing": True}),
    across("metrics", "AUC", "needs", "refused", argument="num_labels", given={"multi_label": True}),
    across("metrics", "AUC", "needs_unset", "ignored", argument="num_thresholds", unset="thresholds"),
    across("metrics", "BinaryIoU", "elements_below", "refused", argument="target_class_ids", bound=2),
    across("metrics", "IoU", "elements_below", "refused", argument="target_class_ids", bound="num_classes"),
    across("metrics", "OneHotIoU", "elements_below", "refused", argument="target_class_ids", bound="num_classes"),
    across("initializers", "Identity", "weight_rank", "refused", minimum=2, maximum=2),
    across("initializers", "Orthogonal", "weight_rank", "refused", minimum=2),
    across("initializers", "STFT", "weight_rank", "refused", minimum=3, maximum=3),
    across("regularizers", "OrthogonalRegularizer", "weight_rank", "refused", minimum=2, maximum=2),
    *(
        across("constraints", owner, "axis_in_weight", "refused", argument="axis")
        for owner in ("MaxNorm", "MinMaxNorm", "UnitNorm")
    ),
]

# What a loss or metric reads. labels: "same" (the shape of y_pred), "integer" (without the last axis, or with 1 there),
# "sequence" (integers (batch, length)). Ranks and widths are y_pred's, with the batch. mask: "counted" (masked steps do
# not count), "ignored" (they do), "fails", or "nan". In categorical cross-entropy "counted" wants y_pred nonzero there.
SAME: Rule = {"labels": "same", "minimum_rank": 1, "mask": "counted"}
INTEGER: Rule = {"labels": "integer", "minimum_rank": 2, "mask": "counted"}
UNMASKED: Rule = {**SAME, "mask": "ignored"}
MATRIX: Rule = {"labels": "same", "minimum_rank": 2, "maximum_rank": 2, "mask": "ignored"}
READS: dict[str, Rule] = {
    "losses.CTC": {"labels": "sequence", "minimum_rank": 3, "maximum_rank": 3, "minimum_width": 2, "mask": "fails"},
    "losses.CategoricalGeneralizedCrossEntropy": {**INTEGER, "minimum_rank": 1},
    "losses.Circle": {"labels": "integer", "minimum_rank": 1, "maximum_rank": 2, "mask": "fails"},
    "losses.Dice": UNMASKED,
    "losses.SparseCategoricalCrossentropy": INTEGER,
    "losses.Tversky": UNMASKED,
    **{f"metrics.{name}": MATRIX for name in ("F1Score", "FBetaScore", "R2Score")},
    "metrics.PearsonCorrelation": {**SAME, "minimum_width": 2, "mask": "nan"},
    "metrics.TopKCategoricalAccuracy": {**SAME, "minimum_rank": 2},
    **{f"metrics.{name}": {**UNMASKED, "minimum_rank": 2} for name in ("OneHotIoU", "OneHotMeanIoU")},
    **{f"metrics.{name}": INTEGER for name in ("SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy")},
    "metrics.SparseCategoricalAccuracy": {**INTEGER, "minimum_rank": 1},
    **{
        f"metrics.{name}": UNMASKED
        for name in (
            *("AUC", "BinaryIoU", "FalseNegatives", "FalsePositives", "IoU", "MeanIoU", "Precision"),
            *("PrecisionAtRecall", "Recall", "RecallAtPrecision", "RootMeanSquaredError", "SensitivityAtSpecificity"),
            *("SpecificityAtSensitivity", "TrueNegatives", "TruePositives"),
        )
    },
}
# The dtypes of predictions that a metric takes, where not any: "float32" alone, "floats", or "numbers", which are all but bool.
DTYPES = {
    **dict.fromkeys(("SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy"), "float32"),
    **dict.fromkeys(
        (
            *("BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity"),
            *("Hinge", "KLDivergence", "LogCoshError", "PearsonCorrelation", "Poisson", "SparseCategoricalCrossentropy"),
            "SquaredHinge",
        ),
        "floats",
    ),
    **dict.fromkeys(("MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredError"), "numbers"),
}
# Class names that differ from the words of the function a string names.
FUNCTIONS = {"kl_divergence": "KLDivergence", "ctc": "CTC"}
DTYPE_POLICIES = ["bfloat16", "float16", "float32", "float64", "mixed_bfloat16", "mixed_float16"]
COMPILE: list[Rule] = [
    {"name": "run_eagerly", "kind": "bool", "default": False},
    {"name": "steps_per_execution", "kind": "int", "minimum": 1, "default": 1},
    {"name": "jit_compile", "kind": "choice", "choices": ["auto", True, False], "default": "auto"},
    {"name": "auto_scale_loss", "kind": "bool", "default": True},
]


def classes(family: str) -> dict[str, type]:
    """The classes of a family that a spec may name, by their own names."""
    module, base = MODULES[family]
    found = (item for _, item in inspect.getmembers(module, inspect.isclass) if issubclass(item, base))
    return {item.__name__: item for item in sorted(found, key=lambda c: c.__name__) if item.__name__ not in REFUSED | OF_THE_RUN}


def parameters(item: Any) -> list[inspect.Parameter]:
    """A constructor's arguments, without self and the catch-alls."""
    if item.__init__ is object.__init__:
        return []
    kept = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p for p in inspect.signature(item.__init__).parameters.values() if p.kind in kept and p.name != "self"]


def kind_of(family: str, owner: str, parameter: inspect.Parameter) -> Rule:
    """The rule of an argument: from the tables, else from the type of its default."""
    tables = (CLASS.get(f"{family}.{owner}.{parameter.name}"), FAMILY.get(family, {}).get(parameter.name))
    for found in (*tables, DEFAULT.get(parameter.name)):
        if found:
            return found
    by_type = {bool: "bool", int: "int", float: "float", str: "str"}
    required = parameter.default is inspect.Parameter.empty
    guess = "float" if required else by_type.get(type(parameter.default))
    if guess is None:
        raise SystemExit(f"no kind for {family}.{owner}.{parameter.name}")
    return rule(guess)


def argument(family: str, owner: str, parameter: inspect.Parameter) -> Rule:
    """One argument as the file has it."""
    required = parameter.default is inspect.Parameter.empty
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    tail = {"required": True} if required else {"default": default}
    return {"name": parameter.name, **kind_of(family, owner, parameter), **tail}


def identifiers(family: str, known: dict[str, type]) -> dict[str, str]:
    """Every other spelling of a class: public aliases, and the strings that Keras's `get` knows."""
    module, _ = MODULES[family]
    public = {name: item for name, item in vars(module).items() if inspect.isclass(item)}
    source = sys.modules.get(f"keras.src.{family}")
    strings = getattr(source, "ALL_OBJECTS_DICT", {}) if source else {}
    # The classes that functions stand for, by the function's name.
    words = {keras.src.utils.naming.to_snake_case(name): name for name in known} | FUNCTIONS
    spelt = {}
    for name, item in {**public, **strings}.items():
        target = item.__name__ if inspect.isclass(item) else words.get(item.__name__, "")
        if target in known and name != target:
            spelt[name] = target
    return dict(sorted(spelt.items()))


def entry(family: str, name: str, item: type) -> Rule:
    """One class as the file has it."""
    reads = READS.get(f"{family}.{name}", SAME) if family in ("losses", "metrics") else None
    if reads and family == "metrics" and name in DTYPES:
        reads = {**reads, "dtypes": DTYPES[name]}
    arguments = [argument(family, name, p) for p in parameters(item)]
    if reads and family == "metrics" and (way := direction(name, item)) is not None:
        reads = {**reads, "direction": way}
    return {"arguments": arguments, **({"reads": reads} if reads else {})}


def direction(name: str, item: type) -> str | None:
    """Whether more (`up`) or less (`down`) of a metric is better, where Keras says so."""
    empty = inspect.Parameter.empty
    needed = {p.name: inside(kind_of("metrics", name, p))[0] for p in parameters(item) if p.default is empty}
    needed |= {"num_classes": 2} if "num_classes" in needed else {}
    needed |= {"target_class_ids": [0]} if "target_class_ids" in needed else {}
    way: str | None = getattr(item(**needed), "_direction", None)
    return way


def catalog() -> Rule:
    """The whole file, as data."""
    families: Rule = {}
    for family in MODULES:
        known = classes(family)
        families[family] = {
            "classes": {name: entry(family, name, item) for name, item in known.items()},
            "identifiers": identifiers(family, known),
        }
    families["optimizers"]["any_case"] = True
    # Chosen by the shapes of labels and predictions, in any case; not what `get` would give.
    families["metrics"]["by_shape"] = ["acc", "accuracy"]
    del families["metrics"]["identifiers"]["accuracy"]
    families["losses"]["by_shape"] = ["ce", "crossentropy"]
    functions = sys.modules["keras.src.activations"].ALL_OBJECTS_DICT
    spelt = {name: item.__name__ for name, item in sorted(functions.items()) if name not in REFUSED_ACTIVATIONS}
    families["activations"] = {"classes": {}, "identifiers": spelt}
    extras = {"compile": COMPILE, "dtype_policies": DTYPE_POLICIES, "refused": sorted(REFUSED | REFUSED_ACTIVATIONS)}
    extras["of_the_run"] = sorted(OF_THE_RUN)
    return {"keras": keras.__version__, "families": families, "rules": RULES, **extras}


def dump(value: Any, depth: int = 0) -> str:
    """JSON with a line for every value that fits on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + depth <= 120 or not isinstance(value, dict | list) or not value:
        return flat
    pad, end = " " * (depth + 1), " " * depth
    if isinstance(value, list):
        return "[\n" + ",\n".join(pad + dump(item, depth + 1) for item in value) + "\n" + end + "]"
    rows = (f"{pad}{json.dumps(key)}: {dump(item, depth + 1)}" for key, item in value.items())
    return "{\n" + ",\n".join(rows) + "\n" + end + "}"


SAMPLES: dict[str, list[Any]] = {
    "number": [1, 1.5],
    "float_or_schedule": [0.1],
    "bool": [True, False],
    "float_or_floats": [0.5, [0.5]],
    "floats": [[0.25, 0.75]],
    "ints": [[0], [0, 1]],
    "strings": [["a"]],
    "axis": [-1],
    "choice_or_int": ["epoch", 1],
    "int_or_ints": [0, [2, 5]],
    "dtype": DTYPE_POLICIES,
    "scope": ["a"],
    "str": ["a"],
}


def inside(kind: Rule) -> list[Any]:
    """Values that the rule admits: every choice, the bounds themselves, and one more."""
    base = kind["kind"].rstrip("?")
    make = int if base == "int" else float
    closed = [make(kind[key]) for key in ("minimum", "maximum") if key in kind]
    numbers = closed or [make(0.5) if "exclusiveMaximum" in kind else make(1)]
    values: dict[str, list[Any]] = {"int": numbers, "float": numbers, "choice": kind.get("choices", [])}
    return values.get(base, SAMPLES.get(base, [])) + ([None] if kind["kind"].endswith("?") else [])


def outside(kind: Rule) -> list[Any]:
    """Values that the rule forbids, those nearest to its bounds."""
    base = kind["kind"].rstrip("?")
    step = 1 if base == "int" else 0.5
    shifts = {"minimum": -step, "exclusiveMinimum": 0, "maximum": step, "exclusiveMaximum": 0}
    beyond = [kind[key] + shift for key, shift in shifts.items() if key in kind]
    typed: list[Any] = [v if base == "int" else [float(v)] if base.startswith("float_or_floats") else float(v) for v in beyond]
    empty: list[Any] = [[]] if "minItems" in kind else []
    return typed + empty + (["no such choice"] if base == "choice" else [])


# What must be given with an argument for its constructor to look at it.
WITH: dict[str, Rule] = {
    "ema_momentum": {"use_ema": True},
    "ema_overwrite_frequency": {"use_ema": True},
    "num_labels": {"multi_label": True},
}


def disagreements() -> Iterator[str]:
    """Where a constructor takes what the tables forbid, or refuses what they admit."""
    for family in MODULES:
        for name, item in classes(family).items():
            if name in UNVERIFIED:
                continue
            rules = {p.name: (kind_of(family, name, p), p) for p in parameters(item)}
            empty = inspect.Parameter.empty
            needed = {key: inside(kind)[0] for key, (kind, p) in rules.items() if p.default is empty}
            needed |= {"num_classes": 2} if "num_classes" in needed else {}
            for key, (kind, _) in rules.items():
                given = {**needed, **WITH.get(key, {})}
                if key == "num_classes" and "target_class_ids" in needed:
                    given["target_class_ids"] = [0]
                label = f"{family}.{name}.{key}"
                refused = [v for v in inside(kind) if not accepts(item, {**given, key: v})]
                taken = [v for v in outside(kind) if v not in kind.get("exempt", []) and key not in ON_BATCH]
                taken = [] if family in UNCHECKED else taken
                yield from (f"{label}: refuses {value!r}" for value in refused)
                yield from (f"{label}: takes {value!r}" for value in taken if accepts(item, {**given, key: value}))


def accepts(item: type, kwargs: dict[str, Any]) -> bool:
    """Whether the constructor raises nothing, of whatever type."""
    try:
        item(**kwargs)
    except Exception:
        return False
    return True


def main() -> int:
    """Writes or compares the file; 1 where something disagrees."""
    parser = argparse.ArgumentParser(description="Write the catalog of Keras objects that a spec may name.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    text = dump(catalog()) + "\n"
    wrong = list(disagreements())
    if check and (not FILE.exists() or FILE.read_text(encoding="utf-8") != text):
        wrong.append(f"{FILE.name} differs from the installed Keras {keras.__version__}; run tools/catalog.py")
    if not check:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(text, encoding="utf-8")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
