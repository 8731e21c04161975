"""The text of a spec: branches from inputs, a fusion where inputs come together, heads from outputs, `compile`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

import yaml

from ...ir.op import TEXT
from ...language.catalog import load_catalog
from ...text.frozen import dataclass
from .calls import CallOutput, Calls, KerasCall
from .fused import ASKING, STRATEGIES
from .layers import Fraction, find_policy_name, read_plain
from .lowered import Padding
from .names import clean
from .repeats import fold_repeats
from .states import ModelPart, StateWriter, order_leaves
from .structure import MERGES, PLACE, Chain, Finder, FoundChains, Items, WrittenLayer, iterate_leaves
from .unsayable import Unsayable

KINDS = {0: "vector", 1: "vector", 2: "sequence", 3: "image"}
ENDINGS = frozenset(
    {"Dense", "Dropout", "Activation", "BatchNormalization", "LayerNormalization", "ReLU", "LeakyReLU", "Softmax"}
)
"""Layers that a head begins with where the model does not say where it does."""
COMPILED = (
    "optimizer",
    "loss",
    "loss_weights",
    "metrics",
    "weighted_metrics",
    "run_eagerly",
    "steps_per_execution",
    "jit_compile",
)
BY_HEAD = ("loss", "loss_weights", "metrics", "weighted_metrics")
"""Of those, what Keras takes as a list with an entry for each output."""
WIDTH = 120


@dataclass(frozen=True)
class Draft:
    """A spec as it is written, with the layers of the model in the order in which the spec has them."""

    text: str
    leaves: tuple[WrittenLayer, ...] = ()
    """The layers of all branches, fusions and heads, in the order in which a spec builds them."""
    problems: Mapping[str, str] = field(default_factory=dict)


def find_policy(graph: Calls, compiled: dict[str, object]) -> str:
    """The dtype policy that most layers have; a model that is not compiled has no place for another than Keras's own."""
    if not compiled.get("loss"):
        return "float32"
    names = Counter(name for call in graph.calls.values() if (name := find_policy_name(call.config.get("dtype"))) is not None)
    for id in graph.inputs:
        names.pop("int32", None) if find_policy_name(graph.calls[id].config.get("dtype")) == "int32" else None
    known = [(count, name) for name, count in names.items() if name in load_catalog()["dtype_policies"]]
    return max(known)[1] if known else "float32"


class SpecWriter:
    """Writes one model."""

    def __init__(
        self,
        graph: Calls,
        structure: FoundChains,
        name: str,
        policy: str,
        compiled: dict[str, object],
        padding: dict[str, Padding],
    ) -> None:
        self.graph, self.structure, self.policy, self.compiled = graph, structure, policy, compiled
        self.padding = padding
        self.title = clean(name) or "model"
        self.problems = dict(structure.problems)
        self.taken: set[str] = set()
        self.names: dict[CallOutput, str] = {}
        self.head_names: list[str] = []
        """Those of several outputs, in their order."""

    def write(self) -> Draft:
        """The whole spec."""
        heads = self.find_heads()
        whole = self.structure.chains
        chains = [replace(chain, items=chain.items[: len(chain.items) - len(heads.get(chain.end, ()))]) for chain in whole]
        self.name_chains(chains)
        states = StateWriter(self.graph, chains, self.names)
        chains = [replace(chain, items=states.write(chain.items)) for chain in chains]
        heads = {end: states.write(items) for end, items in heads.items()}
        self.problems.update(states.problems)
        branches = [chain for chain in chains if chain.input is not None]
        fusions = [chain for chain in chains if chain.input is None]
        lines = ["version: 1", f"name: {write_scalar(self.title)}", "", "branches:"]
        parts: list[ModelPart] = []
        for chain in branches:
            assert chain.input is not None
            name = self.names[chain.end]
            folded = fold_repeats(chain.items)
            parts.append(ModelPart(name, (), folded))
            lines += [
                f"  {write_scalar(name)}:",
                f"    input: {write_flow(self.write_input(chain.input, folded))}",
                *self.write_list("    layers", folded),
            ]
        if fusions:
            lines += ["", "fusion:"]
        for chain in fusions:
            said = self.merge(chain)
            name = self.names[chain.end]
            folded = fold_repeats(chain.items)
            read = tuple(self.names[tensor] for tensor in chain.sources)
            parts.append(ModelPart(name, read, folded if said is None else (said, *folded)))
            keys = {"name": name, **self.write_fusion(said), "inputs": list(read)}
            if said is not None and said.name == ASKING:
                keys["query"] = read[0]
            if folded:
                lines += [f"  - name: {write_scalar(name)}"]
                lines += [f"    {key}: {write_flow(value)}" for key, value in keys.items() if key != "name"]
                lines += self.write_list("    layers", folded)
            else:
                lines += [f"  - {write_flow(keys)}"]
        lines += [""]
        if len(self.graph.outputs) == 1:
            ((_, end),) = self.graph.outputs
            folded = fold_repeats(heads.get(end, ()))
            parts.append(ModelPart("head", (self.names[end],), folded))
            if fusions or len(branches) == 1:
                lines += self.write_list("head", folded)
            else:
                inputs = write_flow([self.names[end]])
                lines += ["head:", f"  inputs: {inputs}", *self.write_list("  layers", folded)]
        else:
            lines += ["heads:"]
            for output, (stem, end) in enumerate(self.graph.outputs):
                name = self.make_unique(stem, f"output_{output + 1}")
                self.head_names.append(name)
                folded = fold_repeats(heads.pop(end, ()))
                parts.append(ModelPart(name, (self.names[end],), folded))
                inputs = write_flow([self.names[end]])
                lines += [f"  {write_scalar(name)}:", f"    inputs: {inputs}", *self.write_list("    layers", folded)]
        lines += self.compile()
        return Draft("\n".join(lines) + "\n", order_leaves(parts), self.problems)

    def name_chains(self, chains: Sequence[Chain]) -> None:
        """Names every branch, then every fusion."""
        for chain in chains:
            if chain.input is not None:
                self.names[chain.end] = self.make_unique(str(chain.input.config.get("name") or chain.input.path[-1]), "input")
        for number, chain in enumerate(chain for chain in chains if chain.input is None):
            stem = chain.merge.path[-1] if chain.merge is not None else f"part_{number + 1}"
            self.names[chain.end] = self.make_unique(stem, "fusion")

    def find_heads(self) -> dict[CallOutput, Items]:
        """By output, the layers at the end of a chain that its head takes over."""
        found: dict[CallOutput, Items] = {}
        read = {tensor for chain in self.structure.chains for tensor in chain.sources}
        for _, end in self.graph.outputs:
            chain = next((each for each in self.structure.chains if each.end == end), None)
            if chain is None or end in read or end in found:
                continue
            # Layers in a list that ends with what a head is made of.
            start = len(chain.items)
            while start and isinstance(item := chain.items[start - 1], WrittenLayer) and item.name in ENDINGS:
                start -= 1
            if start == len(chain.items) and start and len(self.graph.outputs) == 1:
                start -= 1
            found[end] = chain.items[start:]
        return found

    def make_unique(self, name: str, instead: str) -> str:
        """A name of its own for a branch, fusion or head."""
        stem = clean(name) or instead
        number, found = 1, stem
        while found in self.taken or found == "heads":
            found, number = f"{stem}_{number}", number + 1
        self.taken.add(found)
        return found

    def write_input(self, call: KerasCall, items: Items) -> dict[str, object]:
        """The input of a branch."""
        shape = call.config.get("batch_shape") or call.config.get("batch_input_shape") or [None]
        if not isinstance(shape, list) or not all(size is None or isinstance(size, int) for size in shape):
            self.problems["/".join(call.path)] = "its shape is none that Keras writes"
            shape = [None]
        sizes: list[Any] = list(shape[1:])
        dtype = find_policy_name(call.config.get("dtype")) or "float32"
        if dtype == TEXT and not sizes:
            return {"kind": "text"}
        kind = KINDS.get(len(sizes), "tensor")
        first = next(iterate_leaves(items), None)
        if len(sizes) == 4:
            whole = any(item.name.endswith("3D") for item in items if isinstance(item, WrittenLayer))
            kind = "volume" if whole and sizes[0] is not None and call.id not in self.padding else "video"
        if len(sizes) < 2 and first is not None and first.name in ("Embedding", "ReversibleEmbedding"):
            kind = "tokens"
        found: dict[str, Any] = {"kind": kind}
        found["shape"] = sizes
        if kind == "tensor":
            found["axes"] = [f"axis_{place + 1}" for place in range(len(sizes))]
        if dtype != ("int32" if kind == "tokens" else "float32"):
            found["dtype"] = dtype
        if call.id in self.padding:
            padding = self.padding[call.id]
            if padding.mask_input is not None:
                found["mask_input"] = padding.mask_input
            else:
                found["padding_value"] = padding.value
        if shape[:1] not in ([None], []):
            self.batch = shape[0]
        return found

    batch: int | None = None

    def merge(self, chain: Chain) -> WrittenLayer | None:
        """The layer of several inputs that a fusion is; None where it takes up one value."""
        if chain.merge is None:
            return None
        finder = Finder(self.graph, self.policy)
        said = finder.say(chain.merge)
        self.problems.update(finder.problems)
        return said

    def write_fusion(self, said: WrittenLayer | None) -> dict[str, object]:
        """What is done with the inputs of a fusion."""
        if said is None:
            return {"strategy": "concat"}
        if _is_strategy(said) and set(said.arguments) <= {"axis"}:
            return {"strategy": MERGES[said.name], **said.arguments}
        if said.name in STRATEGIES:
            return {"strategy": said.name, **said.arguments}
        return {"layer": write_bare(said)}

    def write_list(self, key: str, items: Items) -> list[str]:
        """A key with a list of layers, line by line."""
        margin = " " * (len(key) - len(key.lstrip()))
        if not items:
            return [f"{key}: []"]
        return [f"{key}:", *write_lines(items, margin + "  ")]

    def write_optimizer(self, value: object) -> object:
        """The optimizer of most weights, where there are several; within the scaling of the loss that comes by the policy."""
        if self.policy == "mixed_float16" and isinstance(value, dict) and value.get("class_name") == "LossScaleOptimizer":
            value = (value.get("config") or {}).get("inner_optimizer")
        if not isinstance(value, dict) or value.get("class_name") != "MultiOptimizer":
            return value
        self.problems["compile.optimizer"] = (
            "only the optimizer of most weights is written; `learning_rate_multipliers` say the rest"
        )
        try:
            return value["config"]["optimizer_map"]["config"]["default_optimizer"]
        except (KeyError, TypeError):
            return None

    def compile(self) -> list[str]:
        """The section of what the model was compiled with."""
        keys: dict[str, Any] = {}
        defaults = {each["name"]: each["default"] for each in load_catalog()["compile"]}
        for name in COMPILED:
            value = self.compiled.get(name)
            try:
                said = read_plain(self.write_optimizer(value) if name == "optimizer" else value)
            except Unsayable as error:
                self.problems[f"compile.{name}"] = str(error)
                continue
            # What a backend makes of `jit_compile: auto` is a yes or no.
            if said is None or said == defaults.get(name) or said in ([], {}) or name == "jit_compile":
                continue
            keys[name] = self.give_heads(name, said)
        lines = [f"  {key}: {write_flow(value)}" for key, value in keys.items()]
        if self.policy != "float32":
            lines.append(f"  dtype_policy: {self.policy}")
        found = ["", "compile:", *lines] if lines else []
        return ([f"batch_size: {self.batch}"] if self.batch is not None else []) + found

    def give_heads(self, key: str, said: object) -> object:
        """A list with an entry for each of several outputs, as Keras takes it, as a mapping of their heads."""
        if key not in BY_HEAD or not isinstance(said, list) or not len(said) == len(self.head_names) > 1:
            return said
        listed = key in ("metrics", "weighted_metrics")
        each = [[value] if listed and value is not None and not isinstance(value, list) else value for value in said]
        return {name: value for name, value in zip(self.head_names, each, strict=True) if value or not listed}


def write_lines(items: Items, margin: str) -> list[str]:
    """A list of items, each from its own line on."""
    found: list[str] = []
    for item in items:
        if isinstance(item, WrittenLayer):
            found += write_leaf_lines(item, margin)
            continue
        found.append(f"{margin}- {item.name}:")
        inner = margin + "    "
        if item.name == "TimeDistributed":
            found += write_lines(item.lists["layers"], inner)
            continue
        if item.name == "Repeat":
            found += [f"{inner}times: {len(item.copies)}", f"{inner}layers:", *write_lines(item.copies[0], inner + "  ")]
            continue
        for key, each in item.lists.items():
            found += [f"{inner}{key}:", *write_lines(each, inner + "  ")] if each else [f"{inner}{key}: []"]
        if item.paths:
            found.append(f"{inner}paths:")
            for number, path in enumerate(item.paths):
                key = f"{inner}  path_{number + 1}:"
                found += [key, *write_lines(path, inner + "    ")] if path else [f"{key} []"]
        if item.merge is not None:
            found.append(f"{inner}merge: {write_flow(_merge(item.merge))}")
    return found


def _is_strategy(said: WrittenLayer) -> bool:
    """Whether a strategy does what a layer does, which stretches inputs of other shapes as it is."""
    return said.name == "Concatenate" or (said.name in ("Add", "Average", "Maximum") and not said.stretches)


def _merge(said: WrittenLayer) -> object:
    """How the paths of a `Parallel` come together."""
    if said.name in STRATEGIES:
        return {"strategy": said.name, **said.arguments, **({"query": "path_1"} if said.name == ASKING else {})}
    if _is_strategy(said):
        word = MERGES[said.name]
        if not said.arguments:
            return word
        if set(said.arguments) == {"axis"}:
            return {"strategy": word, **said.arguments}
    return {"layer": write_bare(said)}


def write_leaf_lines(item: WrittenLayer, margin: str) -> list[str]:
    """A layer on one line where it fits, else an argument a line."""
    if item.name == PLACE:
        return [f"{margin}# {PLACE}: a layer in place of `{item.arguments['layer']}`", f"{margin}- {PLACE}"]
    one = (
        f"{margin}- {write_flow(write_bare(item))}"
        if not item.arguments
        else f"{margin}- {item.name}: {write_flow(item.arguments)}"
    )
    if len(one) <= WIDTH or not item.arguments:
        return [one]
    return [f"{margin}- {item.name}:", *(f"{margin}    {key}: {write_flow(value)}" for key, value in item.arguments.items())]


def write_bare(item: WrittenLayer) -> object:
    """`Name`, or `Name` with its arguments."""
    return {item.name: item.arguments} if item.arguments else item.name


class _Dumper(yaml.SafeDumper):
    """PyYAML's own, with fractions; no anchors, however often an object comes."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Dumper.add_representer(Fraction, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", str(value)))


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Text that could be read as something else stands in quotes."""
    plain_enough = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", value) and value.lower() not in ("null", "true", "false")
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain_enough else '"')


_Dumper.add_representer(str, _represent_text)


def write_flow(value: object) -> str:
    """A value on one line."""
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=float("inf"), sort_keys=False, allow_unicode=False)
    return str(text).removesuffix("\n").removesuffix("\n...")


def write_scalar(text: str) -> str:
    """A name as YAML writes it."""
    return write_flow(text)
