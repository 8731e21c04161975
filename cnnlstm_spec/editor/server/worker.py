"""The thread that compiles: takes jobs, keeps the last state of each open text, and answers. Imports the compiler."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from ...compiler.compile import pause_collector
from ...emit.picture.svg import draw
from ...text.discover import find_extending, holds_spec
from ...text.files import PathError, is_below, stamp
from ...text.source import Source
from ...text.texts import find_same_file
from ..features.actions import find_actions
from ..features.completion import find_completions
from ..features.diagnostics import Uris, make_diagnostics
from ..features.hover import find_hover
from ..features.inlay import find_inlay_hints
from ..features.names import CannotRename, View, find_definition, find_references, prepare_rename, rename
from ..features.outline import find_folds, find_lenses, find_symbols
from ..positions import is_position, is_range
from ..state import Overtaken, Settings, State, WantedMemory, make_state
from . import wire
from .documents import OpenText, find_path, make_uri
from .session import Session, SessionJob
from .wire import Json, MessageWriter

if TYPE_CHECKING:
    from ...text.files import Stamp

ENDING = ".spec.yaml"
OF_STATE: dict[str, Callable[[State, Json], object]] = {
    "hover": find_hover,
    "completion": find_completions,
    "documentSymbol": lambda state, _: find_symbols(state),
    "foldingRange": lambda state, _: find_folds(state),
    "codeLens": lambda state, _: find_lenses(state),
    "inlayHint": find_inlay_hints,
    "picture": lambda state, _: {"svg": draw(state.meant)},
}
BY_LINE = ("foldingRange", "codeLens", "inlayHint", "picture")
"""What asks for lines alone, and for no offset."""
OF_VIEWS = {
    "definition": find_definition,
    "references": find_references,
    "prepareRename": prepare_rename,
    "rename": rename,
}


EVERYWHERE = ("references", "rename")
"""What is asked of specs that are not open too."""
NEED_POSITION = ("hover", "completion", *OF_VIEWS)
NEED_RANGE = ("inlayHint", "codeAction")


class EditorWorker:
    """Does one job at a time; what a newer change has overtaken is given up where it stands."""

    def __init__(self, session: Session, writer: MessageWriter) -> None:
        self.session, self.writer = session, writer
        self.states: dict[str, tuple[OpenText, Any, State]] = {}
        """The last state of each open spec, with what it rests on."""
        self.told: dict[str, dict[str, list[Json]]] = {}
        """By open spec, what was told of each file."""
        self.versions: dict[str, int] = {}
        """By open text, the editor's number of the one that was told of last."""
        self.specs: set[str] = set()
        """The open texts that were specs once: one that is being written may not be for a while."""

    def run(self) -> None:
        """Works until the session is over."""
        while (job := self.session.take()) is not None:
            self.do_job(job)

    def do_job(self, job: SessionJob) -> None:
        """One job, whatever comes of it."""
        try:
            # One pause for all of it: the reading of a text leaves as much behind as its compiling.
            with pause_collector():
                self.do(job)
        except Overtaken:
            if job.id is not None:
                code, words = wire.CONTENT_MODIFIED, "the text has changed"
                if self.session.is_cancelled(job):
                    code, words = wire.CANCELLED, "cancelled"
                self.writer.refuse(job.id, code, words)
        except CannotRename as error:
            self.writer.refuse(job.id, wire.REQUEST_FAILED, str(error))
        except Exception as error:
            self.fail(job, error)

    def fail(self, job: SessionJob, error: Exception) -> None:
        """Tells of what nobody has expected, and goes on."""
        words = f"{job.method}: {type(error).__name__}"
        self.writer.notify("window/logMessage", {"type": 1, "message": f"{words}; this is a bug of cnnlstm-spec"})
        if job.id is not None:
            self.writer.refuse(job.id, wire.INTERNAL_ERROR, words)

    def do(self, job: SessionJob) -> None:
        """One job."""
        if job.method == "closed":
            self.forget(job.uri or "")
            return
        if job.id is not None and (wrong := find_wrong(job.method, job.params)) is not None:
            self.writer.refuse(job.id, wire.INVALID_PARAMS, wrong)
            return
        document = self.session.find_document(job.uri)
        if document is None:
            if job.id is not None:
                self.writer.answer(job.id, None)
            return
        if self.session.is_cancelled(job) or (job.id is not None and job.serial != document.serial):
            raise Overtaken
        if job.method == "findings":
            self.tell(document, job)
        elif job.method in OF_VIEWS:
            self.writer.answer(job.id, OF_VIEWS[job.method](self.list_views(document, job), job.params))
        else:
            state = self.find_state(document, job)
            self.writer.answer(job.id, self.answer(state, document, job) if state is not None else None)

    def answer(self, state: State, document: OpenText, job: SessionJob) -> object:
        """The answer to a request about one text."""
        if job.method == "codeAction":
            return find_actions(state.exact, job.params, Uris(state.source, document.uri))
        return OF_STATE[job.method](state if job.method in BY_LINE else state.exact, job.params)

    def is_spec(self, document: OpenText) -> bool:
        """Whether a text holds a spec, or has held one."""
        name = document.source.name.rsplit("/", 1)[-1]
        if document.uri not in self.specs and (
            name.endswith(ENDING) or (not name.startswith("_") and holds_spec(document.source))
        ):
            self.specs.add(document.uri)
        return document.uri in self.specs

    def find_state(self, document: OpenText, job: SessionJob, whatever: bool = False) -> State | None:
        """The state of a text, as it was compiled before if nothing of it has changed; None of one that is no spec."""
        if not whatever and not self.is_spec(document):
            return None
        known = self.states.get(document.uri)
        before = known[2] if known is not None and known[1] == self.list_dependencies(known[2]) else None

        def is_wanted() -> bool:
            return self.session.is_wanted(job, document)

        if before is not None:
            before.memory.serve(is_wanted)
        if before is not None and known is not None and known[0] is document:
            state = before
        else:
            path = find_path(document.uri)
            client = self.session.client
            settings = Settings(client.allow_imports, client.allow_outside, client.shows_params, client.has_snippets)
            state = make_state(
                document.source, File(path).parent if path else None, self.open_files(), settings, document.line, None, before
            )
            self.states[document.uri] = document, self.list_dependencies(state), state
            if known is not None and known[0] is document:
                # The editor knows of no change.
                self.refresh()
        state.memory.serve(is_wanted)
        state.memory.check()
        return state

    def list_dependencies(self, state: State) -> dict[File, Stamp | int]:
        """What a state rests on besides its text: the files that were to be read, as they are open or lie on the disk."""
        opened = self.open_files()
        return {path: id(opened[path]) if path in opened else stamp(path) for path in state.prepared.texts.asked}

    def open_files(self) -> dict[File, Source]:
        """The open texts that are files."""
        found = {}
        for document in self.session.list_open():
            path = find_path(document.uri)
            if path is not None:
                found[find_same_file(File(path))] = document.source
        return found

    def list_views(self, document: OpenText, job: SessionJob) -> list[View]:
        """A text as each open spec has it: itself, and those that extend it.

        For what is asked of a name everywhere, as specs of the folder have it that are not open too; and after them those that
        may have the name from another file.
        """
        others = [each for each in self.session.list_open() if each is not document]
        states = [(each.uri, state) for each in (document, *others) if (state := self.find_state(each, job)) is not None]
        found = [_make_view(document, state.exact, uri) for uri, state in states]
        if job.method in EVERYWHERE:
            found += [_make_view(document, state, make_uri(state.source.name)) for state in self.list_closed(document, job)]
        views = [each for each in found if each.source is not None]
        if not views and (state := self.find_state(document, job, whatever=True)) is not None:
            views = [View(state, state.source, Uris(state.source, document.uri))]
        return [*views, *(each for each in found if each.source is None)] if job.method in EVERYWHERE else views

    def list_closed(self, document: OpenText, job: SessionJob) -> Iterator[State]:
        """Specs of the folder that are not open, and read a text, or one that it extends."""
        path, opened, client = find_path(document.uri), self.open_files(), self.session.client
        state = self.find_state(document, job, whatever=True)
        if path is None or state is None:
            return
        own = {find_same_file(File(path)), *state.prepared.texts.asked}
        roots = [File(each) for each in client.folders]
        try:
            is_deep = any(is_below(File(path), root) for root in roots)
        except PathError:
            return
        memory = WantedMemory(lambda: self.session.is_wanted(job, document))
        settings, seen = Settings(client.allow_imports, client.allow_outside), set(opened)
        for folder in roots if is_deep else [File(path).parent]:
            for source in find_extending(folder, is_deep, memory.check):
                memory.check()
                file = File(source.name)
                # Links may lead to one file from several places.
                if (same := find_same_file(file)) in seen:
                    continue
                seen.add(same)
                closed = make_state(source, file.parent, opened, settings, None, memory)
                if not own.isdisjoint(closed.prepared.texts.asked):
                    yield closed

    def tell(self, document: OpenText, job: SessionJob) -> None:
        """Tells what is found in a text and in what it extends; and what is found no more."""
        previous = self.states.get(document.uri)
        state = self.find_state(document, job)
        found = make_diagnostics(state.found, Uris(state.source, document.uri)) if state is not None else {document.uri: []}
        if not self.session.is_wanted(job, document):
            raise Overtaken
        before = self.told.get(document.uri, {})
        self.told[document.uri], self.versions[document.uri] = found, document.version
        for uri in {**before, **found}:
            self.publish(uri)
        for other, (_, rests_on, last) in list(self.states.items()):
            # What extends this text is told of anew.
            if (
                other != document.uri
                and rests_on != self.list_dependencies(last)
                and (opened := self.session.find_document(other)) is not None
            ):
                self.session.put(opened)
        # To let go of a state of many layers takes a while, for which nobody waits now.
        del previous

    def refresh(self) -> None:
        """Lets the editor ask again for what it shows of its texts by itself."""
        for method in self.session.client.refreshes:
            self.writer.send({"id": f"refresh-{self.session.take_serial()}", "method": method})

    def publish(self, uri: str) -> None:
        """All that open specs have found in a file."""
        together: list[Json] = []
        for found in self.told.values():
            together += [each for each in found.get(uri, ()) if each not in together]
        # The text that is open may be newer: that one has not been looked at.
        version = {"version": self.versions[uri]} if uri in self.versions else {}
        self.writer.notify("textDocument/publishDiagnostics", {"uri": uri, **version, "diagnostics": together})

    def forget(self, uri: str) -> None:
        """Forgets a text that was closed; what was told of it is told no more."""
        self.states.pop(uri, None)
        self.versions.pop(uri, None)
        self.specs.discard(uri)
        for each in {uri: [], **self.told.pop(uri, {})}:
            self.publish(each)


def find_wrong(method: str, params: Json) -> str | None:
    """What a request lacks that no answer can do without."""
    if method in NEED_POSITION and not is_position(params.get("position")):
        return "a position is a line and a column of 0 or more"
    if method in NEED_RANGE and not is_range(params.get("range")):
        return "a range has a start and an end"
    if method == "rename" and not isinstance(params.get("newName"), str):
        return "a new name is a text"
    context = params.get("context", {})
    if not isinstance(context, dict) or not isinstance(context.get("only") or [], list):
        return "a context is an object"
    return None


def _make_view(document: OpenText, state: State, uri: str) -> View:
    """A text as a spec has it, which may be its own."""
    uris, path = Uris(state.source, uri), find_path(document.uri)
    if uri == document.uri:
        return View(state, state.source, uris)
    sources = state.prepared.texts.sources.values()
    source = next((each for each in sources if path is not None and _are_same(each.name, path)), None)
    return View(state, source if source is not None and source.text == document.text else None, uris)


def _are_same(name: str, path: str) -> bool:
    try:
        return os.path.normpath(name) == os.path.normpath(path) or find_same_file(File(name)) == find_same_file(File(path))
    except PathError:
        return False
