"""A random spec from a seed, as plain data: legal as a rule, slightly illegal now and then. Imports no Keras."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

from cnnlstm_spec.ir.tensor import TensorType
from fuzz.layers import INNER, Layers, Place, load, whole_number
from fuzz.outside import outside
from fuzz.shorter import below, folded, patterned, written_out
from fuzz.themes import computed, held, themed
from fuzz.training import compile_section
from fuzz.unusual import small, unusual

NAMES = ("left", "right", "third")
TIMED = ("sequence", "video", "tokens")


def generate(seed: int) -> dict[str, Any]:
    """The spec of a seed."""
    if (about := themed(seed) or computed(seed) or held(seed) or outside(seed)) is not None:
        return about
    # Values that were drawn from one table are one object; a copy of their own each is what is written.
    return dict(json.loads(json.dumps(_Spec(Random(seed)).spec())))


def _recurs(item: Any) -> bool:
    """Whether an item is a recurrent layer with arguments."""
    return isinstance(item, dict) and next(iter(item)) in INNER and isinstance(next(iter(item.values())), dict)


class _Spec:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.sloppy = 0.12 if rng.random() < 0.35 else 0.0
        self.layers = Layers(rng, self.sloppy)
        self.branches: dict[str, Any] = {}

    def spec(self) -> dict[str, Any]:
        rng = self.rng
        if (found := small(rng)) is not None:
            return found
        for name in NAMES[: rng.choice([1, 1, 1, 2, 2, 3])]:
            self.branches[name] = self.branch(name)
        self.begin_with_states()
        if rng.random() < 0.12:
            self.branches = folded(self.branches, rng, whole_number)
        self.names = list(written_out(self.base())["branches"])
        spec = self.with_heads(self.with_fusion(self.base()))
        if rng.random() < 0.6:
            spec = compile_section(spec, rng, bool(self.sloppy))
        if rng.random() < 0.1 and (found := whole_number([each.get("layers", []) for each in spec["branches"].values()])):
            holder, key = found
            if holder[key] != "$n":
                spec["vars"] = {"amount": holder[key]}
                holder[key] = "$amount"
        elif rng.random() < 0.1:
            spec = below(spec, rng)
        return unusual(spec, rng)

    def base(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"version": 1, "name": "fuzzed"}
        if self.layers.blocks:
            spec["blocks"] = self.layers.blocks
        return {**spec, "branches": self.branches}

    def begin_with_states(self) -> None:
        """Lets a recurrent layer begin with what another branch gives, where one can be made to fit."""
        rng = self.rng
        chosen = [(name, item) for name, branch in self.branches.items() for item in branch.get("layers", []) if _recurs(item)]
        if not chosen or len(self.branches) < 2 or rng.random() < 0.5:
            return
        name, item = rng.choice(chosen)
        other = rng.choice([each for each in self.branches if each != name])
        self.at = other
        branch = self.branches[other]
        ends = [each for each in branch.get("layers", []) if _recurs(each)]
        ((title, values),) = item.items()
        if ends and rng.random() < 0.5:
            end = rng.choice(ends)
            ((kind, of_end),) = end.items()
            end[title] = {**(of_end if kind == title else {}), "units": values["units"], "name": "end"}
            if kind != title:
                del end[kind]
            values["initial_state"] = f"{other}.end"
            return
        x = Place(lambda items: self.alone(branch["input"], items), other).type(branch.get("layers", []))
        if x is not None and x.rank == 1 and isinstance(x.axes[0].size, int):
            values["units"] = x.axes[0].size
            values["initial_state"] = [other, other] if title == "LSTM" and rng.random() > self.sloppy else other

    def input(self) -> dict[str, Any]:
        rng = self.rng
        kind = rng.choice(
            [
                "image",
                "image",
                "sequence",
                "sequence",
                "sequence",
                "video",
                "volume",
                "vector",
                "vector",
                "tokens",
                "tensor",
                "text",
            ]
        )
        if kind == "text":
            return {"kind": "text"}
        side = lambda: rng.randint(4, 10)  # noqa: E731
        shape: list[Any] = {
            "image": lambda: [side(), side(), rng.choice([1, 3, 4])],
            "sequence": lambda: [rng.randint(3, 8), rng.randint(1, 5)],
            "video": lambda: [rng.randint(2, 4), side(), side(), rng.choice([1, 3])],
            "volume": lambda: [rng.randint(3, 6), rng.randint(3, 6), rng.randint(3, 6), rng.choice([1, 2])],
            "vector": lambda: [rng.randint(1, 8)],
            "tokens": lambda: [rng.randint(3, 8)],
            "tensor": lambda: [rng.randint(1, 5) for _ in range(rng.randint(1, 4))],
        }[kind]()
        if kind in ("vector", "tokens") and rng.random() < 0.15:
            return {"kind": kind, "shape": []}
        if rng.random() < 0.3:
            count = len(shape) if kind == "tokens" or rng.random() < 0.05 else len(shape) - 1
            for index in range(count):
                if rng.random() < 0.5:
                    shape[index] = rng.choice([None, "n", f"m{index}"])
        found: dict[str, Any] = {"kind": kind, "shape": shape}
        if kind == "tensor":
            found["axes"] = [f"axis{index}" for index in range(len(shape))]
            if rng.random() < 0.5:
                found["time_axis"] = "axis0"
        if kind == "image" and rng.random() < 0.15:
            found["dtype"] = "uint8"
        elif rng.random() < 0.04:
            found["dtype"] = rng.choice(["float16", "int32", "int64", "bool", "float64", "uint8"])
        if (kind in TIMED or "time_axis" in found) and rng.random() < 0.3:
            if rng.random() < 0.5 and self.may_be_masked(shape):
                found["mask_input"] = "real"
            else:
                found["padding_value"] = 0
        return found

    def may_be_masked(self, shape: list[Any]) -> bool:
        """Whether an input may have the mask input, which all that have it share: it then gets the steps of the first."""
        first = next((each["input"] for each in self.branches.values() if "mask_input" in each["input"]), None)
        if first is None or (steps := first["shape"][0]) is not None:
            shape[0] = shape[0] if first is None else steps
            return True
        return False

    def branch(self, name: str) -> dict[str, Any]:
        rng = self.rng
        if self.branches and rng.random() < 0.12:
            giver = rng.choice(sorted(self.branches))
            input = copy.deepcopy(self.branches[giver]["input"])
            if input.get("shape", ())[:1] == [None]:
                input.pop("mask_input", None)
            return {"input": input, "share_layers_with": giver}
        input = self.input()
        place = Place(lambda items: self.alone(input, items), name)
        self.at = name
        start = self.looked_up(place) if input["kind"] == "text" else []
        items = [*start, *self.layers.list(place.inside(start, list), rng.randint(0, 4))]
        x = place.type(items)
        if x is not None and x.rank > 1 and rng.random() < 0.6:
            items += self.pooled(place, items, x)
        if len(items) > 1 and rng.random() < 0.1:
            items = self.shared(place, items)
        return {"input": input, "layers": items}

    def looked_up(self, place: Place) -> list[Any]:
        """The layer that reads text, one that fits after a few tries; now and then none."""
        if self.rng.random() < self.sloppy:
            return []
        names = ["TextVectorization", "TextVectorization", "StringLookup", "Hashing"]
        tried = ([self.layers.lookup(self.rng.choice(names))] for _ in range(8))
        return next((each for each in tried if place.type(each) is not None), [{"Hashing": {"num_bins": 3}}])

    def alone(self, input: dict[str, Any], items: list[Any]) -> dict[str, Any]:
        """A spec of one branch."""
        branch = {"input": input, "layers": items}
        spec: dict[str, Any] = {"version": 1, "name": "x", "branches": {self.at: branch}, "head": []}
        return {**spec, "blocks": self.layers.blocks} if self.layers.blocks else spec

    def pooled(self, place: Place, items: list[Any], x: TensorType) -> list[Any]:
        """A layer that brings all to a vector, where one fits."""
        ways: list[list[Any]] = [["Flatten"], [f"GlobalAveragePooling{x.rank - 1}D"], [{"LSTM": {"units": 3}}]]
        self.rng.shuffle(ways)
        return next((way for way in ways if place.type([*items, *way]) is not None), [])

    def shared(self, place: Place, items: list[Any]) -> list[Any]:
        """The last layer twice, with one set of weights, where it fits."""
        last = items[-1]
        if (
            not isinstance(last, dict)
            or next(iter(last)) in ("Repeat", "TimeDistributed", "Op")
            or not isinstance(next(iter(last.values())), dict)
        ):
            return items
        ((name, values),) = last.items()
        twice = [*items[:-1], {name: {**values, "share": "both"}}, {name: {**values, "share": "both"}}]
        return twice if place.type(twice) is not None else items

    def with_fusion(self, spec: dict[str, Any]) -> dict[str, Any]:
        """The spec with its branches brought together; of several tries one that fits."""
        rng = self.rng
        names = self.names
        alone = self.alone_in_fusion(spec) if rng.random() < 0.12 else None
        if alone is not None and len(names) == 1:
            return {**self.again(spec), "fusion": alone}
        if len(names) == 1 and rng.random() < 0.92:
            return spec
        if alone is not None:
            names = ["alone", *names[1:]]
        tried = spec
        for _ in range(1 if rng.random() < self.sloppy else 12):
            if alone is not None:
                fusion: Any = [{"name": "alone", **alone}, {"name": "all", **self.layers.merge(names), "inputs": names}]
            elif len(names) == 3 and rng.random() < 0.5:
                first = {"name": "one", **self.layers.merge(names[:2]), "inputs": names[:2]}
                inputs = ["one", names[2]]
                fusion = [first, {"name": "two", **self.layers.merge(inputs), "inputs": inputs}]
            else:
                fusion = {**self.layers.merge(names)}
                if rng.random() < 0.3 or len(names) > len(self.branches):
                    fusion["inputs"] = patterned(names, rng)
            tried = {**self.again(spec), "fusion": fusion, "head": []}
            if load(tried).ok:
                break
        tried.pop("head", None)
        last = tried["fusion"][-1] if isinstance(tried["fusion"], list) else tried["fusion"]
        if rng.random() < 0.15:
            items = self.layers.list(Place(lambda items: self.fused(tried, last, items), "head"), 2, 1)
            if items:
                last["layers"] = items
        return {**tried, **({"blocks": self.layers.blocks} if self.layers.blocks else {})}

    def alone_in_fusion(self, spec: dict[str, Any]) -> dict[str, Any] | None:
        """A fusion of the first branch, or of a layer in it, alone; None where that is written with others."""
        name = self.names[0]
        branch = self.branches.get(name)
        if branch is None:
            return None
        read = name
        if self.rng.random() < 0.5 and branch.get("layers") and len(self.names) == 1:
            read = self.named(branch["layers"], name, last=True)
        only = {**spec, "branches": {name: branch}}
        place = Place(lambda items: {**self.again(only), "fusion": {"inputs": [read], "layers": items}, "head": []}, "head")
        items = self.layers.list(place, 2, 1)
        return {"inputs": [read], **({"layers": items} if items else {})}

    def named(self, items: list[Any], area: str, last: bool = False) -> str:
        """The address of one of the layers, which gets a name; or of all where it cannot have one."""
        item = items[-1] if last else self.rng.choice(items)
        names = self.layers.by_name
        if (
            not isinstance(item, dict)
            or next(iter(item)) not in names
            or not isinstance(values := next(iter(item.values())), dict)
        ):
            return area
        if "Op" in item and "function" not in values:
            return area
        values.setdefault("name", "inner")
        return f"{area}.{values['name']}"

    def fused(self, spec: dict[str, Any], last: dict[str, Any], items: list[Any]) -> dict[str, Any]:
        """The spec with layers after its last fusion."""
        fusion = {**last, "layers": items}
        whole = [*spec["fusion"][:-1], fusion] if isinstance(spec["fusion"], list) else fusion
        return {**spec, "fusion": whole, "head": [], **({"blocks": self.layers.blocks} if self.layers.blocks else {})}

    def with_heads(self, spec: dict[str, Any]) -> dict[str, Any]:
        rng = self.rng
        if rng.random() < 0.75:
            return {**spec, "head": self.head(lambda items: {**self.again(spec), "head": items}, "head")}
        heads: dict[str, Any] = {}
        for name in ("first", "second")[: rng.choice([1, 2, 2])]:
            whole = lambda items, name=name: {**self.again(spec), "heads": {**heads, name: items}}  # noqa: E731
            heads[name] = self.head(whole, name)
        if rng.random() < 0.25:
            heads["aside"] = self.beside(spec, heads, "aside", rng.sample(self.names, 1))
        if rng.random() < 0.35:
            first = heads["first"]
            read = "heads.first" if not first or rng.random() < 0.6 else self.named(first, "heads.first")
            reads = [
                read,
                *rng.sample([*self.names, *[f"heads.{each}" for each in heads if each != "first"]], rng.choice([0, 0, 1])),
            ]
            after = self.beside(spec, heads, "after", reads)
            heads = {"after": after, **heads} if rng.random() < 0.4 else {**heads, "after": after}
        return {**self.again(spec), "heads": heads}

    def beside(self, spec: dict[str, Any], heads: dict[str, Any], name: str, reads: list[str]) -> dict[str, Any]:
        """A head that reads something by itself, or several things brought together."""
        head: dict[str, Any] = {"inputs": reads}
        for _ in range(12 if len(reads) > 1 else 0):
            head = {**self.layers.merge(reads), "inputs": reads}
            if load({**self.again(spec), "heads": {**heads, name: head}}).ok:
                break
        layers = self.head(lambda items: {**self.again(spec), "heads": {**heads, name: {**head, "layers": items}}}, name)
        return {**head, "layers": layers}

    def again(self, spec: dict[str, Any]) -> dict[str, Any]:
        return {**spec, "blocks": self.layers.blocks} if self.layers.blocks else spec

    def head(self, whole: Any, name: str) -> list[Any]:
        rng = self.rng
        place = Place(whole, name)
        items = self.layers.list(place, rng.choice([0, 0, 1, 2]), 1)
        if rng.random() < 0.85:
            last: dict[str, Any] = {"units": rng.choice([1, 1, 2, 3, 4])}
            if rng.random() < 0.8:
                last["activation"] = rng.choice(["sigmoid", "softmax", "linear", "relu"])
            if self.sloppy or place.type([*items, {"Dense": last}]) is not None:
                items.append({"Dense": last})
        return items
