"""Options of the test run, and what tests of whole networks share."""

from __future__ import annotations

import gc
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from elsewhere import Elsewhere, start_elsewhere
from told import note_tests

if find_spec("hypothesis"):
    # Where it is not installed no test draws. How fast a machine is while other work runs on it says nothing of what is tested.
    from hypothesis import HealthCheck, settings

    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the expected output of tests/specs/err anew")
    parser.addoption("--whole", action="store_true", help="every test of a proof that repeats itself, not its sample alone")
    parser.addoption(
        "--long", action="store_true", help="a sample of the tests that a run without options leaves out, and no others"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without `--whole`, leaves of each test marked `sampled` its sample, the same in each run, and of those marked `whole` none.

    With `--long` it leaves of what that leaves out one in as many as the mark says: `whole(every=9)`, or all, and none where that is
    0; `sampled(..., long=9)`, or none.
    """
    note_tests(config, items)
    if config.getoption("--whole"):
        return
    left_out: set[pytest.Item] = set()
    long: set[pytest.Item] = set()
    for mark, proof in find_proofs(items, "sampled"):
        shown = sample(mark, proof)
        rest = [each for each in proof if each not in shown]
        left_out.update(rest)
        long.update(rest[:: mark.kwargs["long"]] if "long" in mark.kwargs else ())
    for mark, proof in find_proofs(items, "whole"):
        left_out.update(proof)
        every = mark.kwargs.get("every", 1)
        long.update(proof[::every] if every else ())
    kept = long if config.getoption("--long") else set(items) - left_out
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def find_proofs(items: list[pytest.Item], name: str) -> list[tuple[pytest.Mark, list[pytest.Function]]]:
    """The tests that have a mark, those of one function with equal marks together."""
    found: dict[tuple[str, str], list[tuple[pytest.Mark, pytest.Function]]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and (mark := item.get_closest_marker(name)) is not None:
            found[item.nodeid.partition("[")[0], str(mark)].append((mark, item))
    return [(pairs[0][0], [item for _, item in pairs]) for pairs in found.values()]


def sample(mark: pytest.Mark, proof: list[pytest.Function]) -> list[pytest.Function]:
    """Of one test's parameters, every so manieth, or as many as show each value of those that its mark names.

    `sampled(every=4)` is a quarter of them. `sampled("layer", "policy")` has each layer and each policy at least once,
    and which layer meets which policy is drawn by the names of the tests.
    """
    assert bool(mark.args) != ("every" in mark.kwargs), "the mark names parameters, or `every`"
    if not mark.args:
        return proof[:: mark.kwargs["every"]]
    drawn = sorted(proof, key=lambda item: crc32(item.name.encode()))
    shown = {item: {(name, str(item.callspec.params[name])) for name in mark.args} for item in drawn}
    kept: dict[pytest.Function, None] = {}
    seen: set[tuple[str, str]] = set()
    # First those that show most values not seen yet, so that few show them all.
    for new in range(len(mark.args), 0, -1):
        for item in drawn:
            if len(shown[item] - seen) >= new:
                kept[item] = None
                seen |= shown[item]
    return list(kept)


KERAS = re.compile(r"\bmark\.keras\b|marks=.*keras")
NOTHING_ELSE = re.compile(r"^pytestmark = .*\bmark\.keras\b", re.M)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Files without a test that is asked for, of those that need Keras or of the others: to collect them takes longer than to read them.

    And what needs Keras may import what is not there without it.
    """
    asked = config.option.markexpr
    if asked not in ("keras", "not keras") or not collection_path.name.startswith("test_"):
        return None
    text = collection_path.read_text("utf-8")
    left_out = KERAS.search(text) is None if asked == "keras" else NOTHING_ELSE.search(text) is not None
    return True if left_out else None


def pytest_collection_finish() -> None:
    """What has been imported stays: collections, of which Keras asks for many, need not look through it."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the test run's own, in place of the user's."""
    before = os.environ.get("CNNLSTM_SPEC_CACHE")
    os.environ["CNNLSTM_SPEC_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("CNNLSTM_SPEC_CACHE")
    if before is not None:
        os.environ["CNNLSTM_SPEC_CACHE"] = before


@pytest.fixture(scope="session")
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether all of a proof is asked for that repeats itself within one test."""
    return bool(pytestconfig.getoption("--whole"))


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Elsewhere]:
    """A process without the package, in which saved models are loaded."""
    with start_elsewhere() as process:
        yield process


@pytest.fixture(scope="module", autouse=True)
def settled() -> Iterator[None]:
    """What a module leaves is looked through once, not by each collection after it, which would take longer and longer."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def fresh() -> Any:
    """Keras, as if nothing had been built."""
    import keras

    keras.utils.clear_session(free_memory=False)
    yield keras
    keras.utils.clear_session(free_memory=False)
