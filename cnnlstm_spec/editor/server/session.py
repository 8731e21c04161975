"""What the threads of the server share: open texts, settings, and the jobs that wait. Imports `documents` and `wire`.

The loop changes texts and adds jobs; the worker takes jobs. A job is wanted as long as the text that it is about is the same.
"""

from __future__ import annotations

import threading
import time
from dataclasses import field, replace

from ...text.frozen import dataclass
from .documents import OpenText
from .wire import Json

DEBOUNCE = 0.1
"""Seconds without a change before findings are told."""
MOST = 2000
"""So many requests wait; more are refused."""


@dataclass(frozen=True, eq=False)
class SessionJob:
    """A request to answer, or, without an id, findings to tell."""

    method: str
    params: Json = field(default_factory=dict)
    id: int | str | None = None
    uri: str | None = None
    serial: int | None = None
    """Of the text when it was asked."""
    due: float = 0.0


@dataclass(frozen=True)
class Client:
    """What the editor can do, and what a person has set there."""

    allow_imports: bool = False
    allow_outside: bool = False
    shows_params: bool = False
    has_snippets: bool = False
    refreshes: tuple[str, ...] = ()
    """The requests by which it takes to be told that what it shows of its texts has become another."""
    watches_files: bool = False
    folders: tuple[str, ...] = ()
    """The paths of the folders that are open: specs are looked for there that have a name too."""


class Session:
    """The shared state; every method may be called from any thread."""

    def __init__(self) -> None:
        self.lock = threading.Condition()
        self.documents: dict[str, OpenText] = {}
        self.client = Client()
        self.is_over = False
        self._jobs: list[SessionJob] = []
        self._current: SessionJob | None = None
        self._cancelled: set[SessionJob] = set()
        """Those that wait, or are done now, for which nobody waits any more."""
        self._serial = 0

    def note_client(self, client: Client) -> None:
        """What the editor can do, and what a person has set in it."""
        self.client = client

    def take_serial(self) -> int:
        """A number that no text has had."""
        with self.lock:
            self._serial += 1
            return self._serial

    def put(self, document: OpenText, delay: float = DEBOUNCE) -> None:
        """Opens or changes a text; its findings are told after a while without changes."""
        with self.lock:
            self.documents[document.uri] = document
            self._tell(document.uri, delay)

    def close(self, uri: str) -> None:
        """Forgets a text."""
        with self.lock:
            if self.documents.pop(uri, None) is not None:
                self._jobs = [job for job in self._jobs if job.uri != uri or job.id is not None]
                self._jobs.append(SessionJob("closed", uri=uri))
                for other in self.documents:
                    self._tell(other, DEBOUNCE)
                self.lock.notify()

    def tell_all(self, delay: float = DEBOUNCE) -> None:
        """Findings of every open text, once more: a file on the disk has changed."""
        with self.lock:
            for uri in list(self.documents):
                self._tell(uri, delay)

    def _tell(self, uri: str, delay: float) -> None:
        self._jobs = [job for job in self._jobs if not (job.method == "findings" and job.uri == uri)]
        self._jobs.append(SessionJob("findings", uri=uri, due=time.monotonic() + delay))
        self.lock.notify()

    def ask(self, job: SessionJob) -> bool:
        """Adds a request; whether there is room for it."""
        with self.lock:
            if len(self._jobs) >= MOST:
                return False
            document = self.documents.get(job.uri) if job.uri is not None else None
            self._jobs.append(replace(job, serial=document.serial if document is not None else None))
            self.lock.notify()
            return True

    def cancel(self, id: object) -> None:
        """Nobody waits for a request any more."""
        with self.lock:
            known = [*self._jobs, *([self._current] if self._current is not None else [])]
            self._cancelled.update(job for job in known if job.id == id and job.id is not None)

    def take(self) -> SessionJob | None:
        """The next job, requests first, once it is due; None when all is over."""
        with self.lock:
            if self._current is not None:
                self._cancelled.discard(self._current)
            self._current = None
            while True:
                if self.is_over:
                    return None
                now = time.monotonic()
                ready = [job for job in self._jobs if job.due <= now]
                if ready:
                    job = min(ready, key=lambda each: each.due)
                    self._jobs.remove(job)
                    self._current = job
                    return job
                wait = min((job.due for job in self._jobs), default=None)
                self.lock.wait(None if wait is None else max(0.0, wait - now))

    def is_cancelled(self, job: SessionJob) -> bool:
        """Whether nobody waits for a job any more that waits, or is done now."""
        return job in self._cancelled

    def is_wanted(self, job: SessionJob, document: OpenText | None) -> bool:
        """Whether the text that a job is about is the same, and somebody waits for it."""
        if self.is_cancelled(job) or self.is_over:
            return False
        return document is None or self.documents.get(document.uri) is document

    def find_document(self, uri: str | None) -> OpenText | None:
        """The open text of a URI."""
        with self.lock:
            return self.documents.get(uri) if uri is not None else None

    def list_open(self) -> list[OpenText]:
        """All open texts."""
        with self.lock:
            return list(self.documents.values())

    def end(self) -> None:
        """Lets the worker end."""
        with self.lock:
            self.is_over = True
            self.lock.notify_all()
