"""What arguments of an object of Keras break together, by the rules of the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..text.diagnostic import Code
from ..text.nodes import Mapping
from .catalog import NO_EFFECT, KerasObject, load_catalog
from .scope import Scope

if TYPE_CHECKING:
    from .catalog_types import ObjectRule

AT_MOST_ONE = Code(
    "one-of-arguments", "error", "`{name}` takes one of {arguments}; {given} are given", sort="keras", help="keep one of them"
)
ONE_LONGER = Code(
    "one-value-more",
    "error",
    "`values` has one value more than `boundaries`; given {values} and {boundaries}",
    sort="keras",
    help="the first value holds up to the first boundary, the last one after the last",
)
TOO_LARGE = Code(
    "class-id-too-large",
    "error",
    "`{argument}` holds classes below {bound}; this has {given}",
    sort="keras",
    help="classes count from 0",
)


def list_rules(family_name: str, cls: str) -> list[ObjectRule]:
    """The rules of a class of objects."""
    return [rule for rule in load_catalog()["rules"] if rule["family"] == family_name and rule.get("class", cls) == cls]


def check_rules(made: KerasObject, node: Mapping | None, scope: Scope) -> None:
    """What arguments break together."""
    if node is None:
        return
    written = dict(made.arguments)
    for rule in list_rules(made.family, made.name):
        match rule["rule"]:
            case "at_most_one":
                both = [name for name in rule["arguments"] if written.get(name) is not None]
                if len(both) > 1:
                    facts_ = {"name": made.name, "arguments": quote_names(rule["arguments"]), "given": len(both)}
                    report_at(AT_MOST_ONE, both[1], node, scope, **facts_)
            case "needs" if rule["argument"] in written:
                ((needed, value),) = rule["given"].items()
                if made.get(needed) != value:
                    report_at(
                        NO_EFFECT,
                        rule["argument"],
                        node,
                        scope,
                        argument=rule["argument"],
                        needed=f"`{needed}: {as_yaml(value)}`",
                    )
            case "needs_set" if rule["argument"] in written and made.get(rule["set"]) is None:
                report_at(NO_EFFECT, rule["argument"], node, scope, argument=rule["argument"], needed=f"`{rule['set']}`")
            case "needs_unset" if rule["argument"] in written and made.get(rule["unset"]) is not None:
                needed = f"leaving `{rule['unset']}` out"
                report_at(NO_EFFECT, rule["argument"], node, scope, argument=rule["argument"], needed=needed)
            case "one_longer":
                values, boundaries = len(made.get(rule["argument"])), len(made.get(rule["than"]))
                if values != boundaries + 1:
                    report_at(ONE_LONGER, rule["argument"], node, scope, values=values, boundaries=boundaries)
            case "elements_below" if rule["argument"] in written:
                bound = rule["bound"] if isinstance(rule["bound"], int) else made.get(rule["bound"])
                values = written[rule["argument"]]
                # Those below 0 count from the end.
                outside = [] if bound is None else [each for each in values if not -bound <= each < bound]
                for each in outside[:1]:
                    facts_ = {"bound": bound if each >= 0 else f"{bound} and none below -{bound}", "given": each}
                    report_at(TOO_LARGE, rule["argument"], node, scope, argument=rule["argument"], **facts_)


def report_at(code: Code, argument: str, node: Mapping, scope: Scope, /, **facts_: object) -> None:
    """Reports a code at the key of an argument."""
    entry = node.get(argument)
    assert entry is not None
    scope.enter(argument).report(code, entry.key, "", (), (), (), **facts_)


def quote_names(names: list[str]) -> str:
    """Names in backticks."""
    return ", ".join(f"`{name}`" for name in names)


def as_yaml(value: object) -> str:
    """A plain value as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
