"""Fixes tried: a spec is compiled with the edits of a fix, and what mends it is told from what does not. Writes no file.

A finding comes with candidates (`text/fix.py`). Tried, one is as good as it says where its finding is gone and no other has
come in any variant; where others have come it only says how, and where the finding stays it is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from time import monotonic

from ..text.diagnostic import Diagnostic
from ..text.edits.applied import apply_edits, move_offset
from ..text.edits.layout import Layout
from ..text.fix import Applicability, Edit, Fix
from ..text.frozen import dataclass
from ..text.source import Source, Span
from ..text.texts import EditedTexts
from .silence import IDLE
from .variants import Sweep

MOST = 5
"""So many candidates of one finding are tried."""
SECONDS = 2.0
"""So long are those of one file tried."""
ROUNDS = 20
"""A fix may stand where another one stands too: it is made in a round after that one, and so many there are."""

CHAIN = 4
"""So many fixes, one after the other, may each bring the finding that the next one takes away."""

Edits = tuple[Edit, ...]
Key = tuple[object, ...]
Choice = tuple[Diagnostic, Fix, Edits]


class Clock:
    """The time that is left for trying the fixes of one file, which begins when it is made."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now, self._end = now, now() + SECONDS

    @property
    def is_over(self) -> bool:
        """Whether no more is tried."""
        return self._now() >= self._end


class Trials:
    """The fixes of one spec, each tried by compiling the spec with it in what variants of it share."""

    def __init__(self, prepared: Sweep, clock: Clock | None = None, found: Sequence[Diagnostic] | None = None) -> None:
        self.prepared = prepared
        self.found = keep_shown(prepared.find_in_all() if found is None else found)
        self.clock = clock or Clock()
        self._layouts: dict[int, Layout] = {}
        self._silent: dict[Edits, Trials] = {}

    def make_edits(self, fix: Fix) -> Edits | None:
        """What a fix changes in texts of files; None where it cannot be made there, or would change what no file holds."""
        found: list[Edit] = []
        for change in fix.edits:
            source = change[0].source
            if id(source) not in self.prepared.texts.sources:
                return None
            if id(source) not in self._layouts:
                self._layouts[id(source)] = Layout(source)
            edits = self._layouts[id(source)].make_edits(change)
            if edits is None:
                return None
            found += edits
        return tuple(dict.fromkeys(found)) or None

    def find_all(self) -> list[Diagnostic]:
        """Every finding with its fixes tried, their changes as edits."""
        unique = {_identify(each): each for each in self.found}
        return [replace(each, fixes=tuple(self.try_each_fix(each))) for each in unique.values()]

    def try_each_fix(self, finding: Diagnostic) -> Iterable[Fix]:
        """The fixes of one finding, tried, their changes as edits."""
        for number, fix in enumerate(finding.fixes):
            edits = self.make_edits(fix)
            if edits is None:
                continue
            if fix.applicability == "display":
                yield replace(fix, edits=edits)
            elif number >= MOST or self.clock.is_over:
                yield replace(fix, title=f"{fix.title} (untried)", edits=edits, applicability="display")
            elif (outcome := self.try_edits([finding], edits)) is not None:
                yield replace(fix, edits=edits, applicability=fix.applicability if outcome else "display")

    def try_edits(self, findings: Sequence[Diagnostic], edits: Edits) -> bool | None:
        """Whether nothing else is found once edits are made; None where one of the findings that they are for stays."""
        after = self.try_with(edits)
        if after is None:
            return None
        if not after.found:
            self._silent[edits] = after
        by_source = _group_by_source(edits)
        left: dict[Key, set[str]] = {}
        for each in after.found:
            left.setdefault(_make_key(each, by_source), set()).add(each.message)
        for each in findings:
            said = left.get(_make_key(each, by_source))
            # What stood behind a thing that is taken out stands where it stood.
            if said is not None and (each.message in said or not _is_taken_out(each, edits)):
                return None
        return left.keys() <= {_make_key(each, by_source) for each in self.found}

    def apply(self, edits: Edits) -> Trials | None:
        """The spec with edits in it, for more of them; the trial of those after which there is nothing to mend."""
        return self._silent.get(edits) or self.try_with(edits, keeps=False)

    def try_with(self, edits: Edits, keeps: bool = True) -> Trials | None:
        """The spec with edits in it, compiled; None where they are no change that can be made at once.

        With `keeps` most findings have their places in the texts before, and no more edits can be made.
        """
        edited: dict[int, Source] = {}
        for source, some in _group_by_source(edits).values():
            text = apply_edits(source.text, some)
            if text is None:
                return None
            edited[id(source)] = Source(source.name, text)
        assert self.prepared.again is not None
        texts = EditedTexts(self.prepared.texts, edited, keeps)
        source = edited.get(id(self.prepared.source), self.prepared.source)
        return Trials(self.prepared.again(source, texts), self.clock)


class TriedFixes:
    """What the fixes of a spec and its variants come to: those of each finding are tried once, while there is time."""

    def __init__(self, prepared: Sweep, found: Sequence[Diagnostic]) -> None:
        """`found` holds one finding at least of each code at each place where it was found."""
        self._trials = Trials(prepared, found=found)
        self._known: dict[Key, tuple[Fix, ...]] = {}

    def settle(self, finding: Diagnostic) -> Diagnostic:
        """A finding with its fixes as they have turned out."""
        if not finding.fixes:
            return finding
        if not keep_shown([finding]):
            return replace(finding, fixes=())
        key = _identify(finding)
        fixes = self._known.get(key)
        if fixes is None:
            keeps = not self._trials.clock.is_over
            fixes = tuple(self._trials.try_each_fix(finding))
            if keeps:
                self._known[key] = fixes
        return replace(finding, fixes=fixes)


def _identify(finding: Diagnostic) -> Key:
    return finding.code.name, finding.place.span, finding.message


@dataclass(frozen=True)
class Made:
    """A fix that was made: what was found, and where that stood then."""

    finding: Diagnostic
    fix: Fix


@dataclass(frozen=True)
class Mended:
    """A spec with fixes made: what is left to say, each text that has changed with what it was, and the fixes."""

    found: tuple[Diagnostic, ...]
    changed: tuple[tuple[Source, str], ...]
    made: tuple[Made, ...]


def mend(prepared: Sweep, unsafe: bool = False, clock: Clock | None = None) -> Mended:
    """Makes the fixes that mend, safe ones alone unless `unsafe`: round by round, until nothing more is mended.

    Where one mistake has hidden another, a fix may bring a finding that the next one takes away; what is made in the end has
    been compiled, and has no finding more than before of any code.
    """
    trials, made, chain = Trials(prepared, clock), tuple[Made, ...](), 0
    texts = {key: (source, source) for key, source in prepared.texts.sources.items()}
    best = Mended(tuple(trials.found), (), ())
    for _ in range(ROUNDS):
        chosen = _choose(trials, unsafe)
        if not chosen:
            chain, chosen = chain + 1, _choose_uncovering(trials, unsafe)
        if not chosen or chain > CHAIN:
            break
        after = trials.apply(_join_edits(chosen))
        assert after is not None
        made += tuple(Made(finding, fix) for finding, fix, _ in chosen)
        now = after.prepared.texts
        assert isinstance(now, EditedTexts)
        texts = {id(new): (first, new) for first, old in texts.values() for new in (now.edited.get(id(old), old),)}
        trials = after
        if _count_codes(trials.found) <= _count_codes(best.found):
            changed = tuple((first, last.text) for first, last in texts.values() if first.text != last.text)
            best, chain = Mended(tuple(trials.found), changed, made), 0
    return best


def _count_codes(found: Iterable[Diagnostic]) -> Counter[str]:
    return Counter(each.code.name for each in found)


def _choose_uncovering(trials: Trials, unsafe: bool) -> list[Choice]:
    """The first fix that takes its finding away and brings others."""
    choices = (choice for choices in _list_choices(trials, unsafe) for choice in choices)
    return next(
        ([choice] for choice in choices if not trials.clock.is_over and trials.try_edits([choice[0]], choice[2]) is False), []
    )


def _choose(trials: Trials, unsafe: bool) -> list[Choice]:
    """The fixes of one round: the likeliest of each finding at once where that mends all of them, else each by itself."""
    waiting = _list_choices(trials, unsafe)
    together = _keep_apart([choices[0] for choices in waiting])
    if not together or trials.clock.is_over:
        return []
    if trials.try_edits([finding for finding, _, _ in together], _join_edits(together)):
        return together
    found: list[Choice] = []
    for choices in waiting:
        for choice in choices:
            if trials.clock.is_over:
                break
            if len(_keep_apart([*found, choice])) == len(found) + 1 and trials.try_edits([choice[0]], choice[2]):
                found.append(choice)
                break
    while len(found) > 1 and not trials.try_edits([finding for finding, _, _ in found], _join_edits(found)):
        found = found[: len(found) // 2]
    return found


def _list_choices(trials: Trials, unsafe: bool) -> list[list[Choice]]:
    """The fixes that are allowed, of each finding that has some."""
    allowed: tuple[Applicability, ...] = ("safe", "unsafe") if unsafe else ("safe",)
    found: list[list[Choice]] = []
    for finding in trials.found:
        fixes = [fix for fix in finding.fixes[:MOST] if fix.applicability in allowed]
        if choices := [(finding, fix, edits) for fix in fixes if (edits := trials.make_edits(fix)) is not None]:
            found.append(choices)
    return found


def _keep_apart(choices: Iterable[Choice]) -> list[Choice]:
    """Those whose edits are apart from those before them, or the very same."""
    kept: list[Choice] = []
    for choice in choices:
        taken = {edit for _, _, edits in kept for edit in edits}
        if all(edit in taken or not any(_touch(edit, other) for other in taken) for edit in choice[2]):
            kept.append(choice)
    return kept


def _touch(one: Edit, other: Edit) -> bool:
    if one.span.source is not other.span.source:
        return False
    return one.span.start <= other.span.end and other.span.start <= one.span.end


def _join_edits(choices: Iterable[Choice]) -> Edits:
    return tuple(dict.fromkeys(edit for _, _, edits in choices for edit in edits))


def _group_by_source(edits: Edits) -> dict[int, tuple[Source, Edits]]:
    sources = {id(edit.span.source): edit.span.source for edit in edits}
    return {key: (source, tuple(edit for edit in edits if edit.span.source is source)) for key, source in sources.items()}


def _make_key(finding: Diagnostic, edits: dict[int, tuple[Source, Edits]]) -> Key:
    """What makes two findings one, before edits and after them: the code, and where it stands after them."""
    span: Span = finding.place.span
    start = move_offset(span.start, edits[id(span.source)][1]) if id(span.source) in edits else span.start
    return finding.code.name, span.source.name, start


def _is_taken_out(finding: Diagnostic, edits: Edits) -> bool:
    """Whether what a finding points at is left out by one of the edits."""
    source, start, end = finding.place.span
    return any(not e.text and e.span.source is source and e.span.start <= start and end <= e.span.end for e in edits)


def keep_shown(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What is shown without being asked for, but for comments that silence nothing: a trial keeps none with what it is about."""
    return [each for each in found if each.severity != "advice" and each.code is not IDLE]
