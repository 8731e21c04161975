"""What may be written shorter is the same model as what it stands for."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

SERIES = "version: 1\nname: t\n%sbranches: {a: {input: {kind: sequence, shape: [9, 4]}, layers: [%s]}}\n%shead: [{Dense: {units: 1}}]\n"
CONV = "{Conv1D: {filters: %s, kernel_size: %s, padding: same}}"
PARALLEL = "{Parallel: {%s, merge: concat}}, GlobalMaxPooling1D"
PATHS = ", ".join(f"'{index}': [{CONV % (index + 2, size)}]" for index, size in enumerate((1, 3)))

PAIRS = {
    "a list among layers": (
        SERIES % ("vars: {below: [{Dense: {units: 3}}, Flatten]}\n", "{LSTM: {units: 4, return_sequences: true}}, $below", ""),
        SERIES % ("", "{LSTM: {units: 4, return_sequences: true}}, {Dense: {units: 3}}, Flatten", ""),
    ),
    "a list within a list": (
        SERIES % ("vars: {inner: [{Dense: {units: 3}}], below: [$inner, Flatten]}\n", "'${below}'", ""),
        SERIES % ("", "{Dense: {units: 3}}, Flatten", ""),
    ),
    "a list within an argument of a block": (
        SERIES
        % ("vars: {b: [{Dense: {units: 3}}]}\nblocks: {k: {parameters: {x: []}, layers: [$x]}}\n", "k: {x: [$b, Flatten]}", ""),
        SERIES % ("", "{Dense: {units: 3}}, Flatten", ""),
    ),
    "a list within a default, through two blocks": (
        SERIES
        % (
            "vars: {b: [{Dense: {units: 3}}]}\nblocks: {k: {parameters: {x: [$b]}, layers: [$x]}, o: {parameters: {y: [$b]}, "
            "layers: [k: {x: [$y, {Residual: {layers: [$y]}}]}, k]}}\n",
            "o, Flatten",
            "",
        ),
        SERIES % ("", "{Dense: {units: 3}}, {Residual: {layers: [{Dense: {units: 3}}]}}, {Dense: {units: 3}}, Flatten", ""),
    ),
    "a list within a value of a round": (
        SERIES % ("vars: {b: [{Dense: {units: 3}}]}\n", "{Repeat: {each: {x: [[$b, ReLU], [Flatten]]}, layers: [$x]}}", ""),
        SERIES % ("", "{Dense: {units: 3}}, ReLU, Flatten", ""),
    ),
    "a parameter for the whole list of a block": (
        SERIES % ("blocks: {k: {parameters: {x: []}, layers: $x}}\n", "k: {x: [{Dense: {units: 3}}, Flatten]}, k", ""),
        SERIES % ("", "{Dense: {units: 3}}, Flatten", ""),
    ),
    "a variable for the whole list of a round": (
        SERIES % ("", "{Repeat: {each: {x: [[{Dense: {units: 3}}], [Flatten]]}, layers: $x}}", ""),
        SERIES % ("", "{Dense: {units: 3}}, Flatten", ""),
    ),
    "a variable for the whole list of a path": (
        SERIES % ("", "{Parallel: {each: {x: [[{Dense: {units: 3}}], [ReLU]]}, layers: $x, merge: concat}}, Flatten", ""),
        SERIES % ("", "{Parallel: {paths: {'0': [{Dense: {units: 3}}], '1': [ReLU]}, merge: concat}}, Flatten", ""),
    ),
    "an empty list": (SERIES % ("vars: {below: []}\n", "$below, Flatten", ""), SERIES % ("", "Flatten", "")),
    "a path for each value": (
        SERIES % ("", PARALLEL % f"each: {{size: [1, 3], filters: [2, 3]}}, layers: [{CONV % ('$filters', '$size')}]", ""),
        SERIES % ("", PARALLEL % f"paths: {{{PATHS}}}", ""),
    ),
    "a fusion of one input": (
        SERIES % ("", "Flatten", "fusion: {inputs: [a], layers: [{Dense: {units: 2}}]}\n"),
        SERIES % ("", "Flatten", "fusion: {strategy: concat, inputs: [a], layers: [{Dense: {units: 2}}]}\n"),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_it_is_the_same_model(name: str) -> None:
    short, long = (load(text) for text in PAIRS[name])
    assert short.ok and long.ok, [str(each) for each in (*short.diagnostics, *long.diagnostics)]
    body = [each.to_python().partition("def build_model")[2] for each in (short, long)]
    assert body[0] == body[1]


def codes(layers: str, top: str = "", fusion: str = "") -> list[str]:
    return [each.code.name for each in load(SERIES % (top, layers, fusion)).diagnostics]


def test_what_is_amiss_is_told() -> None:
    conv = CONV % (2, "$size")
    assert codes("$below, Flatten") == ["unknown-variable"]
    assert codes("$below, Flatten", "vars: {below: [{Dens: {units: 3}}]}\n") == ["unknown-layer"]
    assert codes("$below, Flatten", "vars: {below: [$below, $below]}\n") == ["nested-too-deep"]
    assert codes("[ReLU], Flatten") == ["not-a-layer"]
    assert codes("k: {x: [[ReLU], Flatten]}", "blocks: {k: {parameters: {x: []}, layers: [$x]}}\n") == ["not-a-layer"]
    assert codes(PARALLEL % f"each: {{size: [1, 3]}}, paths: {{a: []}}, layers: [{conv}]") == ["one-of-keys"]
    assert codes(PARALLEL % "each: {size: [1, 3]}") == ["one-of-keys"]
    assert codes(PARALLEL % f"each: {{size: []}}, layers: [{conv}]") == ["wrong-type"]
    assert codes(PARALLEL % f"each: {{size: [1], other: [1, 2]}}, layers: [{conv}]") == ["each-of-unequal-lengths"]
    assert codes("Flatten", "", "fusion: {inputs: [a], num_heads: 2}\n") == ["unknown-key"]


def test_places_are_those_of_the_written_list() -> None:
    found = load(PAIRS["a list among layers"][0]).typed
    assert found is not None
    addresses = [node.node.origin.address for node in found.nodes.values() if node.node.layer != "a"]
    assert addresses[:3] == [
        ("branches", "a", "layers", 0),
        ("branches", "a", "layers", 1, 0),
        ("branches", "a", "layers", 1, 1),
    ]
    paths = load(PAIRS["a path for each value"][0]).typed
    assert paths is not None
    assert ("branches", "a", "layers", 0, "paths", 1, 0) in [node.node.origin.address for node in paths.nodes.values()]
