"""What docs/serving.md shows: a model of two branches, one of variable length, loaded by foreign runtimes from the page's own lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import Reader, blocks

PAGE = "docs/serving.md"
OURS = "cnnlstm-spec "


@pytest.mark.keras
@pytest.mark.whole
@pytest.mark.filterwarnings("ignore")
def test_the_lines_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path, keras=True)
    for block in blocks(PAGE):
        if block.language in ("yaml", "python") or block.text.startswith(OURS):
            reader.do(block)
    assert {block.language for block in reader.done} == {"yaml", "sh", "python"}
    keras = __import__("keras")
    model = keras.models.load_model(tmp_path / "clips" / "model.keras")
    wanted = model.predict({name: reader.names[name] for name in ("picture", "series")}, verbose=0)
    for head in ("fault", "wear"):
        assert abs(wanted[head] - reader.names[head]).max() < 1e-5


def test_every_block_of_the_page_is_of_a_known_language() -> None:
    assert {block.language for block in blocks(PAGE)} == {"yaml", "sh", "python", "cpp"}
