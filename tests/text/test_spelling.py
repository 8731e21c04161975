"""What a misspelt word is taken for, and that one reading takes no lookups from another."""

from __future__ import annotations

from difflib import get_close_matches
from threading import Thread
from typing import Any

import pytest

from cnnlstm_spec.compiler.variants import sweep
from cnnlstm_spec.text.source import Source
from cnnlstm_spec.text.spelling import WORDS, find_nearest, limit_lookups

KNOWN = ("units", "kernel_size", "learning_rate")


def test_what_is_near() -> None:
    assert [find_nearest(word, KNOWN) for word in ("unist", "kernelSize", "lr", "sigmoid")] == [
        "units",
        "kernel_size",
        "learning_rate",
        None,
    ]


@limit_lookups
def look_up(times: int) -> int:
    """How many of so many misspelt words were found."""
    return sum(find_nearest("unist", KNOWN) is not None for _ in range(times))


def test_a_reading_looks_up_so_many_words_and_the_next_as_many() -> None:
    assert look_up(WORDS + 10) == WORDS and look_up(WORDS + 10) == WORDS
    assert find_nearest("unist", KNOWN) == "units", "outside of a reading there is no limit"


@limit_lookups
def look_up_within() -> int:
    return look_up(WORDS + 10) + sum(find_nearest("unist", KNOWN) is not None for _ in range(WORDS + 10))


def test_a_reading_within_another_takes_nothing_from_it() -> None:
    assert look_up_within() == 2 * WORDS


def test_threads_take_nothing_from_each_other() -> None:
    found: list[int] = []
    threads = [Thread(target=lambda: found.append(look_up(WORDS + 10))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [WORDS] * 8


def test_variants_look_up_a_word_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """400 variants of a misspelt layer of a backbone took 10 seconds."""
    looked: list[str] = []

    def looking(word: str, *given: Any, **named: Any) -> list[str]:
        looked.append(word)
        return get_close_matches(word, *given, **named)

    monkeypatch.setattr("difflib.get_close_matches", looking)
    text = (
        "version: 1\nname: x\nmatrix: {seed: [1, 2, 3, 4, 5, 6, 7, 8]}\nhead: []\nbranches:\n"
        "  a: {input: {kind: image, shape: [96, 96, 3]}, layers: [{MobileNetV2: {weights: null, include_top: false, "
        "train_from: block_13_expnd}}]}\n"
    )
    assert not any(compilation.ok for _, compilation in sweep(Source("spec.yaml", text)).find_all())
    assert len(looked) == len(set(looked))
