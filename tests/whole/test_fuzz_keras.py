"""Whole random specs: against Keras, and with one mistake planted into each. `make fuzz N=...` does many more of both."""

from __future__ import annotations

from pathlib import Path
from random import Random
from zlib import crc32

import pytest
import yaml
from places import TESTS

from fuzz.generate import generate
from fuzz.layers import load
from fuzz.outside import outside
from fuzz.plant import complaint, plant

SPECS = 240
EACH = 8
FEW = 4
"""So many specs in a test, so that tests can be spread over processes; of those that Keras builds, few."""
SAVED = sorted((TESTS / "specs" / "fuzz").glob("*.yaml"))
"""Specs on which the compiler and Keras once differed."""


@pytest.mark.sampled(every=4)
@pytest.mark.parametrize("first", range(0, 120, EACH))
def test_one_mistake_is_one_error_on_its_line(first: int) -> None:
    """Those that name files and modules need Keras to write or import them."""
    for seed in range(first, first + EACH):
        spec, rng = generate(seed), Random(seed)
        if spec == outside(seed):
            continue
        for planted in [plant(spec, rng) for _ in range(3)] if load(spec).ok else []:
            assert planted is None or complaint(planted) is None


def test_a_spec_depends_on_its_seed_alone(whole: bool) -> None:
    seeds = range(60 if whole else 12)
    assert [generate(seed) for seed in seeds] == [generate(seed) for seed in reversed(seeds)][::-1]


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=60)
@pytest.mark.parametrize("first", range(0, SPECS, FEW))
def test_agrees_with_keras(first: int) -> None:
    """All of these seeds, and more, are in `make proof`."""
    from fuzz.judge import judge

    for seed in range(first, first + FEW):
        outcome = judge(generate(seed), seed)
        assert outcome.disagreement is None, (seed, outcome)


@pytest.mark.keras
@pytest.mark.filterwarnings("ignore")
@pytest.mark.sampled(every=3, long=1)
@pytest.mark.parametrize("path", SAVED, ids=lambda path: path.stem)
def test_agrees_now(path: Path, whole: bool) -> None:
    """With `--whole` each runs in a compiled graph and is saved and loaded; else as many as of the seeds above."""
    from fuzz.judge import judge

    outcome = judge(yaml.safe_load(path.read_text("utf-8")), 0 if whole else crc32(path.stem.encode()))
    assert outcome.disagreement is None, outcome
