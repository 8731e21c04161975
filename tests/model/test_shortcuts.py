"""What a layer gives is known without those before it, where the axes before the last alone decide it: the same is told."""

from __future__ import annotations

import gc
from itertools import cycle, islice

import pytest
from layers import op_classes
from test_alike import TOP, WRONG

from cnnlstm_spec import load
from cnnlstm_spec.ir.op import Example, Op
from cnnlstm_spec.ir.tensor import Axis, Mask, TensorType
from cnnlstm_spec.model import infer, look_on
from cnnlstm_spec.model.shortcuts import keeps_axes
from cnnlstm_spec.model.suppose import _infer_given
from cnnlstm_spec.text.render import render
from cnnlstm_spec.text.source import Place, Source, Span

CASES = [(op, each) for op in op_classes() for each in op.examples if len(each.shapes) == 1]
NAMES = [f"{op.__name__}-{op.examples.index(each)}" for op, each in CASES]
INPUTS = {"sequence": "sequence, shape: [20, 8]", "vector": "vector, shape: [8]", "image": "image, shape: [9, 9, 3]"}
LAYERS = {
    "vector": ("{{Dense: {{units: {n}}}}}", "BatchNormalization", "ReLU", "{{Dropout: {{rate: 0.1}}}}"),
    "sequence": (
        "{{LSTM: {{units: {n}, return_sequences: true}}}}",
        "LayerNormalization",
        "{{LSTM: {{units: 3, return_sequences: true}}}}",
    ),
    "image": ("{{Conv2D: {{filters: {n}, kernel_size: 3, padding: same}}}}", "BatchNormalization", "ReLU"),
}
"""By the kind of the input, layers that take turns; no two that have a width have the same."""


def make_types(op: Op, example: Example) -> list[TensorType]:
    """What the op may be given: the axes of its example, and more of them where it reads any number, the first with a mask."""
    place = Place((), Span(Source("t", ""), 0, 0))
    first = TensorType(tuple(Axis(f"a{n}", size or 5) for n, size in enumerate(example.shapes[0])), example.dtype)
    shapes = [first.axes] if op.list_axes_read() is not None else [first.axes, (Axis("steps", 7), *first.axes)]
    masks = (None, Mask(frozenset({"x"}), place))
    return [first.with_axes(*axes).with_mask(mask if axes else None) for axes in shapes for mask in masks]


@pytest.mark.parametrize(("cls", "example"), CASES, ids=NAMES)
def test_the_last_axis_does_not_matter_to_an_op_that_decides_it(cls: type[Op], example: Example) -> None:
    """All that it gives is the same on a wider input, and the axes before the last are those that came in."""
    op = cls.make(**example.arguments)
    for x in make_types(op, example) if op.decides_last_axis() else ():
        wider = x.with_axes(*x.axes[:-1], Axis(x.axes[-1].name, 2 * int(str(x.axes[-1].size)))).with_mask(x.mask)
        given, same = _infer_given(op, (x,), "float32"), _infer_given(op, (wider,), "float32")
        assert given is not None and given == same and given.axes[:-1] == x.axes[:-1]
        assert op.infer_mask(x) == op.infer_mask(wider) and op.infer_values(x) is None and op.infer_zeros(x.mask, x) is None


@pytest.mark.parametrize(("cls", "example"), CASES, ids=NAMES)
def test_an_op_that_keeps_axes_changes_none(cls: type[Op], example: Example) -> None:
    """Nor their mask, however many there are."""
    op = cls.make(**example.arguments)
    for x in make_types(op, example) if keeps_axes(op) else ():
        given = _infer_given(op, (x,), "float32")
        assert given is None or (given.axes == x.axes and op.infer_mask(x) == x.mask and not op.makes_mask(x))


def test_both_are_asked_of_some() -> None:
    """The tests above hold something."""
    made = [op.make(**each.arguments) for op, each in CASES]
    assert {each.title() for each in made if each.decides_last_axis()} >= {"Dense", "Conv1D", "LSTM", "GRU"}
    assert {each.title() for each in made if keeps_axes(each)} >= {
        "Dropout",
        "BatchNormalization",
        "ReLU",
        "LayerNormalization",
    }


def write_chain(kind: str, wrong: tuple[str, ...], mistakes: int = 12, between: int = 16) -> str:
    """A branch with mistakes in turn, and between them layers of which no two are alike."""
    layers = []
    for n, each in enumerate(islice(cycle(wrong), mistakes)):
        sound = islice(cycle(LAYERS[kind]), between)
        layers += [each, *(layer.format(n=n * between + index + 1) for index, layer in enumerate(sound))]
    listed = "".join(f"      - {each}\n" for each in layers)
    return f"{TOP}branches:\n  a:\n    input: {{kind: {INPUTS[kind]}}}\n    layers:\n{listed}head: [{{Dense: {{units: 1}}}}]\n"


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("wrong", [WRONG[:8], WRONG[8:], WRONG[::-1], WRONG[4:5]], ids=["first", "others", "backwards", "counts"])
def test_what_is_told_is_the_same(kind: str, wrong: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """As where each trial goes through every layer, with every label and way out."""
    text = write_chain(kind, wrong)
    told = render(load(text).diagnostics)
    monkeypatch.setattr(look_on, "find_shortcuts", lambda *given: {})
    assert told == render(load(text).diagnostics)


@pytest.mark.parametrize("kind", LAYERS)
def test_layers_of_which_no_two_are_alike_are_passed_over(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first trial fewer than half of them are made again."""
    text, made = write_chain(kind, (WRONG[2], WRONG[4]), between=40), list[str]()
    check = infer._check_node
    monkeypatch.setattr(infer, "_check_node", lambda node, *given: (made.append(node.id), check(node, *given))[1])
    assert len(load(text).diagnostics) == 12
    passing_over, once = len(made), len(set(made))
    made.clear()
    monkeypatch.setattr(look_on, "find_shortcuts", lambda *given: {})
    load(text)
    assert passing_over - once < (len(made) - once) / 2


def test_words_ask_for_few_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way out of a rank looks far back for a recurrent layer, and needs no type where there is none."""
    dense = ", ".join(f"{{Dense: {{units: {n}}}}}" for n in range(1, 60))
    text = f"{TOP}branches: {{a: {{input: {{kind: vector, shape: [8]}}, layers: [{{Denze: {{}}}}, Flatten, {dense}, {{LSTM: {{units: 1}}}}]}}}}\n"
    inner, looked = look_on.infer_on, list[int]()

    def infer_on(typed, trial, *given):  # type: ignore[no-untyped-def]
        whole, found = inner(typed, trial, *given)
        if trial.told:
            looked.append(len(whole.nodes))
        return whole, found

    monkeypatch.setattr(look_on, "infer_on", infer_on)
    found = load(f"{text}head: [{{Dense: {{units: 1}}}}]\n").diagnostics
    assert [each.code.name for each in found] == ["unknown-layer", "wrong-rank"] and "Flatten" not in found[1].help[0]
    assert looked and max(looked) < 12


def test_what_was_tried_leaves_nothing_to_the_collector() -> None:
    """A refusal does not hold the frames that hold it: a collection took a third of the time of a spec with mistakes."""
    text = write_chain("vector", WRONG[2:6])
    load(text)
    gc.collect()
    gc.disable()
    try:
        found = load(text)
        assert gc.collect() < 100 and found.diagnostics
    finally:
        gc.enable()
