"""What becomes of a seed whose process dies. Imports no Keras."""

from __future__ import annotations

import os
from typing import Any

from fuzz.pool import run
from fuzz.report import Report


def _dying(connection: Any, seeds: list[int], small: bool) -> None:
    """Dies of seed 1 while Keras refuses it, of seed 2 once it has, of seed 4 with oneDNN, and of no other."""
    for seed in seeds:
        if seed == 4 and os.environ.get("TF_ENABLE_ONEDNN_OPTS") != "0":
            os.abort()
        if seed in (1, 2):
            connection.send(True)
        if seed == 2:
            connection.send(False)
        if seed in (1, 2):
            os.abort()
        connection.send(Report(seed))


def test_keras_may_die_of_what_is_refused() -> None:
    found = {report.seed: report for report in run([0, 1, 2, 3, 4, 5], 1, False, _dying)}
    assert [kind for kind, _, _ in found[2].found] == ["died"]
    assert sorted(found) == [0, 1, 2, 3, 4, 5] and not any(found[seed].found for seed in (0, 1, 3, 4, 5))
    assert found[1].counts == {"refused, and Keras dies": 1}
    assert found[4].counts == {"accepted, and oneDNN dies": 1} and not found[5].counts
