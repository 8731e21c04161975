"""A name that a person wrote is that layer's; copies of others go round it."""

from __future__ import annotations

import pytest

from cnnlstm_spec import load

COPIES = "{Repeat: {times: 2, layers: [{Dense: {units: 4, name: d}}]}}"
SPEC = "version: 1\nname: t\nbranches: {x: {input: {kind: sequence, shape: [9, 4]}, layers: [%s]}}\n%shead: [%s]\n"


def list_names(layers: str, fusion: str = "", head: str = "") -> list[str]:
    """The names of the layers that have one written, in their order."""
    typed = load(SPEC % (layers, fusion, head)).typed
    assert typed is not None
    return [each for each in typed.nodes if each.removeprefix("fusion_").removeprefix("head_").startswith("d")]


@pytest.mark.parametrize(
    "layers",
    [
        f"{COPIES}, {{Dense: {{units: 5, name: d_1}}}}",
        f"{{TimeDistributed: [{COPIES}]}}, {{Residual: {{layers: [{{Dense: {{units: 4}}}}], name: d_1}}}}",
        f"{COPIES}, {{Parallel: {{paths: {{p: [], q: [{{Dense: {{units: 4, name: d_1}}}}]}}, merge: add}}}}",
    ],
)
def test_a_copy_gets_no_name_that_is_written(layers: str) -> None:
    assert [each for each in list_names(layers) if not each.endswith("dense")] == ["d", "d_2", "d_1"]


def test_nor_does_one_in_a_fusion_or_a_head() -> None:
    layers = f"{COPIES}, {{Dense: {{units: 4, name: d_1}}}}"
    written = [f"{area}_{name}" for area in ("fusion", "head") for name in ("d", "d_2", "d_1")]
    assert list_names("", f"fusion: {{inputs: [x], layers: [{layers}]}}\n", layers) == written


def test_the_address_is_that_of_the_written_name() -> None:
    spec = SPEC % (
        f"{COPIES}, {{Dense: {{units: 5, name: d_1}}}}",
        "expect: {branches.x.d_1: [9, 5], branches.x.d_2: [9, 4]}\n",
        "",
    )
    assert load(spec).ok
