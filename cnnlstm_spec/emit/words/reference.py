"""The reference of layers, strategies and structures, from the arguments that they declare."""

from __future__ import annotations

import json
from textwrap import wrap

from ...ir.op import TEXT, Example, Op
from ...ir.tensor import Axis, Mask, TensorType
from ...language.meanings import Described
from ...language.record import Argument, Record
from ...ops import ALIASES, FAMILIES, find_op
from ...ops.functions import table
from ...ops.functions.op import find_function_op
from ...ops.fusions.table import STRATEGIES
from ...spec.repeat import RepeatStructure
from ...spec.structures import RECORDS
from ...text.escape.json import write_readable
from ...text.escape.terminal import measure_width
from ...text.files import read_own
from ...text.source import NOWHERE, Place

OPEN: dict[str, type[Record]] = {**RECORDS, "Repeat": RepeatStructure}


def list_names() -> dict[str, list[str]]:
    """Everything that has a page, by sort, each with its first line."""
    from ...ops.backbones.walk import BACKBONES

    layers = {f"layers: {family}": listed.split() for family, listed in FAMILIES.items()}
    found = {**layers, "structures": list(OPEN), "strategies of fusion": list(STRATEGIES), "backbones": list(BACKBONES)}
    return {heading: _describe_listed(listed) for heading, listed in found.items()}


def _describe_listed(listed: list[str]) -> list[str]:
    widest = max(map(len, listed))
    return [f"{name:{widest}}  {_read_first_line(find(name))}" for name in listed]


def find(name: str) -> type[Record] | None:
    """What has a page under that name."""
    return find_op(name) or STRATEGIES.get(name) or OPEN.get(name)


def _read_first_line(record: type[Record] | None) -> str:
    return (record.__doc__ or "").strip().split("\n")[0] if record is not None else ""


def write_page(name: str, record: type[Record]) -> str:
    """A page of the reference."""
    parts = [f"{ALIASES.get(name, name)}: {_read_first_line(record)}"]
    if issubclass(record, Op):
        parts.append("\n".join(f"  {line}" for line in _describe_behaviour(record)))
    parts.append("arguments\n" + _describe_arguments(record.arguments, _map_order(ALIASES.get(name, name))))
    if issubclass(record, Op) and record.examples:
        parts.append("example\n" + _write_example(name, record.examples[0]))
    if name == "Op":
        parts.append("or, by `function`, one of `keras.ops` with its arguments\n" + _describe_functions())
        parts.append("not those that read or give several tensors, or whose size depends on values\n" + _describe_refused())
    return "\n\n".join(parts) + "\n"


def _describe_functions() -> str:
    """A line for each function: what it takes beside the tensor, and the defaults."""
    lines = []
    for name in table.list_names():
        op = find_function_op(name)
        assert op is not None
        own = [each for key, each in op.arguments.items() if key not in ("function", "name")]
        written = [each.name if each.required else f"{each.name}={format_default(each)}" for each in own]
        lines.append(f"  {name}({', '.join(written)})")
    return "\n".join(lines)


def _describe_refused() -> str:
    """The functions that are left out, by the reason."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in table.map_refused().items():
        by_reason.setdefault(reason, []).append(name)
    lines = [f"  {reason}: {' '.join(names)}" for reason, names in sorted(by_reason.items())]
    return "\n".join(line for each in lines for line in wrap(each, 100, subsequent_indent="    "))


def _describe_behaviour(cls: type[Op]) -> list[str]:
    """What it reads, and whether the padding mask goes on; of the first example, where arguments decide."""
    example = cls.examples[0] if cls.examples else None
    op = cls.make(**example.arguments) if example is not None else None
    names = op.list_axes_read() if op is not None else cls.reads
    axes = f"({', '.join(names)})" if names else f"{cls.least_rank} axes or more" if cls.least_rank else "any axes"
    axes = "a text" if example is not None and example.dtype == TEXT else f"{axes}, or a text" if cls.takes_text else axes
    mask = ["uses it: padded steps do not count"] if cls.reads_mask else []
    if op is not None and example is not None:
        mask.append("passes it on" if _keeps_mask(op, example) else "does not pass it on")
    video = []
    if op is not None and (place := op.place_frames()) is not None:
        drawn = "draws once for" if op.draws_for_images else "takes"
        video = [f"video   {drawn} all frames of a clip, which lie in the {place} of one image"]
    acts = ["acts    in training alone; outside of it, it gives its input as it is"] if cls.only_in_training else []
    return [f"reads   {', '.join(filter(None, (_count(*cls.arity), axes)))}", *acts, f"mask    {'; '.join(mask)}", *video]


def _count(fewest: int, most: int | None) -> str:
    """How many inputs it takes; nothing of a layer of one."""
    if most == 1:
        return ""
    if most is None:
        return f"{fewest} input{'s' * (fewest > 1)} or more"
    return f"{most} inputs" if fewest == most else f"{fewest} to {most} inputs"


def _keeps_mask(op: Op, example: Example) -> bool:
    mask = Mask(frozenset({"input"}), Place((), NOWHERE))
    types = [TensorType(tuple(Axis("axis", size or 1) for size in shape), example.dtype, mask) for shape in example.shapes]
    return op.infer_mask(*types) is not None


def _map_order(name: str) -> dict[str, int]:
    """The place of each argument in Keras's signature; nothing of what is no class of Keras."""
    order = json.loads(read_own("language", "data", "argument_order.json"))
    return {argument: place for place, argument in enumerate(order.get(name, ()))}


def _describe_arguments(arguments: dict[str, Argument], places: dict[str, int]) -> str:
    """Those that every layer has at the end, before them required ones first, then in Keras's order or as declared."""
    if not arguments:
        return "  none"
    last = len(arguments)
    order = sorted(
        arguments.items(),
        key=lambda item: (item[0] in Op.arguments, not item[1].required, places.get(item[0], last)),
    )
    rows = [(name, each.kind.words, format_default(each), each.doc) for name, each in order]
    widths = [max(measure_width(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  "
        + "  ".join([*(cell + " " * (w - measure_width(cell)) for cell, w in zip(row, widths, strict=False)), row[3]]).rstrip()
        for row in rows
    )


def format_default(argument: Described) -> str:
    """The value of an argument that is left out, as YAML."""
    if argument.required:
        return "required"
    return "null" if argument.default is None else _write_yaml(argument.default)


def _write_example(name: str, example: Example) -> str:
    """As an item of a list of layers, or as a fusion where it stands in one."""
    arguments = dict(example.arguments)
    if name in STRATEGIES:
        needed = {"units": 8} if STRATEGIES[name].needs_units else {"query": "first"} if STRATEGIES[name].needs_query else {}
        written = f"fusion: {_write_yaml({'strategy': name, **needed, **arguments})}"
    elif len(example.shapes) > 1:
        written = f"fusion: {_write_yaml({'layer': {name: arguments} if arguments else name})}"
    else:
        written = f"- {name}: {_write_yaml(arguments)}" if arguments else f"- {name}"
    shapes = ", ".join(_write_yaml(list(shape)) for shape in example.shapes)
    return f"  {written}    # on {shapes}"


def _write_yaml(value: object) -> str:
    """A value as YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_write_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_write_yaml, value)) + "]"
    if isinstance(value, str):
        word = value.replace("_", "").replace("-", "").isalnum() and not value.isdigit()
        # A fraction is a number only without quotes.
        return value if word or value.replace("/", "", 1).replace(".", "").isdigit() else write_readable(value)
    return write_readable(value) if value is None or isinstance(value, bool | int | float) else str(value)
