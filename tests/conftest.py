"""Options of the test run, and what tests of whole networks share."""

from __future__ import annotations

import gc
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the expected output of tests/specs/err anew")


def pytest_collection_finish() -> None:
    """What has been imported stays: collections, of which Keras asks for many, need not look through it."""
    gc.freeze()


@pytest.fixture
def fresh() -> Any:
    """Keras, as if nothing had been built."""
    import keras

    keras.utils.clear_session()
    yield keras
    keras.utils.clear_session()
