"""A document to a ModelSpec: every section read, with all mistakes reported. Imports no stage after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from ..language.cached_reading import Same, recall
from ..language.catalog import list_losses
from ..language.foreign import suggest_line, write_flow
from ..language.layer_kinds import LAYERS
from ..language.meanings import TextMeaning
from ..language.read_record import MANY, MISSING_KEY, NOT_A_MAPPING, note_keys, read_fields, read_record
from ..language.references import is_pattern
from ..language.scope import POISON, TOO_MANY_LAYERS, Poison, Scope, find_nearest, make_origin
from ..text.diagnostic import Code, Diagnostic
from ..text.memo import Memory
from ..text.nodes import BAD_NAME, WRONG_TYPE, Entry, Listing, Mapping, Node, Scalar, describe_sort, show_given
from .branch_rounds import BRANCH_TWICE, UNBOUND, Bound, read_branch_rounds
from .budget import read_budget
from .elsewhere import LIST_IN_BRANCH, find_other_tool, with_moved
from .fusion import FusionKeys, is_of_one, may_be, read_fusion
from .layer_list import Fusion, Item, Layer
from .layers import LayerRegistry
from .lifted import lift
from .model_spec import Branch, BranchSection, Head, HeadSection, ModelSpec, PlainHead, Top
from .other_forms import are_names, list_entries, read_name, rename_to_head, suggest_head_list
from .own_layers import with_own_layers
from .own_objects import with_own_objects
from .patterns import Names, match_expected, match_multipliers, match_references
from .top import find_first_line, read_top

if TYPE_CHECKING:
    from .compile_section import CompileSpec
    from .data.section import DataSpec
    from .expect import Expected
    from .fit.section import FitSpec
    from .search import SearchSpec
    from .targets import Labels

NOT_A_SPEC = Code(
    "not-a-spec",
    "error",
    "a spec begins with `version: 1`; this is {given}",
    help="`cnnlstm-spec new` prints a spec to start from",
)
BLOCK_NAME = Code("block-name", "error", "the block `{name}` needs a name that begins with a lower-case letter")
HEAD_OR_HEADS = Code(
    "head-or-heads", "error", "a spec has `head` or `heads`, not both", help="put the layers of `head` into `heads` under a name"
)
NO_BRANCHES = Code(
    "no-branches",
    "error",
    "`branches` is empty; a model needs an input",
    help="add a branch: `name: {input: {kind: image, shape: [64, 64, 3]}}`",
)
NO_HEADS = Code(
    "no-heads", "error", "`heads` is empty; a model needs an output", help="add a head: `name: [{Dense: {units: 1}}]`"
)
CALLED_HEADS = Code(
    "named-heads", "error", "{what} has another name than `heads`: `heads.risk` is what a head gives", help="choose another name"
)
REGISTRY = LayerRegistry()
HEAD_IS_BRANCH = Code(
    "head-named-as-branch", "error", "`{name}` is a branch; a head needs another name", help="name the head for what it predicts"
)


def elaborate(
    root: Node,
    found: list[Diagnostic],
    folder: File | None = None,
    allow_imports: bool = False,
    memory: Memory | None = None,
    index: list[TextMeaning] | None = None,
) -> ModelSpec | None:
    """The spec that a document holds; None where so much is amiss that there is nothing to build.

    What its words mean is noted in `index`.
    """
    scope = Scope(found, folder=folder, allow_imports=allow_imports, memory=memory, registry=REGISTRY, index=index)
    if not isinstance(root, Mapping):
        scope.report(NOT_A_SPEC, root, given=describe_sort(root))
        return None
    if (other := find_other_tool(root)) is not None:
        scope.report(NOT_A_SPEC, root.entries[0].key, given=other[0], help=(other[1],))
        return None
    root = lift(root, Top.arguments, scope)
    scope = _with_variables(root, scope)
    top, keys = read_top(root, scope)
    scope = with_own_objects(top.get("objects_from"), root, with_own_layers(top.get("layers_from"), root, scope))
    scope = _with_blocks(top, scope)
    branches = _read_branches(top.get("branches"), scope)
    fusions = tuple(_match_branches(each, branches, scope) for each in _read_fusions(top.get("fusion"), scope))
    single, heads = _read_heads(top, scope, keys, branches)
    if scope.blocks:
        from .blocks import read_unused

        read_unused(scope)
    compile = _compile(with_moved(root, "compile", top.get("compile")), scope, branches, heads, single)
    # Of layers that were cut off nothing more can be said.
    if not branches or any(each.code is TOO_MANY_LAYERS for each in found):
        return None
    # Of a spec whose heads cannot be told all else is held against the rules, but for what is said of them.
    told = tuple(head.name for head in heads)
    targets: tuple[Labels, ...] = ()
    if heads and top.get("targets") is not None:
        from .targets import read_targets

        targets = read_targets(top["targets"], scope.enter("targets"), told)
    expect: tuple[Expected, ...] = ()
    if heads and top.get("expect") is not None:
        from .expect import read_expect

        at = scope.enter("expect")
        expect = match_expected(read_expect(top["expect"], at), _collect_names(branches), at)
    budget = read_budget(top["budget"], scope.enter("budget")) if top.get("budget") is not None else None
    data, fit, search = _read_runs(top, keys, scope, branches, heads)
    if scope.globals or scope.blocks:
        from .unused import report_unused

        report_unused(root, scope)
    if not heads:
        single, heads = True, (Head("head", (), make_origin(find_first_line(root), scope.enter("head")), written=False),)
    return ModelSpec(
        name=top.get("name", "model"),
        description=top.get("description"),
        seed=top.get("seed", 0),
        objects_from=top.get("objects_from", ()),
        batch_size=top.get("batch_size"),
        branches=branches,
        fusions=fusions,
        heads=heads,
        single_head=single,
        compile=compile,
        targets=targets,
        budget=budget,
        expect=expect,
        data=data,
        fit=fit,
        search=search,
    )


def _read_runs(
    top: dict[str, Any], keys: dict[str, Scalar], scope: Scope, branches: tuple[Branch, ...], heads: tuple[Head, ...]
) -> tuple[DataSpec | None, FitSpec | None, SearchSpec | None]:
    """The sections `data`, `fit` and `search`; their modules are imported by a spec that has them."""
    data, fit, search = None, None, None
    if "data" in keys:
        from .data.section import DataSpec, read_data

        at, key = scope.enter("data"), keys["data"]
        inputs = tuple((each.name, each.input, each.origin.place, each.bound) for each in branches)
        told = tuple((each.name, each.origin.place) for each in heads)
        data = read_data(top["data"], at, inputs, told, key) if heads and "data" in top else DataSpec(at.make_place(key))
    if "fit" in keys:
        from .fit.section import FitSpec, read_fit

        at, key = scope.enter("fit"), keys["fit"]
        told_heads = tuple(each.name for each in heads)
        fit = read_fit(top["fit"], at, told_heads, key) if heads and "fit" in top else FitSpec(at.make_place(key))
    if "search" in keys:
        from .search import SearchSpec, read_search

        at, key = scope.enter("search"), keys["search"]
        search = read_search(top["search"], at, key) if "search" in top else SearchSpec(at.make_place(key))
    return data, fit, search


def _with_variables(root: Mapping, scope: Scope) -> Scope:
    """The scope with `vars`."""
    section = root.get("vars") or next((entry for entry in root.entries[:MANY] if _means_vars(entry)), None)
    entries = (list_entries(section.value, scope.enter("vars"), "vars") or ()) if section is not None else ()
    variables = {entry.key.text: entry.value for entry in entries}
    for entry in entries:
        scope.enter("vars").can_name(entry.key)
        scope.note_word(entry.key, "vars", entry.key.text, defines=True)
    inner = scope.change_document(variables=variables, globals=variables, homes={name: ("vars", name) for name in variables})
    for entry in entries:
        inner.note_variables(entry.value)
    return inner


def _means_vars(entry: Entry) -> bool:
    """Whether a key of the spec is `vars`, misspelt."""
    name, is_mapping = entry.key.text, isinstance(entry.value, Mapping)
    return is_mapping and name not in Top.arguments and not name.startswith("x-") and find_nearest(name, Top.arguments) == "vars"


def _with_blocks(top: dict[str, Any], scope: Scope) -> Scope:
    """The scope with `blocks`."""
    blocks: dict[str, Node] = {}
    for entry in list_entries(top.get("blocks"), scope.enter("blocks"), "blocks") or ():
        name = entry.key.text
        if name[:1].isupper():
            scope.enter("blocks", name).report(
                BLOCK_NAME, entry.key, name=name, help=(f"`{name[:1].lower()}{name[1:]}` would do",)
            )
        elif read_name(entry, scope.enter("blocks", name), "block") is not None and not "a" <= name[0] <= "z":
            scope.enter("blocks", name).report(BLOCK_NAME, entry.key, name=name, help=(f"`block_{name}` would do",))
        blocks[name] = entry.value
        scope.note_word(entry.key, "blocks", name, defines=True)
    return scope.change_document(blocks=blocks)


def _read_branches(node: Node | None, scope: Scope) -> tuple[Branch, ...]:
    if node is None:
        return ()
    at = scope.enter("branches")
    entries = list_entries(node, at, "branches")
    if entries == ():
        at.report(NO_BRANCHES, node)
    found: dict[str, Branch] = {}
    for entry in entries or ():
        for one, bound in read_branch_rounds(entry, at, tuple(BranchSection.arguments)):
            name = one.key.text
            if name in found:
                at.enter(entry.key.text).report(BRANCH_TWICE, entry.key, name=name)
                found[name] = replace(found[name], bound=replace(bound, told=False))
                break
            # Text stands at the name that is written, and a branch at its own.
            inner = bound.apply_to(at.enter(entry.key.text)).change_document(address=(*at.address, name))
            # Of a round of `each` the variables are in what is read.
            read = _read_branch if bound is not UNBOUND else _recall_branch
            found[name] = read(one, inner, bound)
            if not found[name].bound.told:
                break
    return tuple(found.values())


def _recall_branch(entry: Entry, scope: Scope, bound: Bound) -> Branch:
    """A branch, or what an earlier variant has read of it."""
    return recall(_read_changed_branch, entry.value, scope, Same(entry.key))


def _read_changed_branch(node: Node, scope: Scope, key: Same) -> Branch:
    assert isinstance(key.thing, Scalar)
    return _read_branch(Entry(key.thing, node), scope, UNBOUND)


def _read_branch(entry: Entry, scope: Scope, bound: Bound) -> Branch:
    # What is said of a branch of `each` is said of all of them, and once.
    name, written_as = entry.key.text, scope.name
    if bound.told and read_name(entry, scope, "branch") is None:
        bound = replace(bound, told=not bound.variables and "$" not in name)
    origin = make_origin(entry.key, scope)
    if name == "heads":
        scope.report(CALLED_HEADS, entry.key, what="a branch")
    scope.note_word(entry.key, "branches", entry.key.text, defines=True)
    node = scope.resolve(entry.value)
    if not isinstance(node, Mapping):
        if isinstance(node, Listing):
            scope.report(NOT_A_MAPPING, node, owner=written_as, given=describe_sort(node), help=(LIST_IN_BRANCH,))
        elif node is not None:
            read_record(BranchSection, node if not _is_empty(node) else Mapping(entry.key.span, ()), scope, written_as)
        return Branch(name, None, None, (Layer(None, origin),), origin, bound=bound)
    values, written = read_fields(BranchSection, node, scope, written_as, find_first_line(node))
    norms = written.keys["freeze_batch_norm"] if values.get("freeze_batch_norm") else None
    origin = replace(origin, written=written.find_inner("input"))
    items: tuple[Item, ...] = values.get("layers", (Layer(None, origin),))
    return Branch(name, values.get("input"), values.get("share_layers_with"), items, origin, norms, bound)


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _read_fusions(node: Node | None, scope: Scope) -> tuple[Fusion, ...]:
    at = scope.enter("fusion")
    node = at.resolve(node) if node is not None else None
    if node is None or _is_empty(node):
        return ()
    if isinstance(node, Listing) and are_names(node):
        help, fixes = suggest_line(f"{{strategy: concat, inputs: {write_flow(node)}}}", node)
        at.report(NOT_A_MAPPING, node, owner="fusion", given=describe_sort(node), help=help, fixes=fixes)
        return (Fusion(None, make_origin(node, at)),)
    if isinstance(node, Listing):
        stages = [_read_fusion(item, at.enter(index), required_name=True) for index, item in enumerate(node.items)]
        return tuple(stages)
    return (_read_fusion(node, at, required_name=False),)


def _read_fusion(node: Node, scope: Scope, required_name: bool) -> Fusion:
    fusion = recall(read_fusion, node, scope, FusionKeys)
    if fusion is POISON:
        return Fusion(None, make_origin(node, scope))
    assert isinstance(fusion, Fusion)
    named = node.get("name") if isinstance(node, Mapping) else None
    if named is not None and fusion.name is not None:
        scope.note_word(named.value, "fusion", fusion.name, defines=True)
        if fusion.name == "heads":
            scope.enter("name").report(CALLED_HEADS, named.value, what="a fusion")
    if required_name and fusion.name is None and isinstance(node, Mapping) and node.get("name") is None:
        scope.report(MISSING_KEY, node, owner="fusion", key="name", help=("each stage of a fusion has a `name`",))
        return Fusion(None, fusion.origin)
    return fusion


def _collect_names(branches: tuple[Branch, ...]) -> Names:
    return Names([branch.name for branch in branches], all(branch.bound.told for branch in branches))


def _match_branches(fusion: Fusion, branches: tuple[Branch, ...], scope: Scope) -> Fusion:
    """The fusion with the branches that patterns among its inputs stand for."""
    if fusion.inputs is None:
        return fusion
    inputs = match_references(fusion.inputs, _collect_names(branches), scope)
    return replace(fusion, inputs=inputs) if inputs is not None else replace(fusion, op=None, inputs=())


def _read_heads(
    top: dict[str, Any], scope: Scope, written: dict[str, Scalar], branches: tuple[Branch, ...]
) -> tuple[bool, tuple[Head, ...]]:
    if "head" in written and "heads" in written:
        scope.enter("heads").report(HEAD_OR_HEADS, written["heads"])
    if "head" in written:
        at = scope.enter("head")
        entry = Entry(written["head"], top.get("head", Scalar(written["head"].span, None, "")))
        head = _read_head(entry, at, "head", branches)
        if "heads" not in written:
            return True, (head,)
    if "heads" not in written:
        return True, ()
    at = scope.enter("heads")
    listed: Any = top.get("heads")
    if "head" not in written and (fixes := rename_to_head(listed, written["heads"], scope)):
        help = ("the layers of the only head stand in `head`",)
        at.report(NOT_A_MAPPING, listed, owner="heads", given=describe_sort(listed), help=help, fixes=fixes)
        return False, ()
    entries = list_entries(listed, at, "heads") or ()
    if not entries and "heads" in top and (isinstance(top["heads"], Mapping) or _is_empty(top["heads"])):
        at.report(NO_HEADS, written["heads"])
    heads = tuple(_read_head(entry, at.enter(entry.key.text), entry.key.text, branches) for entry in entries)
    return False, heads if "head" not in written else ()


def _read_head(entry: Entry, scope: Scope, name: str, branches: tuple[Branch, ...]) -> Head:
    origin = make_origin(entry.key, scope)
    if scope.path[0] == "heads":
        read_name(entry, scope, "head")
        scope.note_word(entry.key, "heads", name, defines=True)
        if name in list_losses():
            way = f"it is a loss or a metric of Keras: `{name}_head` would do"
            scope.report(BAD_NAME, entry.key, name=name, what="a head", help=(way,))
    if any(branch.name == name for branch in branches):
        scope.report(HEAD_IS_BRANCH, entry.key, name=name)
    node = scope.resolve(entry.value)
    broken = Head(name, (Layer(None, origin),), origin)
    if node is None:
        return broken
    if not isinstance(node, Mapping):
        items = LAYERS.read(node, scope)
        return broken if items is POISON else Head(name, items, origin)
    known = HeadSection.arguments
    if node.get("inputs") is None and not any(may_be(each, ("inputs",), known) for each in node.entries[:MANY]):
        note_keys(known, node, scope, name)
        help, fixes = suggest_head_list(node, scope)
        scope.report(MISSING_KEY, entry.key, owner=name, key="inputs", help=help, fixes=fixes)
        return broken
    merges = ("strategy", "layer")
    misspelt = not is_of_one(node, scope) and any(may_be(each, merges, known) for each in node.entries[:MANY])
    if misspelt or any(node.get(key) is not None for key in merges):
        fusion = recall(read_fusion, node, scope, HeadSection, name)
        return broken if fusion is POISON else Head(name, (), origin, fusion=_match_branches(fusion, branches, scope))
    values, _ = read_fields(PlainHead, node, scope, name, entry.key)
    inputs, items = values.get("inputs"), values.get("layers")
    if inputs is None or items is None:
        return broken
    if len(inputs) > 1 or is_pattern(inputs[0][0]):
        help = ("say how they are brought together: `strategy: concat`",)
        scope.report(MISSING_KEY, entry.key, owner=name, key="strategy", help=help)
        return broken
    return Head(name, items, origin, source=inputs[0])


def _compile(
    node: Node | None, scope: Scope, branches: tuple[Branch, ...], heads: tuple[Head, ...], single: bool
) -> CompileSpec | Poison | None:
    if node is None:
        return None
    from .compile_section import check_compile, read_compile

    at = scope.enter("compile")
    resolved = at.resolve(node)
    if resolved is None:
        return POISON
    if _is_empty(resolved):
        resolved = Mapping(resolved.span, ())
    if not isinstance(resolved, Mapping):
        return at.report(WRONG_TYPE, resolved, key="compile", words="a mapping", given=show_given(resolved))
    if not heads:
        check_compile(resolved, at)
        return None
    section = recall(read_compile, resolved, at, tuple(head.name for head in heads), single)
    if not section.multipliers:
        return section
    return replace(section, multipliers=match_multipliers(section.multipliers, _collect_names(branches), at))
