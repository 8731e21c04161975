"""Options of the test run."""

from __future__ import annotations

import gc

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the expected output of tests/specs/err anew")


def pytest_collection_finish() -> None:
    """What has been imported stays: collections, of which Keras asks for many, need not look through it."""
    gc.freeze()
