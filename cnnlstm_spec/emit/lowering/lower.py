"""A TypedGraph to a Program: what each op calls in Keras, with masks handed over explicitly."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from ...ir.expressions import list_sizes, make_expression
from ...ir.graph import Node, TypedGraph, TypedNode
from ...ir.inference import describe_error
from ...ir.lowering import KerasLayer, Lowering
from ...ir.op import FLOATS, compute_dtype
from ...ir.program import (
    Apply,
    Call,
    Comment,
    Expression,
    FreezeBefore,
    FreezeNorms,
    Index,
    Infix,
    Let,
    LetEach,
    MarkLayers,
    Program,
    Ref,
    SetAttribute,
    Slice,
    Statement,
    Unbuildable,
    find_named,
)
from ...ir.tensor import Mask, TensorType
from ...model import frames
from ...ops.input import InputOp
from ...ops.states import RecurrentState
from ...spec.compile_section import CompileSpec
from ...spec.model_spec import ModelSpec
from . import masks
from . import time as folding
from .names import make_area_stem, make_variable_name, write_names_kept_free


def lower(graph: TypedGraph, spec: ModelSpec) -> Program:
    """The program that builds and compiles the model; the graph has no unknown types."""
    return _Program(graph, spec).make_program()


class _Program:
    """What is shared by the lowering of all nodes."""

    def __init__(self, graph: TypedGraph, spec: ModelSpec) -> None:
        self.graph, self.spec = graph, spec
        self.statements: list[Statement] = []
        self.values: dict[str, Expression] = {}
        self.layers: dict[str, Ref] = {}
        self.masks: dict[str, Expression] = {}
        self.aliased: set[str] = set()
        """Variables that hold the values of several nodes, and so may have readers that one of them does not know."""
        self.steps: dict[int, Ref] = {}
        self.own = [op for typed in graph.nodes.values() if (op := typed.node.op) is not None and op.is_own()]
        self.names: set[str] = {
            "keras",
            "numpy",
            "layers",
            "ops",
            "model",
            "layer",
            "inner",
            "make",
            "made_alone",
            *(op.keras_path().partition(".")[0] for op in self.own),
            *(module.partition(".")[0] for module in spec.objects_from),
        }
        self.mask_inputs: dict[str, Ref] = {}
        self.explained = False
        self.readers = Counter(id for typed in graph.nodes.values() for id in typed.node.inputs)
        self.uses = Counter(typed.node.layer for typed in graph.nodes.values())
        self.needed = masks.find_needed_sources(graph)
        self.inputs: dict[str, Ref] = {}
        self.inner: dict[tuple[str, str], Expression] = {}
        """What inner layers of backbones give, by the id of the node and their name."""
        states = (typed.node.inputs[0] for typed in graph.nodes.values() if isinstance(typed.node.op, RecurrentState))
        self.ending = {graph.nodes[id].node.layer for id in states}
        """The layers whose states at the end are read."""
        self.ends: dict[str, Ref] = {}
        """By node, the output and the states of its layer."""

    def make_program(self) -> Program:
        from .compile_call import compile_statements, write_setup

        self.statements += write_setup(self.spec, self.graph.policy)
        self.statements += write_names_kept_free(self.graph)
        for typed in self.graph.nodes.values():
            self.lower_node(typed)
        self.statements.append(Let("model", self.make_model_call()))
        self.statements += compile_statements(self.spec, self.graph)
        return Program(self.spec.name, tuple(self.statements), self.list_imports())

    def list_imports(self) -> tuple[str, ...]:
        """The modules of the classes and functions that no variable holds and Keras does not have."""
        paths = {each.path for statement in self.statements for each in find_named(statement) if "." in each.path}
        taken = {"keras", *(statement.name for statement in self.statements if isinstance(statement, Let))}
        return tuple(sorted({path.rpartition(".")[0] for path in paths if path.partition(".")[0] not in taken}))

    def make_model_call(self) -> Call:
        graph = self.graph.graph
        inputs: list[Expression] = []
        for id in graph.inputs:
            inputs.append(self.inputs[id])
            op = graph.nodes[id].op
            mask = self.mask_inputs[op.input.mask_input] if isinstance(op, InputOp) and op.input.mask_input else None
            if mask is not None and mask not in inputs:
                inputs.append(mask)
        outputs = {head: self.values[id] for head, id in graph.outputs.items()}
        keywords: dict[str, Expression] = {
            "inputs": inputs if len(inputs) > 1 else inputs[0],
            "outputs": outputs["head"] if graph.single_head else dict(outputs),
            "name": re.sub(r"[^A-Za-z0-9_.-]", "_", self.spec.name),
        }
        return Call("keras.Model", (), tuple(keywords.items()))

    def lower_node(self, typed: TypedNode) -> None:
        node, op = typed.node, typed.node.op
        assert op is not None and typed.type is not None
        to = NodeLowering(self, typed)
        inputs = tuple(self.values[id] for id in node.inputs)
        if isinstance(op, InputOp):
            self.lower_input(node, op, typed.type)
            inputs = (self.values[node.id],)
        if node.id in self.needed:
            mask = op.make_mask(to, *inputs)
            self.masks[node.id] = to.let(mask, f"{node.id}_mask")
        if isinstance(op, InputOp):
            if node.id in self.needed and op.is_padded_infinitely():
                # Infinite steps would make gradients NaN, whatever reads the mask.
                self.values[node.id] = to.let(masks.zero_padding(to, inputs[0], typed.type), op.branch)
            return
        try:
            value = frames.lower(op, to, inputs, node.id)
        except Exception as error:
            if not op.is_own():
                raise
            raise Unbuildable(f"`{op.title()}` cannot say what it calls in Keras: {describe_error(error)}") from error
        self.values[node.id] = value if isinstance(op, RecurrentState) else self.bind(node, value)

    def lower_input(self, node: Node, op: InputOp, type: TensorType) -> None:
        keywords: dict[str, Expression] = {"shape": list_sizes(type.axes), "name": op.branch}
        if self.spec.batch_size is not None:
            keywords = {"batch_shape": (self.spec.batch_size, *list_sizes(type.axes)), "name": op.branch}
        if type.dtype != "float32":
            keywords["dtype"] = type.dtype
        variable = self.make_fresh(f"{op.branch}_input")
        self.statements.append(Let(variable, Call("keras.Input", (), tuple(keywords.items()))))
        self.values[node.id] = self.inputs[node.id] = Ref(variable)
        if op.input.mask_input is not None and op.input.mask_input not in self.mask_inputs:
            mask = masks.write_mask_keywords(op.input.mask_input, type, self.spec.batch_size)
            self.mask_inputs[op.input.mask_input] = Ref(self.make_fresh(op.input.mask_input))
            self.statements.append(Let(self.mask_inputs[op.input.mask_input].name, Call("keras.Input", (), mask)))

    def bind(self, node: Node, value: Expression) -> Expression:
        """A variable for the value of a node: that of its only input where nothing else reads it."""
        if isinstance(value, Ref):
            if value in (self.values[id] for id in node.inputs):
                self.aliased.add(value.name)
            return value
        variable = self.make_fresh(make_area_stem(node.area) if self.readers.get(node.id, 0) <= 1 else node.id)
        for id in node.inputs:
            before = self.values[id]
            if not isinstance(before, Ref) or before.name in self.aliased or before.name.endswith("_input"):
                continue
            if self.readers[id] == 1 and self.graph.graph.nodes[id].area == node.area:
                self.names.discard(variable)
                variable = before.name
                break
        self.statements.append(Let(variable, value))
        return Ref(variable)

    def explain_copies(self) -> None:
        """Says why masks are taken off, where the first is."""
        if not self.explained:
            self.statements.append(Comment("A copy has no mask for Keras to hand on by itself; masks go where they are written."))
        self.explained = True

    def make_fresh(self, stem: str) -> str:
        name, number = make_variable_name(stem), 0
        candidate = name
        while candidate in self.names:
            number += 1
            candidate = f"{name}_{number}"
        self.names.add(candidate)
        return candidate


class NodeLowering(Lowering):
    """What an op may ask, of one node of a program."""

    def __init__(self, program: _Program, typed: TypedNode, inputs: tuple[TensorType, ...] | None = None) -> None:
        """Without `inputs` they are those of the node."""
        self.program, self.typed = program, typed
        self.node = typed.node
        assert typed.type is not None
        self.output: TensorType = typed.type
        self.inputs = tuple(x for x in typed.inputs if x is not None) if inputs is None else inputs
        self.name = typed.node.layer
        self.stem = make_area_stem(typed.node.area)
        self.policy = program.graph.policy
        section = program.spec.compile
        self.marks_layers = isinstance(section, CompileSpec) and bool(section.multipliers)

    def copy_with_inputs(self, inputs: tuple[TensorType, ...]) -> NodeLowering:
        return NodeLowering(self.program, self.typed, inputs)

    def write_keywords(self, op: KerasLayer, within: str = "") -> dict[str, Expression]:
        written = self.node.origin.written
        order = (written.find_inner(within) if within else written).places
        values = op.list_keras_arguments()
        names = dict.fromkeys((*(name for name in order if name in values), *values))
        return {name: make_expression(values[name]) for name in names}

    def call(
        self, op: KerasLayer, inputs: tuple[Expression, ...], applied: dict[str, Expression] | None = None, **more: Expression
    ) -> Expression:
        keywords = self.write_keywords(op) | more
        mask = self.find_mask(0) if op.reads_mask and applied is None and self.inputs[0].rank > 1 else None
        if mask is not None:
            applied = {"mask": mask}
        several = op.arity != (1, 1) and len(inputs) > 1
        value = self.apply(op.keras_path(), (list(inputs),) if several else inputs, (), keywords, applied or {})
        if self.gives_states():
            self.program.ends[self.node.id] = whole = self.let(value, f"{self.stem}_states")
            value = Slice(whole, (0,))
        return self.without_mask(value) if masks.takes_mask(self.output, applied or {}) else value

    def without_mask(self, value: Expression) -> Expression:
        """A value without the mask that Keras keeps on it, and would hand on to layers that read another."""
        self.program.explain_copies()
        return self.call_ops("copy", value)

    def write_layer(
        self, path: str, inputs: Expression, *arguments: Expression, suffix: str = "", **keywords: Expression
    ) -> Expression:
        given = inputs if isinstance(inputs, tuple) else (inputs,)
        return self.apply(path, given, arguments, keywords, {}, suffix)

    def apply(
        self,
        path: str,
        inputs: tuple[Expression, ...],
        arguments: tuple[Expression, ...],
        keywords: dict[str, Expression],
        applied: dict[str, Expression],
        suffix: str = "",
    ) -> Expression:
        name, op = self.name + suffix, self.node.op
        late = op is not None and op.freezes_late and not op.trainable
        # Told again what its constructor was told, a layer hands it on no more than it did then.
        told = {key: value for key, value in keywords.items() if key != "trainable"} if late else keywords
        constructor = Call(path, arguments, (*told.items(), ("name", name)))
        if self.program.uses[self.name] == 1 and not late:
            return Apply(constructor, inputs, tuple(applied.items()))
        layer = self.make_layer(constructor, suffix)
        value = Apply(layer, inputs, tuple(applied.items()))
        if not late or not self.is_first_use():
            return value
        built = self.let(value, name)
        self.set(layer, "trainable", False)
        return built

    def make_layer(self, constructor: Call, suffix: str = "", scope: str | None = None, alone: bool = False) -> Ref:
        name = self.name + suffix
        if name not in self.program.layers:
            variable = self.program.make_fresh(f"{name}_layer")
            self.program.statements.append(Let(variable, constructor, scope, alone))
            self.program.layers[name] = Ref(variable)
        return self.program.layers[name]

    def is_first_use(self) -> bool:
        return self.typed.owns_weights

    def gives_states(self) -> bool:
        return self.name in self.program.ending

    def read_state(self, index: int) -> Expression:
        return Slice(self.program.ends[self.node.inputs[0]], (index + 1,))

    def call_ops(self, function: str, *arguments: Expression, **keywords: Expression) -> Expression:
        return Call(f"keras.ops.{function}", arguments, tuple(keywords.items()))

    def write_infix(self, operator: str, left: Expression, right: Expression) -> Expression:
        return Infix(operator, left, right)

    def slice(self, value: Expression, *index: Index) -> Expression:
        return Slice(value, (None, *index))

    def cast(self, value: Expression) -> Expression:
        return value if self.inputs[0].dtype == self.output.dtype else self.call_ops("cast", value, self.output.dtype)

    def zero(self) -> Expression:
        return 0.0 if self.output.dtype.startswith(("float", "bfloat")) else 0

    def pick(self, value: Expression, *index: Index) -> Expression:
        return Slice(value, index)

    def write_comment(self, text: str) -> None:
        self.program.statements.append(Comment(text))

    def let(self, value: Expression, stem: str) -> Ref:
        if isinstance(value, Ref):
            return value
        variable = self.program.make_fresh(stem)
        self.program.statements.append(Let(variable, value))
        return Ref(variable)

    def let_each(self, value: Expression, stems: list[str]) -> tuple[Ref, ...]:
        if len(stems) == 1:
            return (self.let(value, stems[0]),)
        names = tuple(self.program.make_fresh(stem) for stem in stems)
        self.program.statements.append(LetEach(names, value))
        return tuple(map(Ref, names))

    def give_inner(self, layer: str, value: Expression) -> None:
        self.program.inner[self.node.id, layer] = value

    def find_inner(self, layer: str) -> Expression:
        return self.program.inner[self.node.inputs[0], layer]

    def freeze_before(self, target: Ref, layer: str) -> None:
        self.program.statements.append(FreezeBefore(target.name, layer))

    def freeze_norms(self, target: Ref) -> None:
        self.program.statements.append(FreezeNorms(target.name))

    def set(self, target: Ref, attribute: str, value: Expression) -> None:
        self.program.statements.append(SetAttribute(target.name, attribute, value))

    def mark_name(self, name: str) -> str:
        return f"{name}.{self.name}" if self.marks_layers else name

    def mark_layers(self, target: Ref, deep: bool) -> None:
        self.program.statements.append(MarkLayers(target.name, self.name, deep))

    def widen_mask(self, mask: Expression, value: Expression, rank: int) -> Expression:
        return masks.widen_mask(self, mask, value, rank)

    def fold(self, value: Expression, x: TensorType) -> Expression:
        inside, index = folding.fold(self, value, x, self.list_leaving_time())
        if index is not None:
            self.program.steps[self.node.frames[-1].id] = index
        return inside

    def list_leaving_time(self) -> list[TensorType]:
        """For the node that enters time: what the nodes that leave it are given."""
        frame = self.node.frames[-1]
        nodes = self.program.graph.nodes.values()
        leaving = (typed for typed in nodes if typed.node.op is not None and typed.node.op.leaves_time)
        left = (typed.inputs[0] for typed in leaving if typed.node.frames[-1] == frame)
        return [x for x in left if x is not None]

    def fold_axis(self, value: Expression, x: TensorType) -> tuple[Expression, Expression]:
        return folding.fold_axis(self, value, x)

    def unfold(self, value: Expression, x: TensorType) -> Expression:
        return folding.unfold(self, value, x, self.program.steps.get(self.node.frames[-1].id))

    def find_mask(self, index: int) -> Expression | None:
        mask = self.inputs[index].mask
        return None if mask is None else self.write_mask(mask)

    def write_mask(self, mask: Mask) -> Expression:
        return masks.write_mask(self, mask, self.program.masks)

    def find_mask_made(self) -> Expression | None:
        return self.program.masks.get(self.node.id)

    def find_mask_input(self, name: str) -> Expression:
        return self.program.mask_inputs[name]

    def write_output(self, value: Expression) -> Expression:
        if self.output.mask is not None:
            return masks.attach(self, value, self.inputs[0])
        return self.pass_on(value)

    def write_output_without_mask(self, value: Expression) -> Expression:
        return self.pass_on(value if self.output.mask is None else masks.zero_padding(self, value, self.inputs[0]))

    def pass_on(self, value: Expression) -> Expression:
        """The value by the name of the node, in the dtype of the output; integers Keras leaves as they are."""
        kept = self.output.dtype not in FLOATS or self.output.dtype == compute_dtype(self.policy)
        dtype: dict[str, Any] = {} if kept else {"dtype": self.output.dtype}
        return self.write_layer("keras.layers.Identity", value, **dtype)
