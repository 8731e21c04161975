"""What people say of findings: `--rule`, which beats `# ignore:`, which beats `rules`. Findings in, those that are left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module

from ..spec.rules import OPTION, SetLevel, read_rule_texts
from ..text.comments import Ignored, find_ignored
from ..text.diagnostic import CODES, Code, Diagnostic
from ..text.frozen import dataclass
from ..text.once import speak_once
from ..text.source import Place, Source
from ..text.spelling import suggest_word

UNKNOWN_CODE = Code("unknown-code", "error", "there is no code `{code}`")
NOT_TO_BE_SET = Code(
    "severity-fixed",
    "error",
    "`{code}` is always an error",
    help="warnings can be silenced, and promises (`budget`, `expect`) lowered; mend what it says, and leave this out",
)
IDLE = Code(
    "silences-nothing",
    "warning",
    "`{code}` is not found here, so nothing is silenced",
    help="remove it; what is not meant would stay unseen behind it",
)
SET = "--set"
ROOMS = ("text", "language", "ir", "ops", "spec", "model")


@dataclass(frozen=True)
class Silence:
    """What is said of findings before a spec is read: in comments of its files, and by the person who runs the tool."""

    comments: tuple[Ignored, ...] = ()
    run: tuple[SetLevel, ...] = ()
    own: Source | None = None
    """The text of the spec itself: of what stands in those that it extends, others may have need."""
    tells_idle: bool = True
    """Whether it is told what silences nothing; not where variants may have need of it."""


NOTHING = Silence()


def prepare(sources: Sequence[Source], rules: tuple[str, ...], found: list[Diagnostic]) -> Silence:
    """What is said in comments of the texts of a spec, its own first, and in texts CODE=LEVEL; what means nothing is reported."""
    comments = tuple(each for source in sources for each in find_ignored(source, found))
    known = [each for each in comments if _may_be_set(each.code, Place((), each.span), found)]
    said = tuple(each for each in read_rule_texts(rules, found) if _may_be_set(each.code, each.place, found))
    return Silence(tuple(known), said, sources[0])


@cache
def find_codes() -> dict[str, Code]:
    """All codes by name; imports what declares them."""
    import pkgutil

    for room in ROOMS:
        package = import_module(f"{__package__.rpartition('.')[0]}.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    return CODES


def judge_findings(
    found: Iterable[Diagnostic], silence: Silence, rules: tuple[SetLevel, ...], whole: bool = False
) -> list[Diagnostic]:
    """The findings at the severity that people give them, without those that are ignored.

    With `whole`, everything was looked at: what silences nothing is told, and what is found at several places is said once, with
    those places that are not ignored.
    """
    found = list(found)
    judge = _Judge(silence, tuple(each for each in rules if _may_be_set(each.code, each.place, found)))
    kept = [judged for each in found if (judged := judge.judge_finding(each)) is not None]
    kept = speak_once(kept) if whole else kept
    errors = any(each.code.severity == "error" and not each.code.promised for each in found)
    if whole and not errors and silence.tells_idle:
        kept += [judged for each in judge.find_idle() if (judged := judge.judge_finding(each)) is not None]
    return kept


def separate_advice(found: Iterable[Diagnostic]) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """What was found in a spec, and what silences nothing there of all that the person who runs it says."""
    found = list(found)
    of_run = [each for each in found if each.code is IDLE and each.place.span.source.name == OPTION]
    return [each for each in found if each not in of_run], of_run


class _Judge:
    """Gives each finding its level, and keeps what has been of use."""

    def __init__(self, silence: Silence, rules: tuple[SetLevel, ...]) -> None:
        self.silence, self.rules = silence, rules
        self.by_line: dict[tuple[int, int, str], list[Ignored]] = {}
        for each in silence.comments:
            self.by_line.setdefault((id(each.span.source), each.line, each.code), []).append(each)
        self.in_run = {each.code: each for each in silence.run}
        self.in_spec = {each.code: each for each in rules}
        self.used: set[Ignored | SetLevel] = set()

    def judge_finding(self, each: Diagnostic) -> Diagnostic | None:
        """The finding at its level; None where it is ignored."""
        name, span = each.code.name, each.place.span
        run, spec = self.in_run.get(name), self.in_spec.get(name)
        line = span.source.find_position(span.start)[0] if self.by_line else 0
        comments = self.by_line.get((id(span.source), line, name), [])
        self.used.update(filter(None, (run, spec)), comments)
        level = run.level if run else "ignore" if comments else spec.level if spec else each.severity
        if level == each.severity:
            return each
        return None if level == "ignore" else replace(each, level=level)  # type: ignore[arg-type]

    def find_idle(self) -> list[Diagnostic]:
        """What silences nothing: comments and levels that no finding has met."""
        hiding = [each for each in (*self.silence.run, *self.rules) if _hides(each)]
        idle = [(each.code, each.place) for each in hiding if each not in self.used]
        idle += [(each.code, Place((), each.span)) for each in self.silence.comments if each not in self.used]
        return [
            Diagnostic(IDLE, place, {"code": code})
            for code, place in idle
            if code != IDLE.name and (place.span.source is self.silence.own or place.span.source.name in (OPTION, SET))
        ]


def _hides(each: SetLevel) -> bool:
    """Whether a finding is no longer shown; one that is only lowered is seen."""
    return each.level in ("ignore", "advice") and each.level != CODES[each.code].severity


def _may_be_set(name: str, place: Place, found: list[Diagnostic]) -> bool:
    """Whether a name is that of a code whose severity is a person's to say; else it is reported."""
    # What declares a code may not have been imported yet.
    code = CODES.get(name) or find_codes().get(name)
    if code is not None:
        if not code.may_be_set:
            found.append(Diagnostic(NOT_TO_BE_SET, place, {"code": name}))
        return code.may_be_set
    known = [each.name for each in find_codes().values() if each.may_be_set]
    help = suggest_word(name, known) or ("`cnnlstm-spec explain` lists the codes",)
    found.append(Diagnostic(UNKNOWN_CODE, place, {"code": name}, help=help))
    return False
