"""The kinds of arguments that name something of Keras: losses, optimizers, initializers and the rest."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..text.diagnostic import Code
from ..text.fix import Fix, Nest, write
from ..text.nodes import WRONG_TYPE, DefaultName, Entry, Listing, Mapping, Node, Scalar, show_given, to_value
from ..text.source import format_path
from ..text.spelling import guess
from .argument_kinds import Exempt, Float, PlainValue
from .argument_rules import as_yaml, check_rules, list_rules, quote_names, report_at
from .catalog import NO_EFFECT, KerasObject, OwnObject, _find_class, find_family, load_catalog
from .described import CatalogArgument
from .foreign import NAMING, ForeignCall, make_thing, name_arguments, read_foreign, suggest_line, write_flow
from .foreign_objects import suggest_elsewhere
from .json_schema import Schema, join, make_either, make_keys, make_one_key, make_ref
from .kinds import Boolean, Choice, Integer, Name, Number, Optional, Text, report_wrong_type
from .leaf import Leaf, OpenLeaf
from .list_kinds import Either, ListOf, OneOrMore
from .meanings import ObjectName
from .read_record import MISSING_KEY, UNKNOWN_KEY, note_keys, read, report_unknown_keys
from .scope import POISON, Poison, Scope, find_nearest

if TYPE_CHECKING:
    from .catalog_types import ObjectArgument, ObjectFamily

UNKNOWN_NAME = Code("unknown-name", "error", "Keras has no {what} `{name}`", sort="keras")
NOT_IN_A_SPEC = Code("name-not-supported", "error", "`{name}` cannot be named in a spec")
NEEDS_ARGUMENTS = Code("name-needs-arguments", "error", "`{name}` needs {needed}", sort="keras")
NO_ARGUMENTS = Code("activation-arguments", "error", "an activation takes no arguments; `{name}` is given some")
USUAL = {"optimizers": "Adam", "regularizers": "L2"}
"""What is meant where a number alone stands."""
SINGULAR = {"losses": "loss", "schedules": "learning-rate schedule"}


class Named(OpenLeaf[KerasObject]):
    """A string identifier that Keras accepts, or a class with arguments."""

    def __init__(self, family_name: str) -> None:
        self.family = family_name
        self.what = SINGULAR.get(family_name, family_name.removesuffix("s"))
        self.words = f"{'an' if self.what[0] in 'aeiou' else 'a'} {self.what} of Keras"

    canonical = (KerasObject,)

    def read_node(self, node: Node, scope: Scope) -> KerasObject | Poison:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return self.read_named(node, None, scope)
        if isinstance(node, Mapping) and node.entries and isinstance(key := node.entries[0].key, DefaultName):
            from ..text.edits.overrides import UNKNOWN_PATH
            from ..text.edits.set_value import SET_WHOLE

            path = format_path(scope.path)
            whole = SET_WHOLE.format(path=path, name="Name", argument="argument")
            return scope.report(UNKNOWN_PATH, key, path=path, help=(whole,))
        if isinstance(node, Mapping) and len(node.entries) == 1 and node.entries[0].key.text not in NAMING:
            entry = node.entries[0]
            arguments = scope.resolve(entry.value)
            return POISON if arguments is None else self.read_named(entry.key, arguments, scope)
        if isinstance(node, Mapping) and self.is_unindented(node):
            name, second, last = node.entries[0].key, node.entries[1].key, node.entries[-1].key
            indented = Fix(f"indent what stands beside `{name.text}`", (Nest(second.span, last.span),))
            way = f"indent `{second.text}` below `{name.text}`"
            facts_: dict[str, Any] = {"key": scope.name, "words": self.words, "given": show_given(node)}
            return scope.report(WRONG_TYPE, node, help=(way,), fixes=(indented,), **facts_)
        if isinstance(node, Listing) and len(node.items) > 1 and isinstance(first := node.items[0], Scalar):
            help, fixes = suggest_line(self.read_line(ForeignCall(first.text, tuple(node.items[1:])), node, scope), node)
            return scope.report(
                WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes
            )
        if isinstance(node, Mapping):
            instead = self.suggest_instead(node, scope)
            call = read_foreign(node)
            known = call is not None and call.last in find_family(self.family)["classes"]
            words = f"it is written `Name` or `Name: {{argument: value}}`; this mapping has {len(node.entries)} names"
            words = f"write `{call.last}: {{argument: value}}`" if known and call is not None else words
            help, fixes = suggest_line(instead, node) if instead is not None else ((words,), ())
            return scope.report(
                WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes
            )
        if isinstance(node, Scalar) and isinstance(node.value, float) and self.family in USUAL:
            meant = self.read_line(ForeignCall(USUAL[self.family], (node,)), node, scope)
            help, fixes = suggest_line(meant, node)
            return scope.report(
                WRONG_TYPE, node, key=scope.name, words=self.words, given=show_given(node), help=help, fixes=fixes
            )
        return report_wrong_type(node, scope, self.words)

    def is_unindented(self, node: Mapping) -> bool:
        """Whether the arguments of a name stand beside it: its own value is empty."""
        found, first = find_family(self.family), node.entries[0] if len(node.entries) > 1 else None
        known = first is not None and (first.key.text in found["classes"] or first.key.text in found["identifiers"])
        return known and first is not None and isinstance(first.value, Scalar) and first.value.value is None

    def read_named(self, key: Scalar, arguments: Node | None, scope: Scope) -> KerasObject | Poison:
        """The object of a name and the arguments beside it."""
        name = key.text
        scope.note(ObjectName(key.span, name, self.family))
        found = find_family(self.family)
        if arguments is None and (name in found.get("by_shape", ()) or name in found["identifiers"]):
            return KerasObject(self.family, found["identifiers"].get(name, name), (), name)
        cls = name
        if found.get("any_case") and name.lower() in found["identifiers"] and name not in found["classes"]:
            cls = found["identifiers"][name.lower()]
        elif arguments is not None:
            cls = found["identifiers"].get(name, name)
        own = scope.objects.find(self.family, name)
        if self.family == "activations" and own is None:
            return self.read_activation(key, arguments, scope, found)
        if own is None and cls not in found["classes"]:
            return self.report_unknown(key, scope, found)
        empty = arguments is None or (isinstance(arguments, Scalar) and arguments.value is None)
        if not empty and not isinstance(arguments, Mapping):
            assert arguments is not None
            instead = self.read_line(ForeignCall(cls, (arguments,)), key, scope)
            help, fixes = suggest_line(instead, arguments, len(name) + 3)
            words = f"a mapping of the arguments of `{name}`"
            return scope.report(
                WRONG_TYPE, arguments, key=scope.name, words=words, given=show_given(arguments), help=help, fixes=fixes
            )
        return self.read_object(cls, key, arguments if isinstance(arguments, Mapping) else None, scope, own)

    def read_activation(self, key: Scalar, arguments: Node | None, scope: Scope, found: ObjectFamily) -> KerasObject | Poison:
        if key.text not in found["identifiers"] and isinstance(arguments, Mapping) and scope.has_layer(key.text):
            help = (f"it is a layer: write `- {key.text}: ...` after this one",)
            return scope.report(UNKNOWN_NAME, key, what=self.what, name=key.text, help=help)
        if key.text not in found["identifiers"]:
            return self.report_unknown(key, scope, found)
        if arguments is not None and to_value(arguments) not in (None, {}):
            at = arguments.entries[0].key if isinstance(arguments, Mapping) else arguments
            help = ("a layer such as `LeakyReLU: {negative_slope: 0.1}` or `Softmax: {axis: 1}` takes them",)
            return scope.report(NO_ARGUMENTS, at, name=key.text, help=help)
        return KerasObject(self.family, found["identifiers"][key.text], (), key.text)

    def report_unknown(self, key: Scalar, scope: Scope, found: ObjectFamily) -> Poison:
        name = key.text
        if scope.objects.unread:
            return POISON
        if name in load_catalog()["refused"] or name.lower() in {each.lower() for each in load_catalog()["refused"]}:
            return scope.report(NOT_IN_A_SPEC, key, name=name, help=("it is a base class, or needs Python objects",))
        classes = () if self.family == "activations" else found["classes"]
        known = (*found["identifiers"], *found.get("by_shape", ()), *classes, *scope.objects.list_names(self.family))
        if name.lower() in ("none", "null", "nil"):
            null, way = write(key.span, "null"), "none is written `null`"
            return scope.report(UNKNOWN_NAME, key, what=self.what, name=name, help=(way,), fixes=(null,))
        call = read_foreign(key)
        other = suggest_elsewhere(self.family, name if call is None else call.last)
        instead, near = None if other else self.suggest_instead(key, scope), guess(name, known, key.span)
        if instead is not None:
            fixes = (write(key.span, instead),)
            return scope.report(UNKNOWN_NAME, key, what=self.what, name=name, help=(f"write `{instead}`",), fixes=fixes)
        help = other or near.help or (f"there are {', '.join(f'`{each}`' for each in sorted(classes or known)[:12])}, ...",)
        return scope.report(UNKNOWN_NAME, key, what=self.what, name=name, help=help, fixes=() if other else near.fixes)

    def suggest_instead(self, node: Node, scope: Scope) -> str | None:
        """`{Adam: {learning_rate: 0.001}}` for `Adam(1e-3)`, `{type: adam, lr: 1e-3}` and the like, else None."""
        call = read_foreign(node)
        return None if call is None else self.read_line(call, node, scope)

    def read_line(self, call: ForeignCall, node: Node, scope: Scope) -> str | None:
        """A thing of this family as a spec has it, if it can be read."""
        found = find_family(self.family)
        known = (*found["classes"], *found["identifiers"]) if self.family != "activations" else (*found["identifiers"],)
        name = call.last if call.last in known else find_nearest(call.last, known)
        if name is None:
            return None
        declared = _find_class(self.family, found["identifiers"].get(name, name))
        entries = name_arguments(call, declared, tuple(declared))
        name = found["identifiers"].get(name, name) if entries else name
        for candidate in (entries, tuple(each for each in entries if each.key.text in declared)):
            written = make_thing(name, candidate, node.span)
            quiet = replace(scope, found=[], guessed=set(), memory=None, index=None)
            if self.read_node(written, quiet) is not POISON and not quiet.found:
                return write_flow(written)
        return None

    def read_object(
        self, cls: str, key: Scalar, arguments: Mapping | None, scope: Scope, own: OwnObject | None = None
    ) -> KerasObject | Poison:
        inner = scope.copy_listening()
        made = self._describe_object(cls, key, arguments, inner, own)
        scope.found.extend(inner.found)
        return made

    def _describe_object(
        self, cls: str, key: Scalar, arguments: Mapping | None, scope: Scope, own: OwnObject | None
    ) -> KerasObject | Poison:
        """The thing; POISON if anything is found."""
        declared = _find_class(self.family, cls) if own is None else own.list_declared()
        entries = arguments.entries if arguments is not None else ()
        if arguments is not None and scope.index is not None:
            note_keys({name: CatalogArgument(fact, find_kind) for name, fact in declared.items()}, arguments, scope, cls)
        written = {entry.key.text: entry.value for entry in entries if entry.key.text in declared}
        values = self.read_values(cls, written, declared, arguments, scope)
        unknown = [entry for entry in entries if entry.key.text not in declared and not self.is_gone(entry, cls, scope)]
        needed = {name: find_kind(fact).words for name, fact in declared.items() if fact.get("required") and name not in written}
        meant = report_unknown_keys(unknown, scope, key.text, declared, needed)
        missing = [name for name in needed if name not in meant]
        if missing and arguments is None:
            shown_ = ", ".join(f"{name}: ..." for name in missing)
            scope.report(NEEDS_ARGUMENTS, key, name=cls, needed=quote_names(missing), help=(f"write `{cls}: {{{shown_}}}`",))
        for name in missing if arguments is not None else ():
            assert arguments is not None
            scope.report(MISSING_KEY, arguments, owner=cls, key=name, help=(f"`{name}` is {needed[name]}",))
        # What was taken for another key, or is broken, is reported once, elsewhere.
        if scope.found or needed or any(value is POISON for _, value in values):
            return POISON
        if own is not None:
            return own.make_thing(self.family, tuple(values))
        made = KerasObject(self.family, cls, tuple(values))
        check_rules(made, arguments, scope)
        return POISON if scope.found else made

    def read_values(
        self, cls: str, written: dict[str, Node], declared: dict[str, ObjectArgument], node: Mapping | None, scope: Scope
    ) -> list[tuple[str, object]]:
        """The arguments and their values; one that another leaves without effect is reported, whatever its value."""
        needs = {
            rule["argument"]: rule["given"]
            for rule in list_rules(self.family, cls)
            if rule["rule"] == "needs" and rule["keras"] == "ignored" and rule["argument"] in written
        }
        found = {
            name: read(find_kind(declared[name]), value, scope.enter(name))
            for name, value in written.items()
            if name not in needs
        }
        for name, condition in needs.items():
            ((other, wanted),) = condition.items()
            if found.get(other, declared[other].get("default")) in (wanted, POISON):
                found[name] = read(find_kind(declared[name]), written[name], scope.enter(name))
            elif node is not None:
                report_at(NO_EFFECT, name, node, scope, argument=name, needed=f"`{other}: {as_yaml(wanted)}`")
        return [(name, found[name]) for name in written if name in found]

    def is_gone(self, entry: Entry, cls: str, scope: Scope) -> bool:
        """Whether an argument is one that Keras no longer has, which is then reported."""
        key = entry.key.text
        if self.family != "optimizers" or key != "decay":
            return False
        help = ("give `learning_rate` a schedule, such as `ExponentialDecay` or `InverseTimeDecay`",)
        scope.enter(key).report(UNKNOWN_KEY, entry.key, owner=cls, key=key, help=help)
        return True

    def make_schema(self) -> Schema:
        return make_ref(self.family, lambda: define_family(self.family))


OBJECT_NAME = Name("a name")
SCOPE_NAME = Name("a name of letters, digits, _, . and -", r"[A-Za-z0-9.][A-Za-z0-9_.>-]*")


class FloatOrSchedule(OpenLeaf[KerasObject | float]):
    """A learning rate: a number, or a schedule."""

    words = "a number or a learning-rate schedule"

    canonical = (KerasObject, float)

    def read_node(self, node: Node, scope: Scope) -> KerasObject | float | Poison:
        named = isinstance(node, Mapping) or (
            isinstance(node, Scalar) and isinstance(node.value, str) and node.value[:1].isalpha()
        )
        return SCHEDULE.read(node, scope) if named else LEARNING_RATE.read(node, scope)

    def make_schema(self) -> Schema:
        return {"anyOf": [LEARNING_RATE.make_schema(), SCHEDULE.make_schema()]}


SCHEDULE = Named("schedules")
LEARNING_RATE = Float()


def find_kind(fact: ObjectArgument) -> Leaf:
    """The kind of an argument, as the catalog tells it."""
    told = {name: value for name, value in fact.items() if name not in ("name", "default", "required")}
    key = tuple(sorted((name, repr(value)) for name, value in {**told, "is_name": fact["name"] == "name"}.items()))
    if key not in _kinds:
        _kinds[key] = _make_kind(fact)
    return _kinds[key]


_kinds: dict[tuple[tuple[str, str], ...], Leaf] = {}


def _make_kind(fact: ObjectArgument) -> Leaf:
    name = fact["kind"].removesuffix("?")
    least, most = fact.get("minimum"), fact.get("maximum")
    number = Float(least, most, fact.get("exclusiveMinimum"), fact.get("exclusiveMaximum"))
    integer = Integer(least, most)
    kind: Leaf
    match name:
        case "int":
            kind = integer
        case "float":
            kind = number
        case "number":
            kind = Number(least, most, fact.get("exclusiveMinimum"), fact.get("exclusiveMaximum"))
        case "bool":
            kind = Boolean()
        case "choice":
            kind = Choice(*fact["choices"])
        case "float_or_schedule":
            kind = FloatOrSchedule()
        case "floats":
            kind = ListOf(number, least=fact.get("minItems", 0))
        case "ints":
            kind = ListOf(integer, least=fact.get("minItems", 0))
        case "strings":
            kind = ListOf(Text())
        case "float_or_floats":
            kind = OneOrMore(number)
        case "choice_or_int":
            kind = Either(Choice(*fact["choices"]), integer)
        case "int_or_ints":
            kind = OneOrMore(integer)
        case "axis":
            kind = OneOrMore(Integer())
        case "value":
            kind = PlainValue()
        case "dtype":
            kind = Choice(*load_catalog()["dtype_policies"])
        case "scope":
            kind = SCOPE_NAME
        case _:
            kind = OBJECT_NAME if fact["name"] == "name" else Text()
    if "exempt" in fact:
        kind = Exempt(kind, tuple(fact["exempt"]))
    return Optional(kind) if fact["kind"].endswith("?") else kind


def define_family(name: str) -> Schema:
    """The JSON Schema of an object of a family: an identifier, or a class or identifier with arguments."""
    found = find_family(name)
    identifiers = found["identifiers"]
    required = {each for each, told in found["classes"].items() if any(fact.get("required") for fact in told["arguments"])}
    bare = {*(set(found["classes"]) - required), *identifiers, *found.get("by_shape", ())}
    classes = {each: make_ref(f"{name}.{each}", partial(define_class, name, each)) for each in found["classes"]}
    named = {each: classes.get(cls, {"type": "null"}) for each, cls in identifiers.items()}
    with_arguments = make_one_key({**classes, **named})
    return make_either({"enum": sorted(bare)}, with_arguments) if bare else make_either(with_arguments)


def define_class(family_name: str, cls: str) -> Schema:
    """The JSON Schema of the arguments of a class."""
    arguments = find_family(family_name)["classes"][cls]["arguments"]
    required = [fact["name"] for fact in arguments if fact.get("required")]
    properties = {}
    for fact in arguments:
        default = {"default": fact["default"]} if "default" in fact else {}
        properties[fact["name"]] = join({}, find_kind(fact).make_schema(), default)
    return {**make_keys(properties, required), "type": "object" if required else ["object", "null"]}
