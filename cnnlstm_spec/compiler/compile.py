"""From text to a typed graph and a program, by all stages in their order; every stage is kept. Imports nothing heavy."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path as File
from typing import TYPE_CHECKING, Literal

from ..ir.graph import Graph, TypedGraph, TypedNode
from ..ir.program import Unbuildable
from ..language.meanings import NO_INDEX, Index, TextMeaning
from ..model.build import build
from ..model.infer import infer
from ..model.rules.check import verify
from ..spec.compile_section import CompileSpec
from ..spec.model_spec import ModelSpec
from ..spec.read_spec import elaborate
from ..spec.rules import read_rules
from ..text.diagnostic import Code, Diagnostic
from ..text.frozen import dataclass
from ..text.memo import Memory
from ..text.nodes import Mapping as MappingNode
from ..text.nodes import Node
from ..text.source import Source, format_path
from ..text.spelling import limit_lookups
from ..text.texts import Texts
from .silence import NOTHING, Silence, judge_findings, prepare

if TYPE_CHECKING:
    import keras

    from ..emit.words.shapes import Shapes
    from ..ir.program import Program

Overrides = Mapping[str, object] | tuple[str, ...]

MORE = Code("more-findings", "error", "{count} more findings from here on")
LONGEST_REPR = 300
SHOWN = 200
"""More findings than a person reads; a spec has them by one mistake in an editor."""


@dataclass(frozen=True, repr=False)
class Compilation:
    """A spec and all that is known of it; stages after the first that failed are None."""

    source: Source
    diagnostics: tuple[Diagnostic, ...]
    document: Node | None = None
    spec: ModelSpec | None = None
    graph: Graph | None = None
    typed: TypedGraph | None = None
    index: Index = field(default=NO_INDEX, compare=False)
    """What the words of the texts mean, if it was asked for."""

    def __repr__(self) -> str:
        """One line, since it stands at the end of a cell of a notebook."""
        from ..text.escape.terminal import make_line_safe
        from ..text.render import describe_counts

        known = [] if self.spec is None else [f" {self.spec.name}"]
        if self.typed is not None and all(node.type is not None for node in self.typed.nodes.values()):
            outputs = ", ".join(f"{head} {self.typed.nodes[id].type}" for head, id in self.typed.graph.outputs.items())
            known += [f": {', '.join(branch.name for branch in self.spec.branches) if self.spec else ''} -> {outputs}"]
            known += [f", {self.typed.params:,} parameters"]
        found = describe_counts(self.diagnostics, 1).removesuffix(" in 1 file")
        return make_line_safe(f"<Compilation{''.join(known)[:LONGEST_REPR]}, {found}>")

    def __str__(self) -> str:
        """The table of `shapes`, then the findings, as a terminal shows them; without advice."""
        from ..emit.words.table import write_table
        from ..text.render import render

        found = render(each for each in self.diagnostics if each.severity != "advice")
        shown = write_table(self.typed) if self.typed is not None else ""
        return "\n\n".join(filter(None, (shown, found)))

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture, and below it what is found."""
        from ..emit.picture.notebook import to_html

        return to_html(self)

    @property
    def shapes(self) -> Shapes | None:
        """Every input, layer and output, as `shapes --format json` has them; None where the spec has errors."""
        from ..emit.words.shapes import make_shapes

        return make_shapes(self.typed) if self.ok and self.typed is not None else None

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings may be there."""
        return not any(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    @cached_property
    def program(self) -> Program:
        """The Keras calls that build and compile the model; raises SpecError where there are errors."""
        return self.lower_with()

    def lower_with(self, passes: str = "default") -> Program:
        """The program after a choice of passes: `default`, or `none`."""
        from ..emit.lowering.lower import lower
        from ..model.passes import optimize

        if not self.ok or self.typed is None or self.spec is None:
            raise SpecError(self)
        if open_ := self.list_unmeasured():
            named = ", ".join(f"`{each}`" for each in open_)
            raise Unbuildable(
                f"{named}: what it measures is not known; `train` measures it of the data, and"
                " `--adapted RUN` takes what a run has measured"
            )
        with pause_collector():
            return lower(optimize(self.typed, passes), self.spec)

    def list_unmeasured(self) -> tuple[str, ...]:
        """Where the layers stand that lack what is measured of the data."""
        return tuple(dict.fromkeys(format_path(each.node.origin.address) for each in self.list_open_nodes()))

    def list_open_nodes(self) -> list[TypedNode]:
        """The nodes of the layers that lack what is measured of the data."""
        nodes = self.typed.nodes.values() if self.typed is not None else ()
        return [each for each in nodes if each.node.op is not None and each.node.op.is_to_measure()]

    def to_keras(self, passes: str = "default") -> keras.Model:
        """The Keras model, compiled if the spec has `compile`; raises SpecError where there are errors.

        `passes` is `default`, or `none` for the model as it is written. Raises Unbuildable where the installed Keras is too
        old or differs from the rules in what the spec uses, where its backend lacks a layer, or a person's own layer fails.
        """
        program = self.program if passes == "default" else self.lower_with(passes)
        self.need_backend()
        from ..emit.keras.run import run

        with pause_collector():
            return run(program)

    def need_backend(self) -> None:
        """Raises Unbuildable where the backend of Keras lacks layers of a sound spec, or no model is built with it."""
        from .backend import need_backend

        assert self.typed is not None
        need_backend(self.typed, self.source.name)

    def to_python(self) -> str:
        """Keras source that builds the same model; raises SpecError where there are errors."""
        from ..emit.python.source import write_source

        program = self.program
        assert self.spec is not None
        return write_source(program, self.spec.description)

    def to_svg(self, depth: int | None = None, direction: Literal["down", "right"] = "down", width: int | None = None) -> str:
        """A picture of the model; of a spec with errors too, as far as it could be read, with the failing layers marked.

        `depth` says how deep structure is opened (0: a box for each branch, fusion and head), `width` how many pixels wide."""
        from ..emit.picture.svg import draw

        return draw(self, depth, direction, width)


class SpecError(ValueError):
    """A spec has errors; the text is the rendered diagnostics."""

    def __init__(self, compilation: Compilation) -> None:
        from ..text.render import render

        super().__init__(render(compilation.diagnostics))
        self.compilation = compilation
        self.diagnostics = compilation.diagnostics


@contextmanager
def pause_collector() -> Iterator[None]:
    """Without garbage collections: every stage is kept, so they find nothing and make the time grow faster than the spec.

    Once TensorFlow is imported, one takes longer than all of ours.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def compile_source(
    source: Source,
    overrides: Overrides = (),
    folder: File | None = None,
    allow_imports: bool = False,
    allow_outside: bool = False,
    rules: tuple[str, ...] = (),
) -> Compilation:
    """Everything up to the typed graph, with all diagnostics in the order of the text.

    Modules that a spec names in `layers_from` are imported, and their code run, only with `allow_imports`; what it extends
    lies below its folder unless `allow_outside`. `rules` are texts CODE=LEVEL, which beat what the spec says of findings.
    """
    with pause_collector():
        document, found, silence = read_document(source, overrides, folder, allow_outside, rules)
        if document is None:
            return Compilation(source, finish(found))
        plain = without_matrix(document, found)
        silence = replace(silence, tells_idle=plain is document)
        compilation = compile_document(source, plain, found, folder, allow_imports, silence=silence)
        if not overrides or compilation.ok:
            return compilation
        from ..text.edits.overrides import read_overrides
        from .blame import blame

        def find_findings(document: Node) -> tuple[Diagnostic, ...]:
            return compile_document(source, without_matrix(document, []), [], folder, allow_imports).diagnostics

        written = read_document(source, (), folder, allow_outside)[0]
        assert written is not None
        told = blame(compilation.diagnostics, written, read_overrides(overrides, []), find_findings)
        return replace(compilation, diagnostics=told)


@limit_lookups
def read_document(
    source: Source,
    overrides: Overrides = (),
    folder: File | None = None,
    allow_outside: bool = False,
    rules: tuple[str, ...] = (),
    texts: Texts | None = None,
) -> tuple[Node | None, list[Diagnostic], Silence]:
    """The document of a text, what it extends and its overrides in it; None where there is none. And what is silenced.

    What is read goes through `texts`.
    """
    texts = texts or Texts()
    document, found = texts.parse(source)
    if isinstance(document, MappingNode) and document.get("extends") is not None:
        from ..text.edits.extends import extend

        document = extend(document, found, folder, allow_outside, texts)
    if document is not None and overrides:
        from ..text.edits.overrides import apply

        document = apply(document, overrides, found)
    return document, found, prepare(texts.with_comments(), rules, found) if document is not None else NOTHING


def without_matrix(document: Node, found: list[Diagnostic]) -> Node:
    """The spec as it is written, none of its variants."""
    if not isinstance(document, MappingNode) or document.get("matrix") is None:
        return document
    from ..text.edits.matrix import limit_variants, read_matrix, remove_matrix

    limit_variants(read_matrix(document, (), found), document, found)
    return remove_matrix(document)


@limit_lookups
def compile_document(
    source: Source,
    document: Node,
    found: list[Diagnostic],
    folder: File | None = None,
    allow_imports: bool = False,
    memory: Memory | None = None,
    silence: Silence = NOTHING,
    indexed: bool = False,
) -> Compilation:
    """Everything after the document, with what was found before; variants of a spec share a memory.

    With `indexed` it is noted what the words of the texts mean.
    """
    noted: list[TextMeaning] | None = [] if indexed else None
    made = _compile(source, document, found, folder, allow_imports, memory, silence, noted)
    return made if noted is None else replace(made, index=Index(noted))


def _compile(
    source: Source,
    document: Node,
    found: list[Diagnostic],
    folder: File | None,
    allow_imports: bool,
    memory: Memory | None,
    silence: Silence,
    noted: list[TextMeaning] | None,
) -> Compilation:
    spec = elaborate(document, found, folder, allow_imports, memory, noted)
    rules = read_rules(document, found, noted)
    if spec is None:
        return Compilation(source, finish(judge_findings(found, silence, rules)), document)
    if spec.search is not None and spec.search.space:
        from .space import check_space

        found += check_space(document, spec.search.space, folder, allow_imports)
    graph = build(spec, found, memory, noted)
    if graph is None:
        return Compilation(source, finish(judge_findings(found, silence, rules)), document, spec)
    policy = spec.compile.dtype_policy if isinstance(spec.compile, CompileSpec) else "float32"
    before = len(found)
    typed = infer(graph, policy, found, spec.batch_size, memory)
    of_types = found[before:]
    found += verify(typed, spec, memory)
    if any(each.severity == "error" for each in of_types) or any(node.type is None for node in typed.nodes.values()):
        # Imported where there is a mistake: most specs have none.
        from ..model.look_on import look_on
        from ..model.turned import blame_channels

        beyond = look_on(typed, spec, found, memory)
        found = blame_channels(typed, [*found, *beyond], [*of_types, *beyond], spec.batch_size)
    return Compilation(source, finish(judge_findings(found, silence, rules, whole=True)), document, spec, graph, typed)


def finish(found: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """In the order of the text, each finding once: a block that is used twice has its own mistakes once."""
    unique: dict[tuple[object, ...], Diagnostic] = {}
    for diagnostic in found:
        span = diagnostic.place.span
        unique.setdefault((diagnostic.code.name, id(span.source), span.start, diagnostic.message), diagnostic)
    ordered = sorted(unique.values(), key=lambda d: (d.place.span.source.name, d.place.span.start, d.code.name))
    if len(ordered) <= SHOWN:
        return tuple(ordered)
    rest = ordered[SHOWN:]
    return (*ordered[:SHOWN], count_rest(rest[0], len(rest), sum(each.severity == "error" for each in rest)))


def count_rest(first: Diagnostic, count: int, errors: int) -> Diagnostic:
    """What stands for findings that are more than a person reads, at the place of the first."""
    facts: dict[str, object] = {"count": count, "error": errors, "warning": count - errors}
    return Diagnostic(MORE, first.place, facts, level="error" if errors else "warning")
