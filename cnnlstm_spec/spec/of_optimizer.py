"""Arguments of the optimizer that stand beside it, or at the top of a spec: what to write where, and the fix that does."""

from __future__ import annotations

from ..language.catalog import find_family
from ..language.foreign import write_flow
from ..text.fix import Change, Drop, Fix, Put, Relocate, write
from ..text.nodes import Entry, Mapping, Scalar
from ..text.synonyms import SYNONYMS, fold_word
from .elsewhere import Entries

ABOVE = ("learning_rate", "momentum", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "beta_1", "beta_2", "nesterov")
"""Arguments that are known for those of an optimizer wherever they stand."""


def find_argument(entry: Entry, optimizer: str) -> str | None:
    """The argument of a class of optimizers that a key stands for."""
    names = [str(each["name"]) for each in find_family("optimizers")["classes"][optimizer]["arguments"]]
    return next((name for word in _list_words(entry) for name in names if fold_word(name) == word), None)


def is_known_above(entry: Entry) -> bool:
    """Whether a key at the top of a spec can be meant for an argument of the optimizer."""
    return any(word in map(fold_word, ABOVE) for word in _list_words(entry))


def _list_words(entry: Entry) -> tuple[str, ...]:
    """A key, and what it stands for in other libraries, folded."""
    word = fold_word(entry.key.text)
    return word, *SYNONYMS.get(word, ())


def find_class(written: Entry | None) -> str:
    """The class of the optimizer that is written, as far as it can be told."""
    value = written.value if written is not None else None
    named = value.entries[0].key if isinstance(value, Mapping) and value.entries else value
    known = find_family("optimizers")
    name = named.text if isinstance(named, Scalar) else "Adam"
    found: str = name if name in known["classes"] else known["identifiers"].get(name.lower(), "Adam")
    return found


def find_written(spec: Mapping) -> Entry | None:
    """The optimizer of a spec, wherever it stands."""
    section = spec.get("compile")
    inside = section.value.get("optimizer") if section is not None and isinstance(section.value, Mapping) else None
    return inside or spec.get("optimizer")


def tell(entries: Entries, optimizer: str, around: str = "") -> str:
    """That keys are arguments of the optimizer, with the line to write; `around` is the section, if they do not stand in it."""
    line = f"optimizer: {{{optimizer}: {{{_write_arguments(entries, optimizer)}}}}}"
    what = "it is an argument" if len(entries) == 1 else "they are arguments"
    return f"{what} of the optimizer: `{f'{around}: {{{line}}}' if around else line}`"


def give(entries: Entries, optimizer: str, written: Entry | None) -> tuple[Fix, ...]:
    """The arguments given to the optimizer that is written, or to one that is written for them."""
    first, others = entries[0].key.span, tuple(each.key.span for each in entries[1:])
    whole = f"{{{optimizer}: {{{_write_arguments(entries, optimizer)}}}}}"
    title = f"give `{optimizer}` its {' and '.join(f'`{find_argument(each, optimizer)}`' for each in entries)}"
    if written is None:
        return (Fix(title, (Relocate(first, "compile.optimizer", whole), *((Drop(others[0], others[1:]),) if others else ()))),)
    given: tuple[Change, ...]
    if isinstance(written.value, Scalar):
        given = write(written.value.span, whole).edits
    elif isinstance(written.value, Mapping) and len(written.value.entries) == 1:
        owner = written.value.entries[0].key.span
        given = tuple(Put(owner, str(find_argument(each, optimizer)), write_flow(each.value)) for each in entries)
    else:
        return ()
    return (Fix(title, (*given, Drop(first, others))),)


def _write_arguments(entries: Entries, optimizer: str) -> str:
    return ", ".join(f"{find_argument(each, optimizer)}: {write_flow(each.value)}" for each in entries)
