"""Changes to spans of a text: how a mapping or a list is laid out there, in block or in flow style. Reads no file.

All that a change does not name stays as it is, to the byte: comments, quotes, blank lines, the order of keys.
"""

from __future__ import annotations

import re

from ..fix import Change, Drop, Edit, Insert, Lift, Move, Nest, Put, Relocate, Wrap
from ..nodes import Entry, Mapping, Scalar
from ..source import Span
from .places import InMapping, Places

STEP = 4
"""Columns by which what is wrapped moves to the right."""


NAMES = {"merge": "{{strategy: {name}, {key}: {value}}}", "layer": "{{{name}: {{{key}: {value}}}}}"}
"""How a strategy or a layer that is the value of such a key is written with an argument."""


class Layout(Places):
    """How the text is laid out where a change is made."""

    def make_edits(self, change: Change) -> tuple[Edit, ...] | None:
        """A change as spans and what replaces them; None where the text is laid out as it cannot be made."""
        if isinstance(change, Edit | Put):
            edits = self._put(change) if isinstance(change, Put) else self._replace(change)
            return edits and tuple(each for edit in edits for each in self._keep_comments(edit))
        if isinstance(change, Drop):
            return self._drop_all((change.span, *change.also))
        if isinstance(change, Wrap):
            return self._wrap(change)
        if isinstance(change, Nest):
            return self._nest(change)
        if isinstance(change, Relocate):
            return self._relocate(change)
        if isinstance(change, Lift):
            return self._lift(change)
        return self._move(change) if isinstance(change, Move) else self._insert(change)

    def _replace(self, change: Edit) -> tuple[Edit, ...]:
        below = self._blocks.get(change.span[1:]) if change.text[:1] in ("[", "{") else None
        return (change,) if below is None else self._rewrite(below, change.text)

    def _keep_comments(self, edit: Edit) -> tuple[Edit, ...]:
        """An edit with the comments between what it replaces, behind what it writes."""
        end = edit.span.end
        lost = [each for each in self._find_comments(edit.span.start, end) if each not in edit.text]
        if not lost or not edit.text.strip():
            return (edit,)
        kept = "".join(f"  {each}" for each in lost)
        if self.text[end - 1] == "\n":
            line = edit.text.rstrip("\r\n")
            return (edit._replace(text=f"{line}{kept}{edit.text[len(line) :]}"),)
        stop = self._find_line_end(end)
        if self.text[end:stop].strip()[:1] in ("", "#"):
            return (edit._replace(text=edit.text + kept),)
        return edit, self._edit(stop, stop, kept)

    def _put(self, change: Put) -> tuple[Edit, ...] | None:
        value, beside = self._find_value(change.owner), self._values.get(change.owner.start)
        if beside is not None and value is beside.mapping and beside.entry.key.text in NAMES:
            named = beside.entry.key.text
            if not change.beside or named == "merge":
                # A word that is the whole of what it names.
                name = self.text[change.owner.start : change.owner.end]
                return (Edit(change.owner, NAMES[named].format(name=name, key=change.key, value=change.value)),)
        if change.within is not None:
            inner = value.get(change.within) if isinstance(value, Mapping) else None
            if inner is None:
                return None
            if isinstance(inner.value, Scalar) and inner.value.text and inner.value.plain:
                arguments = f"{{{change.key}: {change.value}}}"
                return (Edit(inner.value.span, f"{{{inner.value.text}: {arguments}}}"),)
            if not isinstance(inner.value, Mapping) or len(inner.value.entries) != 1:
                return None
            return self._put(change._replace(owner=inner.value.entries[0].key.span, within=None))
        if value is None:
            return None
        if isinstance(value, Mapping):
            entry = value.get(change.key)
            if entry is None and change.instead is not None and (other := value.get(change.instead)) is not None:
                whole = self._rewrite(other, change.value) if self._is_own(value, other) else None
                return whole and (Edit(other.key.span, change.key), *whole)
            if entry is not None:
                return self._rewrite(entry, change.value) if self._is_own(value, entry) else None
            return self._add_entry(value, f"{change.key}: {change.value}")
        if isinstance(value, Scalar) and value.value is None and value.plain:
            arguments = f"{{{change.key}: {change.value}}}"
            at = change.owner.end
            if value.text:
                return (Edit(value.span, arguments),)
            colon = self.text[at : at + 1] == ":"
            return (self._edit(at + colon, at + colon, f" {arguments}" if colon else f": {arguments}"),)
        return None

    def _rewrite(self, entry: Entry, value: str) -> tuple[Edit, ...]:
        span = entry.value.span
        if span.start == span.end:
            at = entry.key.span.end + 1
            return (self._edit(at, at, f" {value}"),)
        if not isinstance(entry.value, Scalar) and self.text[self._begin(entry.value)] not in "[{":
            colon = self.text.index(":", entry.key.span.end) + 1
            return (self._edit(colon, span.end, f" {value}"),)
        end = "\n" if self.text[span.end - 1] == "\n" else ""
        return (Edit(span, value + end),)

    def _add_entry(self, mapping: Mapping, line: str) -> tuple[Edit, ...] | None:
        entries = [entry for entry in mapping.entries if self._is_own(mapping, entry)]
        start = self._begin(mapping)
        if self.text[start] == "{":
            at = max((self._find_end(entry) for entry in entries), default=start + 1)
            return (self._edit(at, at, f", {line}" if entries else line),)
        if not entries:
            return None
        first, last = entries[0], max(entries, key=self._find_end)
        if len(mapping.entries) == 1 and self._is_pair(mapping):
            return None
        indent = " " * self._find_column(first.key.span.start)
        end = self._find_end(last)
        if self.text[end - 1] == "\n":
            return (self._edit(end, end, f"{indent}{line}{self._newline}"),)
        at = self._find_line_end(end)
        return (self._edit(at, at, f"{self._newline}{indent}{line}"),)

    def _drop(self, span: Span) -> tuple[Edit, ...] | None:
        found = self._keys.get(span.start)
        # The span of a whole item of several keys begins at the first of them.
        whole = found is not None and found.holder is not None and span.end == found.mapping.span.end
        if found is not None and (found.holder is None or (len(found.mapping.entries) > 1 and not whole)):
            return self._drop_entry(found)
        item = found.holder if found is not None else self._items.get(span.start)
        if item is None:
            return None
        items = item.listing.items
        if self.text[self._begin(item.listing)] == "[":
            spans = [(each.span.start, each.span.end) for each in items]
            return (self._cut(spans, item.number),)
        lines = self._drop_lines(self._find_dash(item.item.span.start), item.item.span.end)
        holder = next((each.entry.key for each in self._keys.values() if each.entry.value is item.listing), None)
        if len(items) > 1 or holder is None or lines is None:
            return lines
        colon = self.text.index(":", holder.span.end) + 1
        return self._edit(colon, colon, " []"), *lines

    def _drop_all(self, spans: tuple[Span, ...]) -> tuple[Edit, ...] | None:
        """Entries of one mapping, or a single item, taken out."""
        if len(spans) == 1:
            return self._drop(spans[0])
        found = [each for span in spans if (each := self._keys.get(span.start)) is not None]
        mapping = found[0].mapping if found else None
        if mapping is None or len(found) < len(spans) or any(each.mapping is not mapping for each in found):
            return None
        if self.text[self._begin(mapping)] != "{":
            dropped = [self._drop(span) for span in spans]
            return tuple(edit for edits in dropped for edit in edits or ()) if all(dropped) else None
        if not all(self._is_own(mapping, each.entry) for each in found):
            return None
        own = [each for each in mapping.entries if self._is_own(mapping, each)]
        places = [(each.key.span.start, self._find_end(each)) for each in own]
        return self._cut_runs(places, sorted(own.index(each.entry) for each in found))

    def _cut_runs(self, places: list[tuple[int, int]], indices: list[int]) -> tuple[Edit, ...]:
        """Several parts in brackets taken out, those beside each other at once."""
        runs: list[list[int]] = []
        for index in indices:
            if runs and runs[-1][-1] == index - 1:
                runs[-1].append(index)
            else:
                runs.append([index])
        edits = []
        for run in reversed(runs):
            whole = (places[run[0]][0], places[run[-1]][1])
            places = [*places[: run[0]], whole, *places[run[-1] + 1 :]]
            edits.append(self._cut(places, run[0]))
        return tuple(edits)

    def _drop_entry(self, found: InMapping) -> tuple[Edit, ...] | None:
        mapping, entry = found.mapping, found.entry
        if not self._is_own(mapping, entry):
            return None
        own = [each for each in mapping.entries if self._is_own(mapping, each)]
        holder = self._find_key_before(mapping)
        if len(own) == 1 and holder is not None and holder.holder is not None and len(holder.mapping.entries) == 1:
            # The arguments of a layer: what is left is its bare name.
            return (self._edit(holder.entry.key.span.end, max(mapping.span.end, self._find_end(entry)), ""),)
        if self.text[self._begin(mapping)] == "{":
            return (self._cut([(each.key.span.start, self._find_end(each)) for each in own], own.index(entry)),)
        start = entry.key.span.start
        before = self.text[self._find_line_start(start) : start]
        if not before.strip():
            return self._drop_lines(start, self._find_end(entry))
        later = [each for each in own if each.key.span.start > start]
        if not later:
            return None
        following = later[0].key.span.start
        between = self.text[self._find_end(entry) : following]
        return (self._edit(start, following, ""),) if not between.strip() else None

    def _cut(self, spans: list[tuple[int, int]], index: int) -> Edit:
        """One of several parts in brackets taken out, with the comma beside it."""
        start, end = spans[index]
        if index + 1 < len(spans):
            return self._edit(start, spans[index + 1][0], "")
        before = spans[index - 1][1] if index else start
        if index and "\n" not in self.text[before:start]:
            return self._edit(before, end, "")
        comma = re.compile(r"\s*,").match(self.text, end)
        stop = comma.end() if comma else end
        line, rest = self._find_line_start(start), self.text[stop : self._find_line_end(stop)].strip()
        if self.text[line:start].strip() or rest[:1] not in ("", "#"):
            return self._edit(start, stop, "")
        last = self._find_line_end(stop)
        return self._edit(line, last + len(self._break_at(last)), "")

    def _drop_lines(self, start: int | None, end: int) -> tuple[Edit, ...] | None:
        """The lines from one place to another, which hold nothing else."""
        if start is None or self.text[self._find_line_start(start) : start].strip():
            return None
        stop = end if self.text[end - 1] == "\n" else self._find_line_end(end)
        after = len(self._break_at(stop)) if stop != end or self.text[end - 1] != "\n" else 0
        return (self._edit(self._find_line_start(start), stop + after, ""),)

    def _wrap(self, change: Wrap) -> tuple[Edit, ...] | None:
        first, last = self._find_item(change.first), self._find_item(change.last)
        if first is None or last is None or first.listing is not last.listing:
            return None
        start, end = first.item.span.start, last.item.span.end
        keys = change.name.split(".")
        if self.text[self._begin(first.listing)] == "[":
            beside = "".join(f", {line}}}" for line in change.beside) + "}" * (len(keys) - len(change.beside))
            return self._edit(start, start, "".join(f"{{{key}: " for key in keys) + "["), self._edit(end, end, f"]{beside}")
        dash = self._find_dash(start)
        if dash is None or self.text[self._find_line_start(dash) : dash].strip():
            return None
        begin = self._find_line_start(dash)
        margins = [self.text[begin:dash], *(" " * (dash - begin + STEP + 2 * depth) for depth in range(len(keys) - 1))]
        opening = [
            f"{margin}{'' if depth else '- '}{key}:" for depth, (margin, key) in enumerate(zip(margins, keys, strict=True))
        ]
        head = self._edit(begin, begin, "".join(f"{line}{self._newline}" for line in opening))
        lines = [begin, *(begin + each.end() for each in re.finditer(r"\r\n|\n|\r", self.text[begin:end]))]
        filled = [at for at in lines if at < end and self.text[at : self._find_line_end(at)].strip()]
        margin = " " * (STEP + 2 * (len(keys) - 1))
        tail = [f"{at}{line}" for at, line in zip(reversed(margins), change.beside, strict=False)]
        return head, *(self._edit(at, at, margin) for at in filled), *self._put_after_lines(end, tail)

    def _put_after_lines(self, end: int, lines: list[str]) -> tuple[Edit, ...]:
        """Lines put below the one that something ends on."""
        if not lines:
            return ()
        if self.text[end - 1] == "\n":
            return (self._edit(end, end, "".join(f"{line}{self._newline}" for line in lines)),)
        stop = self._find_line_end(end)
        return (self._edit(stop, stop, "".join(f"{self._newline}{line}" for line in lines)),)

    def _nest(self, change: Nest) -> tuple[Edit, ...] | None:
        first, last = self._keys.get(change.first.start), self._keys.get(change.last.start)
        if first is None or last is None or first.mapping is not last.mapping or not self._is_own(last.mapping, last.entry):
            return None
        start, end = first.entry.key.span.start, self._find_end(last.entry)
        if self._is_pair(first.mapping):
            return None
        if self.text[self._begin(first.mapping)] == "{":
            if change.name:
                return self._edit(start, start, f"{change.name}: {{"), self._edit(end, end, "}")
            before = first.mapping.entries[first.number - 1].key.span.end
            return self._edit(before, start, ": {"), self._edit(end, end, "}")
        margin, indent = self._find_column(start), self.text[self._find_line_start(start) : start]
        step = " " * (STEP // 2)
        head = self._edit(start, start, f"{change.name}:{self._newline}{' ' * margin}{step}" if change.name else step)
        if not change.name and indent.strip():
            return None
        lines = [start + each.end() for each in re.finditer(r"\r\n|\n|\r", self.text[start:end])]
        filled = [at for at in lines if at < end and self.text[at : self._find_line_end(at)].strip()]
        return head, *(self._edit(at, at, step) for at in filled)

    def _relocate(self, change: Relocate) -> tuple[Edit, ...] | None:
        moves = (change, *change.also)
        found = [self._keys.get(each.key.start) for each in moves]
        own = [each for each in found if each is not None and self._is_own(each.mapping, each.entry)]
        if len(own) < len(moves) or not isinstance(self.root, Mapping) or any(each.mapping is not own[0].mapping for each in own):
            return None
        section = change.path.split(".")[0]
        there = self.root.get(section)
        lines = {
            each.path.split(".")[1]: self._move_value(place.entry, each.value) for each, place in zip(moves, own, strict=True)
        }
        stay = all(place.entry.key.text == name for place, name in zip(own, lines, strict=True))
        beside = [each.number for each in own] == list(range(own[0].number, own[0].number + len(own)))
        if there is None and own[0].mapping is self.root and stay and beside and not any(each.value for each in moves):
            return self._nest(Nest(moves[0].key, moves[-1].key, section))
        dropped = self._drop_all(tuple(each.key for each in moves))
        if None in lines.values() or dropped is None:
            return None
        if there is None:
            holder = next(each for each in self.root.entries if each.key.span.start <= change.key.start < self._find_end(each))
            at = self._find_line_start(holder.key.span.start)
            if at != holder.key.span.start:
                return None
            values = ", ".join(f"{name}: {text}" for name, text in lines.items())
            return self._edit(at, at, f"{section}: {{{values}}}{self._newline}"), *dropped
        if isinstance(there.value, Mapping) and any(there.value.get(name) is not None for name in lines):
            return None
        added = [self._put(Put(there.key.span, name, str(text))) for name, text in lines.items()]
        return (*(edit for edits in added for edit in edits or ()), *dropped) if all(added) else None

    def _move_value(self, entry: Entry, text: str | None) -> str | None:
        """The value of an entry that is moved, on one line; None where it cannot stand on one."""
        written = self.text[entry.value.span.start : entry.value.span.end]
        one_line = "\n" not in written.strip() and (isinstance(entry.value, Scalar) or written[:1] in ("[", "{"))
        return text or (written.strip() if one_line else None)

    def _lift(self, change: Lift) -> tuple[Edit, ...] | None:
        found = self._keys.get(change.key.start)
        inner = found.entry.value if found is not None else None
        if found is None or not isinstance(inner, Mapping) or not inner.entries or self.text[self._begin(inner)] == "{":
            return None
        start, first = change.key.start, self._find_line_start(inner.entries[0].key.span.start)
        colon, step = (
            self.text.index(":", change.key.end) + 1,
            self._find_column(inner.entries[0].key.span.start) - self._find_column(start),
        )
        stop, rest = self._find_line_end(colon), self.text[colon : self._find_line_end(colon)].strip()
        if (
            first <= start
            or step <= 0
            or not all(self._is_own(inner, each) for each in inner.entries)
            or rest[:1] not in ("", "#")
        ):
            return None
        head = self._edit(start, colon + 1 if rest else stop + len(self._break_at(stop)), "")
        end = max(map(self._find_end, inner.entries))
        lines = [stop + each.end() for each in re.finditer(r"\r\n|\n|\r", self.text[stop:end])]
        margins = [(at, re.compile(rf" {{0,{step}}}").match(self.text, at)) for at in lines if at < end]
        return head, *(self._edit(at, margin.end(), "") for at, margin in margins if margin is not None and margin.end() > at)

    def _insert(self, change: Insert) -> tuple[Edit, ...] | None:
        found = self._find_item(change.before)
        if found is None:
            return None
        start, end = found.item.span.start, found.item.span.end
        if self.text[self._begin(found.listing)] == "[":
            item = f"{{{change.item}}}" if ": " in change.item else change.item
            return (self._edit(end, end, f", {item}") if change.after else self._edit(start, start, f"{item}, "),)
        dash = self._find_dash(start)
        if dash is None or self.text[self._find_line_start(dash) : dash].strip():
            return None
        begin = self._find_line_start(dash)
        if change.after:
            return self._put_after_lines(end, [f"{self.text[begin:dash]}- {change.item}"])
        return (self._edit(begin, begin, f"{self.text[begin:dash]}- {change.item}{self._newline}"),)

    def _move(self, change: Move) -> tuple[Edit, ...] | None:
        item, other = self._find_item(change.item), self._find_item(change.before)
        if item is None or other is None or item.listing is not other.listing or item is other:
            return None
        taken = self._drop(change.item)
        if taken is None or (isinstance(item.item, Mapping) and len(item.item.entries) > 1):
            return None
        ((span, _),) = taken
        if self.text[self._begin(item.listing)] == "[":
            text, at = self.text[item.item.span.start : item.item.span.end] + ", ", other.item.span.start
        else:
            dash = self._find_dash(other.item.span.start)
            if dash is None or self.text[self._find_line_start(dash) : dash].strip():
                return None
            text, at = self.text[span.start : span.end], self._find_line_start(dash)
            text += "" if text.endswith(("\n", "\r")) else self._newline
        return self._edit(at, at, text), *taken
