"""Mask inputs: boolean inputs of the model by name, each of one branch, or of several with the same steps."""

from __future__ import annotations

from ..spec.model_spec import Branch, ModelSpec
from ..text.diagnostic import Code, Diagnostic, Label

TWO_NAMED = Code("input-twice", "error", "the input name `{name}` is used twice")
UNLIKE_STEPS = Code("mask-input-steps", "error", "`{name}` masks {first}; this branch has {here}")


def find_mask_givers(spec: ModelSpec, found: list[Diagnostic]) -> dict[str, str]:
    """For each branch with a mask input, the first branch whose mask that is; reports names that cannot be used so.

    A name that a branch or a head has names another input or output; branches that share one have the same steps.
    """
    taken = {branch.name: branch.origin.place for branch in spec.branches}
    taken |= {head.name: head.origin.place for head in spec.heads}
    declared: dict[str, Branch] = {}
    givers: dict[str, Branch] = {}
    for branch in spec.branches:
        if branch.input is None or branch.input.mask_input is None:
            continue
        name, place = branch.input.mask_input, branch.origin.written.places["mask_input"]
        if name in taken:
            labels = (Label(taken[name], "has this name"),)
            found.append(Diagnostic(TWO_NAMED, place, {"name": name}, labels=labels, help=(f"`{name}_mask` would do",)))
            continue
        first = declared.setdefault(name, branch)
        if first is not branch and not _has_same_steps(first, branch):
            found.append(_report_unlike(name, first, branch))
        elif branch.mask_by == "mask_input":
            givers.setdefault(name, branch)
    return {
        branch.name: givers[branch.input.mask_input].name
        for branch in spec.branches
        if branch.input is not None and branch.input.mask_input in givers and branch.mask_by == "mask_input"
    }


def _has_same_steps(first: Branch, second: Branch) -> bool:
    """Whether two branches have one number of steps, or one name for it; each `null` is a size of its own."""
    steps = _count_steps(first)
    return steps is not None and steps == _count_steps(second)


def _count_steps(branch: Branch) -> int | str | None:
    assert branch.input is not None
    return branch.input.shape[0] if branch.input.shape else None


def _report_unlike(name: str, first: Branch, second: Branch) -> Diagnostic:
    assert first.input is not None and second.input is not None
    axis = first.input.list_axis_names()[0]
    unknown = " of" if _count_steps(first) is None else ""
    facts: dict[str, object] = {
        "name": name,
        "first": f"{_describe_steps(first)}{unknown} {axis}",
        "here": _describe_steps(second),
    }
    labels = (Label(first.origin.written.places["mask_input"], f"is the mask of `{first.name}` here"),)
    if _count_steps(first) is None or _count_steps(second) is None:
        help = f"a size `null` is one of its own: write one name, such as `{axis}`, in the shapes of both"
    else:
        help = f"give `{second.name}` a mask of its own, such as `{second.name}_mask`, or both the same steps"
    return Diagnostic(UNLIKE_STEPS, second.origin.written.places["mask_input"], facts, labels=labels, help=(help,))


def _describe_steps(branch: Branch) -> str:
    steps = _count_steps(branch)
    return "an unknown number" if steps is None else f"`{steps}`" if isinstance(steps, str) else str(steps)
