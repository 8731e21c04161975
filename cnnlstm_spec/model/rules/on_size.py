"""What a rule asks of a size that may be known only at run time. Imports no rule."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.size import Condition, holds_always, holds_never
from ...ir.size_conditions import say_alone
from ...text.diagnostic import Diagnostic
from ..infer import CONDITION


def ask(condition: Condition, error: Diagnostic) -> Iterator[Diagnostic]:
    """The error where the condition never holds, a warning that says it where it holds of some sizes, else nothing.

    The ways out are the same, and changes are left to the person: for those sizes it may be meant.
    """
    if holds_never(condition):
        yield error
    elif not holds_always(condition):
        facts: dict[str, object] = {"condition": say_alone(condition)}
        yield Diagnostic(CONDITION, error.place, facts, error.message, error.labels, error.help)
