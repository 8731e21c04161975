"""`# ignore: CODES WORDS`: comments that say a finding is meant. Reads YAML by `parse` alone."""

from __future__ import annotations

import re

from .diagnostic import Code, Diagnostic
from .frozen import dataclass
from .parse import find_texts
from .source import Place, Source, Span

NO_CODES = Code(
    "ignores-no-code",
    "error",
    "`# ignore:` names no code here",
    help="name what is meant, and why: `# ignore: mask-lost the padding is short`",
)
MARK = re.compile(r"#[ \t]*ignore:[ \t]*")
CODES = re.compile(r"[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*")
WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True)
class Ignored:
    """A code in a comment: where it stands, and the 1-based line whose findings of it are meant."""

    code: str
    span: Span
    line: int


def find_ignored(source: Source, found: list[Diagnostic]) -> tuple[Ignored, ...]:
    """The codes in the comments of a text, in order; a comment that names none is reported."""
    marks = list(MARK.finditer(source.text))
    if not marks:
        return ()
    texts, at, ignored, lines = find_texts(source), 0, [], _Lines(source)
    for mark in marks:
        while at < len(texts) and texts[at][1] <= mark.start():
            at += 1
        is_text = at < len(texts) and texts[at][0] <= mark.start()
        if is_text or not _is_apart(source, mark.start()):
            continue
        codes = CODES.match(source.text, mark.end())
        if codes is None:
            found.append(Diagnostic(NO_CODES, Place((), Span(source, mark.start(), mark.end()))))
            continue
        line = lines.find_meant_line(mark.start())
        words = WORD.finditer(source.text, codes.start(), codes.end())
        ignored += [Ignored(word[0], Span(source, word.start(), word.end()), line) for word in words]
    return tuple(ignored)


def _is_apart(source: Source, at: int) -> bool:
    """Whether a `#` begins its line or follows a space: elsewhere than in a text, it begins a comment or stands in one."""
    return at == source.start(source.find_position(at)[0]) or source.text[at - 1] in " \t"


class _Lines:
    """The lines that comments count for. Each line is looked at once, however many comments stand above each other."""

    def __init__(self, source: Source) -> None:
        self.source, self.last = source, source.find_position(len(source.text))[0]
        self.next: dict[int, int] = {}

    def find_meant_line(self, at: int) -> int:
        """The line of a comment; of one that stands alone the next that holds anything else."""
        number = self.source.find_position(at)[0]
        passed = []
        if not self._begins(number, "#"):
            return number
        while number < self.last and self._begins(number, "#", ""):
            if number in self.next:
                number = self.next[number]
                break
            passed.append(number)
            number += 1
        self.next.update(dict.fromkeys(passed, number))
        return number

    def _begins(self, number: int, *signs: str) -> bool:
        return self.source.read_line(number).lstrip(" \t")[:1] in signs
