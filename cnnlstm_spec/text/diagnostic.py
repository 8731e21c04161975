"""What a diagnostic holds: a code, facts and places; `render.py` and `emit/words/` say how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Literal

from .fix import Fix, drop
from .frozen import dataclass
from .source import Path, Place

LONGEST = 100
"""Columns of a first line. It is written to have 80; names and values of a person's own may need more."""
Severity = Literal["error", "warning", "advice"]
Sort = Literal["keras", "language"]


@dataclass(frozen=True)
class Code:
    """A kind of finding. `template` is its first line, filled in with the facts.

    An error of sort `keras` fails in Keras too, at build or on the first batch; one of sort `language` breaks a rule
    of the language or a promise of the spec. A warning runs and is probably not meant; advice is off by default.
    """

    name: str
    severity: Severity
    template: str
    sort: Sort = "language"
    help: str = ""
    """The way out where a finding names none that is nearer."""
    is_idle: bool = False
    """Whether a finding stands at a key, or an item, that does nothing: to leave it out mends it."""
    promised: bool = False
    """Whether it is a promise of the spec's own that is broken, which a person may take for less than an error."""
    join: Callable[[Sequence[Diagnostic]], Diagnostic] | None = field(default=None, compare=False)
    """Makes one finding of all of a spec, where it says how many they are."""

    @property
    def may_be_set(self) -> bool:
        """Whether a person may say how severe it is: all but errors of Keras and of the language."""
        return self.promised or self.severity != "error"

    def __post_init__(self) -> None:
        if CODES.setdefault(self.name, self) != self:
            raise ValueError(f"the code `{self.name}` is declared already, and says something else")


def shorten(fact: object, most: int) -> object:
    """A fact of that many characters, unless it is a number."""
    text = "" if isinstance(fact, int | float) else str(fact)
    return fact if len(text) <= most else text[: most - 3] + "..."


class Words(str):
    """A fact in words of ours: nobody has written it, and no marks stand around it."""

    __slots__ = ()


THE_SPEC = Words("the spec")
"""What messages call the whole text."""


def mark(name: str) -> str:
    """A name in marks, unless it is in words of ours."""
    return name if isinstance(name, Words) else f"`{name}`"


CODES: dict[str, Code] = {}
"""Every code declared by the modules imported so far; the manual pages are the whole list."""


@dataclass(frozen=True)
class Label:
    """A second place that belongs to a diagnostic, and what is to be said of it."""

    place: Place
    message: str


@dataclass(frozen=True)
class Diagnostic:
    """One finding: facts for the code's template, the place of the fix, other ends, and the ways out."""

    code: Code
    place: Place
    facts: dict[str, object] = field(default_factory=dict)
    label: str = ""
    labels: tuple[Label, ...] = ()
    help: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = field(default=(), compare=False)
    """Changes that may mend it, likeliest first; nobody has tried them yet."""
    level: Severity | None = None
    """Its severity where a person says it; else that of the code."""

    def __post_init__(self) -> None:
        if not self.help and self.code.help:
            object.__setattr__(self, "help", (self.code.help,))
        if self.code.is_idle and not self.fixes:
            named = next((self.facts[name] for name in ("argument", "key", "name") if name in self.facts), "it")
            object.__setattr__(self, "fixes", (drop(self.place.span, str(named)),))

    def __str__(self) -> str:
        """What a terminal shows, without colours."""
        from .render import render

        return render([self])

    @property
    def message(self) -> str:
        """The first line, true on its own; facts are cut where it would be longer than `LONGEST`."""
        text = self.code.template.format(**self.facts)
        for most in (60, 40, 24, 12):
            if len(text) <= LONGEST:
                break
            text = self.code.template.format(**{name: shorten(fact, most) for name, fact in self.facts.items()})
        for fact in self.facts.values():
            if isinstance(fact, Words):
                text = text.replace(f"`{fact}`", fact)
        return text

    @property
    def severity(self) -> Severity:
        """That of the code, unless a person says another."""
        return self.level or self.code.severity


@dataclass(frozen=True, eq=False)
class Written:
    """Where the arguments of a record are written, in the order written: values, keys, and those of records in them."""

    places: Mapping[str, Place] = field(default_factory=dict)
    keys: Mapping[str, Place] = field(default_factory=dict)
    inner: Mapping[str, Written] = field(default_factory=dict)

    def add_argument(self, name: str, place: Place, key: Place | None = None) -> Written:
        """The same with one more argument, and the place of its key where it has one."""
        keys = self.keys if key is None else {**self.keys, name: key}
        return replace(self, places={**self.places, name: place}, keys=keys)

    def find_inner(self, name: str) -> Written:
        """Where the arguments of a record that is the value of an argument are written."""
        return self.inner.get(name, UNWRITTEN)


UNWRITTEN = Written()
"""Of what no person wrote."""


@dataclass(frozen=True)
class Origin:
    """Where something is written, its address in the model, and the uses of blocks that brought it there."""

    place: Place
    address: Path
    uses: tuple[Label, ...] = ()
    written: Written = field(default=UNWRITTEN, compare=False)
    """Where its arguments are written."""
