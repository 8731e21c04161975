"""A spec as the page shows it, compiled anew when a file that was read changes. Several threads may ask."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path as File
from threading import Condition

from ...compiler.compile import Compilation
from ...compiler.diff.differ import compare
from ...compiler.diff.words import describe_differences
from ...compiler.variants import Sweep
from ...emit.picture.opened import Opened
from ...text.escape.terminal import make_line_safe as clean
from ...text.escape.terminal import make_lines_safe
from ...text.files import Stamp, note_files, stamp
from .describe import Json, describe, describe_picture
from .details import describe_node

LISTED = 500
"""So many variants of a matrix are listed."""
SETTLES, PAUSE = 0.3, 0.005
"""Seconds that a file may be empty while it is saved, and between two looks at it."""
KEPT = 64
"""So many pictures are kept until a file changes."""


class Views:
    """The states of a page; `load` reads the spec, and `load_old` the one that it is compared with."""

    def __init__(self, load: Callable[[], Sweep], load_old: Callable[[], Sweep] | None = None) -> None:
        self._load, self._load_old = load, load_old
        self._changed = Condition()
        self.version = 0
        self._stamps: dict[File, Stamp] = {}
        self.refresh()

    def refresh(self) -> None:
        """Reads and compiles everything."""
        with self._changed:
            with note_files() as noted:
                self._sweep = self._load()
                self._plain = self._sweep.compile_plain()
                self._old = self._load_old().compile_plain() if self._load_old is not None else None
            self._stamps = noted
            self._compiled = lru_cache(KEPT)(self._compile)
            self._pictures = lru_cache(KEPT)(self._draw)
            self._data = lru_cache(KEPT)(self._describe)
            self.version += 1
            self._changed.notify_all()

    def refresh_if_changed(self) -> bool:
        """Whether a file that was read is another now, which is then read."""
        if all(stamp(path) == before for path, before in self._stamps.items()):
            return False
        end = time.monotonic() + SETTLES
        while self._is_half_saved() and time.monotonic() < end:
            time.sleep(PAUSE)
        self.refresh()
        return True

    def _is_half_saved(self) -> bool:
        """Whether a file is gone or empty that was there: most editors put another, or its text, there at once."""
        known = [path for path, before in self._stamps.items() if before is not None]
        return any((found := stamp(path)) is None or found[1] == 0 for path in known)

    def wait(self, since: int, seconds: float) -> int:
        """The version, once it is another than that, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != since, seconds)
            return self.version

    @property
    def ok(self) -> bool:
        """Whether the spec as it is written has no errors."""
        return self._plain.ok

    @property
    def plain(self) -> Compilation:
        """The spec as it is written."""
        return self._plain

    def list_variants(self) -> list[str]:
        """What the variants are called, the first `LISTED` of them."""
        return [each.label for each in self._sweep.variants[:LISTED]]

    def describe_state(self, variant: int | None, opened: Opened) -> Json:
        """All that the page shows of a variant, or of the spec as it is written, with those folds opened."""
        with self._changed:
            variant = variant if variant is None or 0 <= variant < len(self.list_variants()) else None
            return {
                "version": self.version,
                "variants": list(map(clean, self.list_variants())),
                "more": max(0, len(self._sweep.variants) - LISTED),
                "variant": variant,
                **self._data(variant),
                "picture": self._pictures(variant, opened),
            }

    def describe_details(self, variant: int | None, number: int) -> Json | None:
        """The details of a layer of a variant; None where there is none of that number."""
        with self._changed:
            variant = variant if variant is None or 0 <= variant < len(self.list_variants()) else None
            return describe_node(self._compiled(variant), number)

    def _compile(self, variant: int | None) -> Compilation:
        return self._plain if variant is None else self._sweep.compile(self._sweep.variants[variant])

    def _draw(self, variant: int | None, opened: Opened) -> Json:
        return describe_picture(self._compiled(variant), opened)

    def _describe(self, variant: int | None) -> Json:
        compilation = self._compiled(variant)
        return {**describe(compilation), "differences": self._describe_differences(compilation)}

    def _describe_differences(self, compilation: Compilation) -> Json | None:
        """What differs from the other spec, in words and by the addresses of layers; words alone where one has errors."""
        old = self._old
        if old is None:
            return None
        if not old.ok or not compilation.ok:
            named = old.source.name if not old.ok else compilation.source.name
            return {"text": f"{clean(named)} has errors: there is nothing to compare", "layers": {}}
        found = compare(old, compilation)
        layers = {clean(each.path): each.sort for each in found.layers if each.sort != "removed"}
        return {"text": make_lines_safe(describe_differences(found)), "layers": layers}
