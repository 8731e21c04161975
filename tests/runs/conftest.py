"""Tests of reading need the libraries of the extra `data`, which the environment without TensorFlow has not."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("polars") else ["reading/*"]
